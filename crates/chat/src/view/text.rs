//! Items as text.

use std::collections::HashSet;

use chatkit_protocol::{
    AssistantMessageContent, Attachment, AttachmentKind, Source, StructuredInput,
    StructuredInputAnswer, Task, ThreadItem, UserMessageItem, Workflow, WorkflowSummary,
};

use crate::clean::one_line;

/// How much of a thought or of arguments is shown, in characters.
const MAX_LINE: usize = 160;
/// An address that is longer holds the thing itself.
const MAX_URL: usize = 2000;

/// What the user wrote.
pub(super) fn user(message: &UserMessageItem) -> String {
    let mut text = String::new();
    if let Some(quoted) = message.quoted_text.as_deref().filter(|quoted| !quoted.is_empty()) {
        text = format!("“{}” ", one_line(quoted, MAX_LINE));
    }
    text.push_str(&message.text());
    for attachment in &message.attachments {
        text.push('\n');
        text.push_str(&attached(attachment));
    }
    text
}

/// An item that is neither a message nor a widget, if there is anything to see.
pub(super) fn item(item: &ThreadItem, is_history: bool) -> Option<String> {
    match item {
        ThreadItem::ClientToolCall(call) => {
            let arguments = serde_json::to_string(&call.arguments).unwrap_or_default();
            let mut text = format!("· tool of the page: {} {arguments}", call.name);
            if let Some(output) = &call.output {
                text.push_str(&format!(" → {output}"));
            }
            Some(one_line(&text, MAX_LINE))
        }
        ThreadItem::GeneratedImage(item) => Some(item.image.as_ref().map_or_else(
            || "image: none came".to_owned(),
            |image| format!("image: {}", address(&image.url)),
        )),
        // The questions are asked one by one.
        ThreadItem::StructuredInput(_) if item.is_pending() && !is_history => None,
        ThreadItem::StructuredInput(form) => {
            Some(form.inputs.iter().map(answered).collect::<Vec<_>>().join("\n"))
        }
        ThreadItem::Workflow(item) => Some(workflow(&item.workflow)),
        ThreadItem::Task(item) => Some(format!("· {}", task(&item.task))),
        _ => None,
    }
}

/// What a workflow is about at the moment.
pub(super) fn workflow_now(workflow: &Workflow) -> String {
    workflow.tasks.last().map_or_else(|| "thinking".to_owned(), task_now)
}

/// What a task is about at the moment: of a growing thought its last line.
pub(super) fn task_now(task: &Task) -> String {
    match task {
        Task::Thought(thought) => {
            let last = thought.content.trim().lines().last().unwrap_or_default();
            match &thought.title {
                Some(title) if last.is_empty() => title.clone(),
                Some(title) => format!("{title}: {last}"),
                None => format!("thinking: {last}"),
            }
        }
        task => self::task(task),
    }
}

/// The sources of a message, a line for each.
pub(super) fn sources(content: &[AssistantMessageContent]) -> Vec<String> {
    let mut known: HashSet<String> = HashSet::new();
    let mut lines: Vec<String> = Vec::new();
    for annotation in content.iter().flat_map(|content| &content.annotations) {
        let text = match &annotation.source {
            Source::Url(source) => format!("{} {}", source.title, address(&source.url)),
            Source::File(source) if source.title == source.filename => source.title.clone(),
            Source::File(source) => format!("{} ({})", source.title, source.filename),
            Source::Entity(source) => format!("{} ({})", source.title, source.id),
        };
        let text = one_line(&text, MAX_URL);
        if !known.contains(&text) {
            lines.push(format!("[{}] {text}", lines.len() + 1));
            known.insert(text);
        }
    }
    lines
}

/// An address, without the thing itself if that stands in it.
pub(super) fn address(url: &str) -> String {
    if let Some(data) = url.strip_prefix("data:") {
        let kind = data.split([';', ',']).next().unwrap_or_default();
        return format!("data:{} ({} KiB)", one_line(kind, MAX_LINE), url.len().div_ceil(1024));
    }
    one_line(url, MAX_URL)
}

fn attached(attachment: &Attachment) -> String {
    let name = &attachment.name;
    match &attachment.kind {
        AttachmentKind::Image { preview_url } => {
            format!("[{name} ({}): {}]", attachment.mime_type, address(preview_url))
        }
        AttachmentKind::File => format!("[{name} ({})]", attachment.mime_type),
    }
}

fn workflow(workflow: &Workflow) -> String {
    let summary = match &workflow.summary {
        Some(WorkflowSummary::Custom(summary)) => Some(summary.title.clone()),
        Some(WorkflowSummary::Duration(summary)) => Some(format!("done in {} s", summary.duration)),
        None => None,
    };
    let tasks = workflow.tasks.iter().map(|one| format!("· {}", task(one)));
    let summary = summary.map(|summary| format!("· {summary}"));
    tasks.chain(summary).collect::<Vec<_>>().join("\n")
}

