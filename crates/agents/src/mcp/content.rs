//! What a server's tool returns, as text for the model.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};

use crate::{ToolError, ToolOutput};

/// The texts of the result, one below the other, with notes in place of what is no text. If there
/// is no text, the structured content as JSON.
///
/// # Errors
///
/// When the server says that the tool has failed.
pub(super) fn into_output(result: CallToolResult) -> Result<ToolOutput, ToolError> {
    let mut has_text = false;
    let mut text = String::new();
    for block in result.content {
        let part = match block {
            ContentBlock::Text(content) => {
                has_text = true;
                content.text
            }
            ContentBlock::Resource(content) => match content.resource {
                ResourceContents::TextResourceContents { text, .. } => {
                    has_text = true;
                    text
                }
                ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
                    note("resource", mime_type.as_deref(), &format!("{}, {uri}", size(&blob)))
                }
                _ => note("resource", None, "of an unknown kind"),
            },
            ContentBlock::Image(content) => {
                note("image", Some(&content.mime_type), &size(&content.data))
            }
            ContentBlock::Audio(content) => {
                note("audio", Some(&content.mime_type), &size(&content.data))
            }
            ContentBlock::ResourceLink(link) => {
                note("resource", link.mime_type.as_deref(), &format!("{}, {}", link.name, link.uri))
            }
            _ => note("content", None, "of an unknown kind"),
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&part);
    }
    if let Some(structured) = result.structured_content.filter(|_| !has_text) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&structured.to_string());
    }
    if result.is_error == Some(true) {
        let text =
            if text.is_empty() { "the tool failed without a reason".to_owned() } else { text };
        return Err(ToolError::new(ToolFailed(text)));
    }
    Ok(ToolOutput::text(text))
}

/// What a server says of a tool that has failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct ToolFailed(String);

fn note(what: &str, kind: Option<&str>, more: &str) -> String {
    match kind {
        Some(kind) => format!("[{what}: {kind}, {more}]"),
        None => format!("[{what}: {more}]"),
    }
}

/// How large data is that base64 made a third larger.
fn size(base64: &str) -> String {
    let padding = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
    format!("{} bytes", (base64.len() / 4 * 3).saturating_sub(padding))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn output(result: Value) -> Result<String, String> {
        into_output(serde_json::from_value(result).unwrap())
            .map(|output| output.text)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn texts_are_joined_and_what_is_no_text_is_noted() {
        let result = json!({"content": [
            {"type": "text", "text": "one"},
            {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"},
            {"type": "audio", "data": "aGVsbG8h", "mimeType": "audio/wav"},
            {"type": "resource", "resource": {"uri": "file:///a", "text": "two"}},
            {"type": "resource", "resource": {"uri": "file:///b", "blob": "aGk="}},
            {"type": "resource_link", "uri": "file:///c", "name": "c", "mimeType": "text/plain"},
        ]});
        let text = "one\n[image: image/png, 5 bytes]\n[audio: audio/wav, 6 bytes]\ntwo\n\
            [resource: 2 bytes, file:///b]\n[resource: text/plain, c, file:///c]";
        assert_eq!(output(result).unwrap(), text);
    }

    #[test]
    fn structured_content_counts_when_there_is_no_text() {
        let structured = json!({"a": [1, "x"]});
        let both =
            json!({"content": [{"type": "text", "text": "x"}], "structuredContent": structured});
        assert_eq!(output(both).unwrap(), "x");
        let alone = json!({"content": [], "structuredContent": structured});
        assert_eq!(output(alone).unwrap(), r#"{"a":[1,"x"]}"#);
        assert_eq!(output(json!({"content": []})).unwrap(), "");
    }

    #[test]
    fn a_failed_tool_is_an_error_that_the_model_is_told_of() {
        let failed =
            json!({"content": [{"type": "text", "text": "no such file"}], "isError": true});
        assert_eq!(output(failed).unwrap_err(), "no such file");
        let silent = json!({"content": [], "isError": true});
        assert_eq!(output(silent).unwrap_err(), "the tool failed without a reason");
    }
}
