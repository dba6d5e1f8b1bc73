//! What a provider says when it refuses a request.

use serde_json::Value;

/// The provider's words and its code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What it says, as it is: to be [cleaned](super::Transport::clean) before anybody sees it.
    pub(crate) message: String,
    /// Its code, for example `insufficient_quota`.
    pub(crate) code: Option<String>,
}

impl Refusal {
    /// The error in a JSON document, if there is one: `{"error": …}` in any of the shapes that
    /// providers and proxies use, or an object that is an error itself.
    pub(crate) fn from_json(document: &Value) -> Option<Self> {
        match document {
            Value::Array(documents) => Self::from_json_object(documents.first()?),
            document => Self::from_json_object(document),
        }
    }

    fn from_json_object(document: &Value) -> Option<Self> {
        let document = document.as_object()?;
        match document.get("error") {
            Some(Value::String(message)) => {
                let code = document.get("code").and_then(code);
                return Some(Self { message: message.clone(), code });
            }
            Some(error @ Value::Object(fields)) => {
                return Some(Self {
                    message: message(error).unwrap_or_else(|| error.to_string()),
                    code: fields
                        .get("code")
                        .and_then(Value::as_str)
                        .map(str::to_owned)
                        .or_else(|| fields.get("type").and_then(code))
                        .or_else(|| fields.get("status").and_then(code))
                        .or_else(|| fields.get("code").and_then(code)),
                });
            }
            _ => {}
        }
        let message = message(&Value::Object(document.clone()))?;
        Some(Self { message, code: document.get("code").and_then(code) })
    }

    /// What the body of a refusal says.
    pub(super) fn from_body(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        if let Some(page) = html_page(text) {
            return Self { message: page, code: None };
        }
        let refusal =
            serde_json::from_str(text).ok().and_then(|document| Self::from_json(&document));
        let mut refusal = refusal.unwrap_or_else(|| Self { message: text.to_owned(), code: None });
        if let Some(page) = html_page(&refusal.message) {
            refusal.message = page;
        }
        refusal
    }
}

/// The message of an object that is an error.
fn message(error: &Value) -> Option<String> {
    ["message", "detail", "error_description", "msg", "error"].iter().find_map(|name| {
        match error.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Array(list) => message(list.first()?),
            nested @ Value::Object(_) => message(nested),
            _ => None,
        }
    })
}

fn code(value: &Value) -> Option<String> {
    match value {
        Value::String(code) if !code.is_empty() => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    }
}

/// What is said of a page, which is for nobody to read here: that it is one, and its title.
pub(super) fn html_page(text: &str) -> Option<String> {
    if !text.trim_start().starts_with('<') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|tag| {
        let start = tag + lower.get(tag..)?.find('>')? + 1;
        let end = start + lower.get(start..)?.find('<')?;
        let title = text.get(start..end)?.trim();
        (!title.is_empty()).then_some(title)
    });
    Some(match title {
        Some(title) => format!("an HTML page: {title}"),
        None => "an HTML page".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    fn read(body: &str) -> (String, Option<String>) {
        let refusal = Refusal::from_body(body.as_bytes());
        (refusal.message, refusal.code)
    }

    fn said(message: &str, code: Option<&str>) -> (String, Option<String>) {
        (message.to_owned(), code.map(str::to_owned))
    }

    #[test]
    fn the_shapes_that_providers_use() {
        for (body, message, code) in [
            (r#"{"error":{"message":"m","type":"t","code":"c"}}"#, "m", Some("c")),
            (
                r#"{"error":{"message":"m","type":"insufficient_quota","code":null}}"#,
                "m",
                Some("insufficient_quota"),
            ),
            (
                r#"[{"error":{"message":"m","code":429,"status":"RESOURCE_EXHAUSTED"}}]"#,
                "m",
                Some("RESOURCE_EXHAUSTED"),
            ),
            (r#"{"error":"no such model"}"#, "no such model", None),
            (r#"{"message":"m","code":40}"#, "m", Some("40")),
            (r#"{"detail":"Not Found"}"#, "Not Found", None),
            (r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#, "field required", None),
            (r#"{"error":{"why":1}}"#, r#"{"why":1}"#, None),
            (r#"{"other":1}"#, r#"{"other":1}"#, None),
            ("  upstream is away\n", "upstream is away", None),
            ("{broken", "{broken", None),
            ("", "", None),
        ] {
            assert_eq!(read(body), said(message, code), "{body}");
        }
    }

    #[test]
    fn a_page_is_not_shown() {
        assert_eq!(
            read("<!DOCTYPE html><html><head><TITLE lang=en> 502 Bad Gateway </TITLE></head>"),
            said("an HTML page: 502 Bad Gateway", None)
        );
        assert_eq!(read("<html><body>hi"), said("an HTML page", None));
        assert_eq!(
            read(r#"{"error":{"message":"<html><title>x</title>"}}"#),
            said("an HTML page: x", None)
        );
        assert_eq!(read("<title"), said("an HTML page", None));
    }
}