/// A task in one line.
fn task(task: &Task) -> String {
    let text = match task {
        Task::Custom(task) => {
            let parts = [task.title.as_deref(), task.content.as_deref()];
            parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
        }
        Task::Search(task) => {
            let title = task.title.as_deref().unwrap_or("searched the web:");
            let query = task.title_query.clone().unwrap_or_else(|| task.queries.join(", "));
            let mut text = format!("{title} {query}");
            for source in &task.sources {
                text.push_str(&format!(" <{}>", address(&source.url)));
            }
            text
        }
        Task::Thought(task) => match &task.title {
            Some(title) => format!("{title}: {}", task.content),
            None => format!("thought: {}", task.content),
        },
        Task::File(task) => {
            let names = task.sources.iter().map(|source| source.filename.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            format!("{} {names}", task.title.as_deref().unwrap_or("files:"))
        }
        Task::Image(task) => task.title.clone().unwrap_or_else(|| "an image".to_owned()),
    };
    one_line(&text, MAX_LINE)
}

fn answered(input: &StructuredInput) -> String {
    let question = match input {
        StructuredInput::MultipleChoice(input) => &input.question,
        StructuredInput::Freeform(input) => &input.question,
    };
    let answer = match input.answer() {
        None => "not answered".to_owned(),
        Some(StructuredInputAnswer { skipped: true, .. }) => "skipped".to_owned(),
        Some(answer) => answer.values.join(", "),
    };
    format!("· {question} {answer}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(value: &serde_json::Value) -> Option<String> {
        let mut whole = json!({"id": "i", "thread_id": "t", "created_at": "2026-01-01T00:00:00Z"});
        whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        item(&serde_json::from_value(whole).unwrap(), false)
    }

    #[test]
    fn items_are_short_lines() {
        for (value, text) in [
            (
                json!({"type": "client_tool_call", "call_id": "c", "name": "look",
                    "arguments": {"at": "map"}}),
                Some("· tool of the page: look {\"at\":\"map\"}"),
            ),
            (
                json!({"type": "client_tool_call", "call_id": "c", "name": "look",
                    "arguments": {}, "status": "completed", "output": [1]}),
                Some("· tool of the page: look {} → [1]"),
            ),
            (
                json!({"type": "generated_image", "image": {"id": "a", "url": "https://x/y.png"}}),
                Some("image: https://x/y.png"),
            ),
            (
                json!({"type": "generated_image",
                    "image": {"id": "a", "url": "data:image/png;base64,AAAA"}}),
                Some("image: data:image/png (1 KiB)"),
            ),
            (
                json!({"type": "workflow", "workflow": {"type": "reasoning", "tasks": [
                    {"type": "thought", "title": "Plan", "content": "first\nthen"},
                    {"type": "web_search", "title_query": "rust", "sources": [
                        {"type": "url", "title": "Rust", "url": "https://rust-lang.org"}]},
                    {"type": "custom", "title": "Read", "content": "it"},
                    {"type": "file", "sources": [
                        {"type": "file", "title": "A", "filename": "a.txt"}]},
                    {"type": "image", "title": "Drew"}], "summary": {"duration": 3}}}),
                Some(
                    "· Plan: first then\n· searched the web: rust <https://rust-lang.org>\n\
                     · Read: it\n· files: a.txt\n· Drew\n· done in 3 s",
                ),
            ),
            (
                json!({"type": "structured_input", "status": "answered", "inputs": [
                    {"type": "freeform", "id": "a", "question": "Why?",
                        "answer": {"values": ["so"]}},
                    {"type": "freeform", "id": "b", "question": "How?",
                        "answer": {"skipped": true}}]}),
                Some("· Why? so\n· How? skipped"),
            ),
            (json!({"type": "structured_input", "inputs": []}), None),
            (json!({"type": "end_of_turn"}), None),
        ] {
            assert_eq!(shown(&value).as_deref(), text);
        }
    }

    #[test]
    fn each_source_is_listed_once() {
        let content: AssistantMessageContent = serde_json::from_value(json!({
            "type": "output_text", "text": "x", "annotations": [
                {"type": "annotation", "source": {"type": "url", "title": "A", "url": "https://a"}},
                {"type": "annotation", "source": {"type": "url", "title": "A", "url": "https://a"}},
                {"type": "annotation", "source":
                    {"type": "file", "title": "b.txt", "filename": "b.txt"}},
                {"type": "annotation", "source": {"type": "entity", "title": "C", "id": "c1"}}]}))
        .unwrap();
        assert_eq!(sources(&[content]), ["[1] A https://a", "[2] b.txt", "[3] C (c1)"]);
    }
}
