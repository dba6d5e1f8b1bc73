//! Tools on the provider's side as tasks of a workflow.

use chatkit_server::protocol::{
    CustomTask, FileSource, FileTask, Icon, SearchTask, StatusIndicator, Task, UrlSource,
};
use serde_json::Value;

use crate::model::HostedCall;

/// Sources shown of one call.
const MOST_SOURCES: usize = 32;

/// The longest code shown, in bytes.
pub(super) const MOST_CODE: usize = 16 * 1024;

/// A call of a tool on the provider's side, as a user may see it; nothing for those that show
/// themselves (images) or mean nothing to a user.
pub(super) fn task(call: &HostedCall, status: StatusIndicator) -> Option<Task> {
    let failed = matches!(text(&call.raw, "status"), Some("failed" | "incomplete"));
    match call.kind.as_str() {
        "web_search_call" => Some(web_search(call, status, failed)),
        "file_search_call" => Some(file_search(call, status, failed)),
        "code_interpreter_call" => {
            let code = text(&call.raw, "code").unwrap_or_default();
            Some(code_interpreter(code, status, failed))
        }
        "mcp_call" => Some(mcp(call, status, failed)),
        _ => None,
    }
}

/// Code that the provider's interpreter runs.
pub(super) fn code_interpreter(code: &str, status: StatusIndicator, failed: bool) -> Task {
    let mut end = code.len().min(MOST_CODE);
    while !code.is_char_boundary(end) {
        end -= 1;
    }
    let shown = &code[..end];
    let fence = fence(shown);
    Task::Custom(CustomTask {
        status_indicator: status,
        title: Some(title(status, failed, ["Running code", "Ran code", "The code failed"])),
        icon: Some(Icon::SQUARE_CODE),
        content: (!shown.is_empty()).then(|| format!("{fence}python\n{shown}\n{fence}")),
    })
}

fn web_search(call: &HostedCall, status: StatusIndicator, failed: bool) -> Task {
    let action = call.raw.get("action").and_then(Value::as_object);
    let field = |name| action.and_then(|action| text(action, name)).map(str::to_owned);
    let query = field("query").filter(|query| !query.is_empty());
    let mut queries: Vec<String> = action
        .and_then(|action| action.get("queries"))
        .and_then(Value::as_array)
        .map(|queries| queries.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    if queries.is_empty() {
        queries.extend(query.clone());
    }
    let listed = action.and_then(|action| action.get("sources")).and_then(Value::as_array);
    let opened = field("url").filter(|url| !url.is_empty());
    let urls = listed.into_iter().flatten().filter_map(|source| source.get("url")?.as_str());
    let sources: Vec<_> =
        urls.chain(opened.as_deref()).take(MOST_SOURCES).map(url_source).collect();
    let titles = match field("type").as_deref() {
        Some("open_page") => ["Opening a page", "Opened a page", "A page could not be opened"],
        Some("find" | "find_in_page") => {
            ["Searching a page", "Searched a page", "A page could not be searched"]
        }
        _ => ["Searching the web", "Searched the web", "The web search failed"],
    };
    Task::Search(SearchTask {
        status_indicator: status,
        title: Some(title(status, failed, titles)),
        title_query: query.or_else(|| queries.first().cloned()),
        queries,
        sources,
    })
}

fn url_source(url: &str) -> UrlSource {
    UrlSource { title: url.to_owned(), url: url.to_owned(), ..UrlSource::default() }
}

fn file_search(call: &HostedCall, status: StatusIndicator, failed: bool) -> Task {
    let results = call.raw.get("results").and_then(Value::as_array);
    let mut names: Vec<&str> = Vec::new();
    for name in results.into_iter().flatten().filter_map(|result| result.get("filename")?.as_str())
    {
        if names.len() < MOST_SOURCES && !names.contains(&name) {
            names.push(name);
        }
    }
    let source = |name: &str| FileSource {
        title: name.to_owned(),
        filename: name.to_owned(),
        ..FileSource::default()
    };
    Task::File(FileTask {
        status_indicator: status,
        title: Some(title(
            status,
            failed,
            ["Searching files", "Searched files", "The file search failed"],
        )),
        sources: names.into_iter().map(source).collect(),
    })
}

fn mcp(call: &HostedCall, status: StatusIndicator, failed: bool) -> Task {
    let failed = failed || call.raw.get("error").is_some_and(|error| !error.is_null());
    let name = text(&call.raw, "name").unwrap_or("a tool");
    let what = match (failed, status) {
        (true, _) => format!("{name} failed"),
        (false, StatusIndicator::Complete) => format!("Called {name}"),
        (false, _) => format!("Calling {name}"),
    };
    Task::Custom(CustomTask {
        status_indicator: status,
        title: Some(what),
        icon: Some(Icon::BOLT),
        content: None,
    })
}

fn title(status: StatusIndicator, failed: bool, [doing, done, fails]: [&str; 3]) -> String {
    let title = match status {
        _ if failed => fails,
        StatusIndicator::Complete => done,
        StatusIndicator::None | StatusIndicator::Loading => doing,
    };
    title.to_owned()
}

/// Longer than any fence in the code.
fn fence(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

fn text<'a>(object: &'a serde_json::Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(kind: &str, raw: Value) -> HostedCall {
        let Value::Object(raw) = raw else { unreachable!("the tests give objects") };
        HostedCall { kind: kind.to_owned(), id: None, raw }
    }

    #[test]
    fn a_web_search_shows_its_query_and_sources() {
        let raw = json!({"action": {"type": "search", "query": "fjords", "sources":
            [{"type": "url", "url": "https://a.example"}, {"type": "api"}]}});
        let task = task(&call("web_search_call", raw), StatusIndicator::Complete);
        let Some(Task::Search(task)) = task else { panic!("{task:?}") };
        assert_eq!(task.title.as_deref(), Some("Searched the web"));
        assert_eq!(task.title_query.as_deref(), Some("fjords"));
        assert_eq!(task.queries, ["fjords"]);
        assert_eq!(task.sources, [url_source("https://a.example")]);
    }

    #[test]
    fn a_failure_is_said() {
        let raw = json!({"status": "failed"});
        let task = task(&call("file_search_call", raw), StatusIndicator::Complete);
        let Some(Task::File(task)) = task else { panic!("{task:?}") };
        assert_eq!(task.title.as_deref(), Some("The file search failed"));
    }

    #[test]
    fn code_cannot_leave_its_fence() {
        let Task::Custom(task) = code_interpreter("print('```')", StatusIndicator::Loading, false)
        else {
            panic!("code is a custom task")
        };
        assert_eq!(task.content.as_deref(), Some("````python\nprint('```')\n````"));
    }

    #[test]
    fn long_code_is_cut_between_characters() {
        let Task::Custom(task) =
            code_interpreter(&"é".repeat(MOST_CODE), StatusIndicator::Loading, false)
        else {
            panic!("code is a custom task")
        };
        assert!(task.content.is_some_and(|content| content.len() < MOST_CODE + 32));
    }

    #[test]
    fn what_means_nothing_to_users_is_not_shown() {
        for kind in ["image_generation_call", "mcp_list_tools", "brand_new_call"] {
            assert_eq!(task(&call(kind, json!({})), StatusIndicator::Loading), None, "{kind}");
        }
    }
}
