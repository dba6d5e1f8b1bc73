//! From a conversation to the messages of a request.

use chatkit_protocol::JsonObject;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::history::{Piece, pieces};
use super::options::Quirks;
use crate::model::{FunctionCall, InputContent, InputItem, InputMessage, Role};

/// The messages: instructions first, then the conversation.
///
/// Calls join the text that the model wrote before them, their outputs follow at once, and what
/// this API has no form for is left out.
pub(super) fn messages(
    instructions: Option<String>,
    input: Vec<InputItem>,
    quirks: Quirks,
) -> Vec<Value> {
    let mut builder = Builder { quirks, messages: Vec::new(), draft: None, thought: None };
    if let Some(instructions) = instructions.filter(|text| !text.is_empty()) {
        builder.messages.push(message(quirks.system_role.name(), instructions.into()));
    }
    for piece in pieces(input) {
        match piece {
            Piece::Message(message) if message.role == Role::Assistant => builder.say(message),
            Piece::Message(message) => builder.hear(message),
            Piece::Call { call, output, extra } => builder.call(call, output, extra),
            Piece::Output => builder.flush(),
            Piece::Thought(text) => builder.think(&text),
        }
    }
    builder.flush();
    builder.messages
}

struct Builder {
    quirks: Quirks,
    messages: Vec<Value>,
    /// The model's message, as long as calls may still join it.
    draft: Option<Draft>,
    /// Thoughts that belong to the model's next message.
    thought: Option<String>,
}

#[derive(Default)]
struct Draft {
    text: Option<String>,
    thought: Option<String>,
    calls: Vec<Value>,
    outputs: Vec<Value>,
}

impl Builder {
    fn say(&mut self, message: InputMessage) {
        self.flush();
        let text = texts(message.content);
        if !text.is_empty() {
            let thought = self.thought.take();
            self.draft = Some(Draft { text: Some(text), thought, ..Draft::default() });
        }
    }

    fn hear(&mut self, input: InputMessage) {
        self.flush();
        self.thought = None;
        let (role, content) = match input.role {
            Role::System => ("system", Value::String(texts(input.content))),
            // Most providers know no developer.
            Role::Developer => (self.quirks.system_role.name(), texts(input.content).into()),
            Role::User | Role::Assistant => ("user", content(input.content)),
        };
        self.messages.push(message(role, content));
    }

    fn call(&mut self, call: FunctionCall, output: String, extra: Option<Value>) {
        let draft = self.draft.get_or_insert_default();
        if let Some(thought) = self.thought.take() {
            join(&mut draft.thought, &thought);
        }
        draft.outputs.push(object([
            ("role", "tool".into()),
            ("tool_call_id", call.call_id.clone().into()),
            ("content", output.into()),
        ]));
        let function =
            object([("name", call.name.into()), ("arguments", arguments(call.arguments).into())]);
        let mut call = object([
            ("id", call.call_id.into()),
            ("type", "function".into()),
            ("function", function),
        ]);
        if let Some(extra) = extra {
            call["extra_content"] = extra;
        }
        draft.calls.push(call);
    }

    fn think(&mut self, text: &str) {
        if self.quirks.reasoning_in_history {
            join(&mut self.thought, text);
        }
    }

    fn flush(&mut self) {
        let Some(draft) = self.draft.take() else { return };
        let mut fields = JsonObject::new();
        fields.insert("role".to_owned(), "assistant".into());
        fields.insert("content".to_owned(), draft.text.into());
        // Where thoughts belong to calls, calls whose thoughts are lost need the field all the same.
        let needed = self.quirks.reasoning_in_history && !draft.calls.is_empty();
        if let Some(thought) = draft.thought.or_else(|| needed.then(String::new)) {
            fields.insert("reasoning_content".to_owned(), thought.into());
        }
        if !draft.calls.is_empty() {
            fields.insert("tool_calls".to_owned(), draft.calls.into());
        }
        self.messages.push(Value::Object(fields));
        self.messages.extend(draft.outputs);
    }
}

fn message(role: &str, content: Value) -> Value {
    object([("role", role.into()), ("content", content)])
}

/// An object whose values are moved into it: images and files are large.
pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Servers read the arguments of earlier calls, and refuse the request if they cannot.
fn arguments(arguments: String) -> String {
    match serde_json::from_str::<IgnoredAny>(&arguments) {
        Ok(_) => arguments,
        Err(_) => "{}".to_owned(),
    }
}

fn join(text: &mut Option<String>, more: &str) {
    match text {
        Some(text) => {
            text.push('\n');
            text.push_str(more);
        }
        None => *text = Some(more.to_owned()),
    }
}

/// The texts of a message alone.
fn texts(content: Vec<InputContent>) -> String {
    let mut all = None;
    for content in content {
        match content {
            InputContent::Text(text) => match &mut all {
                None => all = Some(text),
                some => join(some, &text),
            },
            InputContent::Image { .. } | InputContent::File { .. } | InputContent::Raw(_) => {}
        }
    }
    all.unwrap_or_default()
}

/// A plain text where that will do, since many providers read nothing else; else parts.
fn content(content: Vec<InputContent>) -> Value {
    let content: Vec<_> = content.into_iter().filter_map(known).collect();
    if content.iter().all(|content| matches!(content, InputContent::Text(_))) {
        return texts(content).into();
    }
    content.into_iter().filter_map(part).collect()
}

/// Content that this API has a form for. It has none for the address of a file: the model is told.
fn known(content: InputContent) -> Option<InputContent> {
    match content {
        InputContent::File { filename, data: None, url: Some(url) } => {
            Some(InputContent::Text(match filename {
                Some(filename) => format!("{filename}: {url}"),
                None => url,
            }))
        }
        InputContent::File { data: None, .. } | InputContent::Raw(_) => None,
        content => Some(content),
    }
}

fn part(content: InputContent) -> Option<Value> {
    match content {
        InputContent::Text(text) if text.is_empty() => None,
        InputContent::Text(text) => Some(object([("type", "text".into()), ("text", text.into())])),
        InputContent::Image { url, detail } => {
            let mut image = object([("url", url.into())]);
            if let Some(detail) = detail {
                image["detail"] = detail.into();
            }
            Some(object([("type", "image_url".into()), ("image_url", image)]))
        }
        InputContent::File { filename, data, .. } => {
            let mut file = object([("file_data", data?.into())]);
            if let Some(filename) = filename {
                file["filename"] = filename.into();
            }
            Some(object([("type", "file".into()), ("file", file)]))
        }
        InputContent::Raw(_) => None,
    }
}
