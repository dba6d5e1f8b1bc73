//! From JSON to the steps of a script.

use std::time::Duration;

use chatkit_protocol::{
    ErrorCode, JsonObject, ThreadId, ThreadItem, ThreadMetadata, ThreadStatus, ThreadStreamEvent,
    WidgetRoot,
};
use chatkit_server::RespondError;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::check;

/// Stands for the thread's id in strings and keys.
const THREAD: &str = "$THREAD";
/// The most text that one step may stream: a slip in a number must not fill the memory.
const MAX_TEXT_BYTES: u64 = 64 * 1024 * 1024;
/// The most deltas of one step, as they may be empty.
const MAX_DELTAS: u64 = 10_000_000;

/// What to play, step by step.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
}

/// What some need is boxed: a script stays in memory while it is played.
#[derive(Debug)]
pub(super) enum Step {
    /// Yield an event.
    Event(Box<ThreadStreamEvent>),
    /// Wait.
    Sleep(Duration),
    /// Change the thread.
    Thread(Box<ThreadChange>),
    /// Stream an assistant message.
    Text(Box<TextStep>),
    /// Show a widget, and its further states.
    Widget(Box<WidgetStep>),
    /// End with an error.
    Fail(Box<FailStep>),
}

/// Why something is no script: where, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {problem}")]
pub(super) struct ScriptError {
    path: String,
    problem: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThreadChange {
    #[serde(default, deserialize_with = "given")]
    title: Option<Option<String>>,
    status: Option<ThreadStatus>,
    #[serde(default, deserialize_with = "given")]
    allowed_image_domains: Option<Option<Vec<String>>>,
    #[serde(default)]
    metadata: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextStep {
    pub(super) deltas: usize,
    pub(super) delta: String,
    #[serde(default)]
    pub(super) gap_ms: u64,
}

#[derive(Debug)]
pub(super) struct WidgetStep {
    pub(super) first: WidgetRoot,
    pub(super) next: Vec<WidgetRoot>,
    pub(super) copy_text: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FailStep {
    message: Option<String>,
    code: Option<String>,
    allow_retry: Option<bool>,
}

/// Fields beside `steps` are allowed: an action's payload may carry some.
#[derive(Deserialize)]
struct RawScript {
    steps: Vec<RawStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    event: Option<Value>,
    sleep_ms: Option<u64>,
    thread: Option<Box<ThreadChange>>,
    text: Option<Box<TextStep>>,
    widget: Option<Vec<Value>>,
    copy_text: Option<String>,
    fail: Option<Box<FailStep>>,
}

impl Script {
    /// Reads the text of a message.
    pub(super) fn from_text(text: &str, thread: &ThreadId) -> Result<Self, ScriptError> {
        let json = serde_json::from_str(text)
            .map_err(|error| ScriptError::new("script", format!("expected JSON: {error}")))?;
        Self::read(json, thread)
    }

    /// Takes a script as JSON, or as a text that is JSON.
    pub(super) fn from_json(json: Value, thread: &ThreadId) -> Result<Self, ScriptError> {
        match json {
            Value::String(text) => Self::from_text(&text, thread),
            json => Self::read(json, thread),
        }
    }

    fn read(mut json: Value, thread: &ThreadId) -> Result<Self, ScriptError> {
        if !json.is_object() {
            let problem = format!("expected an object with `steps`, found {}", check::brief(&json));
            return Err(ScriptError::new("script", problem));
        }
        put_thread_id(&mut json, thread);
        let RawScript { steps } = check::read(json, "")?;
        let step = |(at, step): (usize, RawStep)| step.check(&format!("steps[{at}]"));
        let mut steps: Vec<Step> =
            steps.into_iter().enumerate().map(step).collect::<Result<_, _>>()?;
        // It stays in memory while it is played.
        steps.shrink_to_fit();
        Ok(Self { steps })
    }
}

/// Reads an item outside of a script.
pub(super) fn item(
    mut item: Value,
    path: &str,
    thread: &ThreadId,
) -> Result<ThreadItem, ScriptError> {
    put_thread_id(&mut item, thread);
    check::item(&item, path)
}

impl RawStep {
    fn check(self, path: &str) -> Result<Step, ScriptError> {
        let Self { event, sleep_ms, thread, text, widget, copy_text, fail } = self;
        let mut kinds = Vec::new();
        if let Some(event) = event {
            kinds.push(Step::Event(Box::new(check::event(&event, &format!("{path}.event"))?)));
        }
        kinds.extend(sleep_ms.map(Duration::from_millis).map(Step::Sleep));
        kinds.extend(thread.map(Step::Thread));
        if let Some(text) = text {
            text.check(&format!("{path}.text"))?;
            kinds.push(Step::Text(text));
        }
        if let Some(roots) = widget {
            kinds.push(widget_step(roots, copy_text, &format!("{path}.widget"))?);
        } else if copy_text.is_some() {
            return Err(ScriptError::new(path, "expected `copy_text` beside a `widget`"));
        }
        kinds.extend(fail.map(Step::Fail));
        match (kinds.pop(), kinds.is_empty()) {
            (Some(step), true) => Ok(step),
            _ => Err(ScriptError::new(
                path,
                "expected exactly one of `event`, `sleep_ms`, `thread`, `text`, `widget`, `fail`",
            )),
        }
    }
}

fn widget_step(
    roots: Vec<Value>,
    copy_text: Option<String>,
    path: &str,
) -> Result<Step, ScriptError> {
    let root = |(at, root)| {
        WidgetRoot::new(root)
            .map_err(|error| ScriptError::new(format!("{path}[{at}]"), error.to_string()))
    };
    let mut roots = roots.into_iter().enumerate().map(root);
    let first = roots
        .next()
        .unwrap_or_else(|| Err(ScriptError::new(path, "expected at least one widget root")))?;
    let next = roots.collect::<Result<_, _>>()?;
    Ok(Step::Widget(Box::new(WidgetStep { first, next, copy_text })))
}

impl TextStep {
    fn check(&self, path: &str) -> Result<(), ScriptError> {
        let deltas = self.deltas as u64;
        let bytes = deltas.saturating_mul(self.delta.len() as u64);
        if deltas > MAX_DELTAS || bytes > MAX_TEXT_BYTES {
            let problem = format!(
                "expected at most {MAX_DELTAS} deltas and {MAX_TEXT_BYTES} bytes of text, \
                 found {deltas} and {bytes}"
            );
            return Err(ScriptError::new(format!("{path}.deltas"), problem));
        }
        Ok(())
    }
}

impl ThreadChange {
    pub(super) fn apply(self, thread: &mut ThreadMetadata) {
        if let Some(title) = self.title {
            thread.title = title;
        }
        if let Some(status) = self.status {
            thread.status = status;
        }
        if let Some(domains) = self.allowed_image_domains {
            thread.allowed_image_domains = domains;
        }
        thread.metadata.extend(self.metadata);
    }
}

impl FailStep {
    pub(super) fn into_error(self) -> RespondError {
        let error = match (self.message, self.code) {
            (Some(message), _) => RespondError::custom(message),
            (None, Some(code)) => RespondError::coded(ErrorCode::new(code)),
            (None, None) => RespondError::unexpected("the script ends with an unexpected error"),
        };
        match self.allow_retry {
            Some(allow_retry) => error.with_retry(allow_retry),
            None => error,
        }
    }
}

impl ScriptError {
    pub(super) fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into() }
    }

    /// The error as refused requests word theirs, without Markdown.
    pub(super) fn plain(&self) -> String {
        format!("{}: {}", self.path, self.problem)
    }
}

/// Tells a field that is `null` from one that is absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn put_thread_id(value: &mut Value, thread: &ThreadId) {
    match value {
        Value::String(text) if text.contains(THREAD) => *text = text.replace(THREAD, thread),
        Value::Array(values) => {
            values.iter_mut().for_each(|value| put_thread_id(value, thread));
        }
        Value::Object(fields) => {
            if fields.keys().any(|key| key.contains(THREAD)) {
                let replaced = std::mem::take(fields)
                    .into_iter()
                    .map(|(key, value)| (key.replace(THREAD, thread), value));
                *fields = replaced.collect();
            }
            fields.values_mut().for_each(|value| put_thread_id(value, thread));
        }
        _ => {}
    }
}
