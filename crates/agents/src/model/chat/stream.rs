//! From the chunks of a streamed completion to the events of a model.

use serde_json::{Value, json};

use super::calls::{Calls, Fragment};
use super::chunk::{self, Chunk, Delta};
use super::message::Message;
use super::options::Quirks;
use super::think::{Split, ThinkTags};
use super::usage::usage;
use crate::model::json::with_halves_replaced;
use crate::model::{ModelError, ModelEvent, OutputItem, OutputKind, Usage};

/// Chunks that are no JSON are skipped, so many in one answer.
const SKIPPED_LIMIT: usize = 32;

/// Makes events of chunks. Knows no sockets and no time.
///
/// An answer is at most one message, the calls in the order in which they began, and thoughts: an
/// item each time that the model begins to think, which ends when anything else begins. Message and
/// calls are completed with the answer, since some providers go on with a message behind a call.
#[derive(Debug)]
pub(crate) struct Converter {
    out: Out,
    tags: ThinkTags,
    thoughts: Thoughts,
    message: Message,
    calls: Calls,
    usage: Option<Usage>,
    finish: Option<Option<String>>,
    started: bool,
    completed: bool,
    skipped: usize,
}

/// Events to come, and the count of items.
#[derive(Debug, Default)]
pub(super) struct Out {
    events: Vec<ModelEvent>,
    items: usize,
}

/// The thoughts of an answer.
#[derive(Debug, Default)]
struct Thoughts {
    /// The item that grows.
    open: Option<usize>,
    text: String,
    /// Whether they are given back in the next request.
    keep: bool,
}

impl Converter {
    /// For one answer.
    pub(crate) fn new(quirks: Quirks) -> Self {
        Self {
            out: Out::default(),
            tags: ThinkTags::new(quirks.think_tags),
            thoughts: Thoughts { keep: quirks.reasoning_in_history, ..Thoughts::default() },
            message: Message::default(),
            calls: Calls::default(),
            usage: None,
            finish: None,
            started: false,
            completed: false,
            skipped: 0,
        }
    }

    /// Takes the data of one event.
    ///
    /// # Errors
    ///
    /// What the provider reports, or [`ModelError::Protocol`] after too many chunks that are no
    /// JSON. What follows is not to be given to the converter.
    pub(crate) fn chunk(&mut self, data: &str) -> Result<Vec<ModelEvent>, ModelError> {
        let data = data.trim();
        if self.completed || data.is_empty() {
            return Ok(Vec::new());
        }
        if data == "[DONE]" {
            // An explicit end is good enough, even from those who give no reason for it.
            if self.started {
                self.finish.get_or_insert(None);
            }
            return self.finish();
        }
        let read = serde_json::from_str(data).or_else(|error| match with_halves_replaced(data) {
            Some(data) => serde_json::from_str(&data),
            None => Err(error),
        });
        match read {
            Ok(chunk) => self.take(chunk, data)?,
            Err(error) => self.skip(&error)?,
        }
        Ok(self.out.take())
    }

    /// The stream has ended.
    ///
    /// # Errors
    ///
    /// [`ModelError::Closed`] if the answer had not; [`ModelError::Protocol`] if nothing in the
    /// stream was understood.
    pub(crate) fn finish(&mut self) -> Result<Vec<ModelEvent>, ModelError> {
        if self.completed {
            return Ok(Vec::new());
        }
        if self.finish.is_some() {
            self.complete();
            return Ok(self.out.take());
        }
        if !self.started && self.skipped > 0 {
            return Err(ModelError::Protocol("nothing in the stream is a chunk".to_owned()));
        }
        Err(ModelError::Closed)
    }

    fn skip(&mut self, error: &serde_json::Error) -> Result<(), ModelError> {
        self.skipped += 1;
        if self.skipped > SKIPPED_LIMIT {
            return Err(ModelError::Protocol(format!("too many chunks cannot be read: {error}")));
        }
        // What the error says may quote the chunk.
        let (kind, column) = (error.classify(), error.column());
        tracing::warn!(?kind, column, "a chunk of a completion cannot be read and is skipped");
        Ok(())
    }

    fn take(&mut self, mut chunk: Chunk, data: &str) -> Result<(), ModelError> {
        if let Some(error) = chunk.failure() {
            return Err(error);
        }
        if !self.started {
            self.started = true;
            let response_id = chunk::text(chunk.id.take());
            self.out.push(ModelEvent::Started { response_id, model: chunk::model(data) });
        }
        let counted = [&chunk.usage, &chunk.x_groq["usage"]].into_iter().find_map(usage);
        if let Some(mut choice) = chunk.choice() {
            if let Some(delta) = choice.delta() {
                self.delta(delta);
            }
            if let Some(reason) = chunk::text(choice.finish_reason) {
                self.reason(&reason)?;
            }
        }
        self.message.cite(&chunk.search_results, &mut self.out);
        self.message.cite(&chunk.citations, &mut self.out);
        if counted.is_some() {
            self.usage = counted;
            // Some count in every chunk; the count that comes with the end or behind it is the last.
            if self.finish.is_some() {
                self.complete();
            }
        }
        Ok(())
    }

    fn reason(&mut self, reason: &str) -> Result<(), ModelError> {
        let incomplete = match reason {
            "length" | "max_tokens" | "model_length" => Some("max_output_tokens"),
            "content_filter" => Some("content_filter"),
            // DeepSeek has run out of machines.
            "insufficient_system_resource" => Some("insufficient_system_resource"),
            "error" => {
                let message = "the provider gave up in the middle of the answer".to_owned();
                return Err(ModelError::Failed { message, code: None });
            }
            _ => None,
        };
        self.finish = Some(incomplete.map(str::to_owned));
        Ok(())
    }

    fn delta(&mut self, mut delta: Delta) {
        if let Some(thought) = delta.take_reasoning() {
            self.think(thought);
        }
        self.content(delta.content);
        if let Some(refusal) = chunk::text(delta.refusal) {
            self.thoughts.finish(&mut self.out);
            self.calls.settle(&mut self.out);
            self.message.refuse(refusal, &mut self.out);
        }
        self.message.annotate(delta.annotations, &mut self.out);
        let fragments = delta.tool_calls.into_iter().flatten().enumerate();
        for (position, fragment) in fragments {
            self.call(Fragment::new(fragment, position));
        }
        if let Some(function) = delta.function_call {
            self.call(Fragment::legacy(function));
        }
    }

    /// A text or, from Mistral, an array of texts and thoughts.
    fn content(&mut self, content: Value) {
        match content {
            Value::String(text) if !text.is_empty() => {
                let split = self.tags.push(text);
                self.split(split);
            }
            Value::Array(parts) => parts.into_iter().for_each(|part| self.content(part)),
            Value::Object(mut part) => {
                let mut field =
                    |name: &str| part.get_mut(name).map(Value::take).unwrap_or_default();
                match field("type").as_str() {
                    Some("thinking") => self.think_parts(field("thinking")),
                    Some("text" | "output_text") => self.content(field("text")),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn think_parts(&mut self, thinking: Value) {
        match thinking {
            Value::String(text) if !text.is_empty() => self.think(text),
            Value::Array(parts) => parts.into_iter().for_each(|part| self.think_parts(part)),
            Value::Object(mut part) => {
                self.think_parts(part.get_mut("text").map(Value::take).unwrap_or_default());
            }
            _ => {}
        }
    }

    fn split(&mut self, split: Split) {
        if !split.thought.is_empty() {
            self.think(split.thought);
        }
        if split.text.is_empty() {
            return;
        }
        if let Some(text) = self.message.hold(split.text) {
            self.thoughts.finish(&mut self.out);
            self.calls.settle(&mut self.out);
            self.message.text(text, &mut self.out);
        }
    }

    fn think(&mut self, thought: String) {
        self.calls.settle(&mut self.out);
        self.thoughts.push(thought, &mut self.out);
    }

    fn call(&mut self, fragment: Fragment) {
        if !fragment.is_empty() {
            self.thoughts.finish(&mut self.out);
            self.calls.push(fragment, &mut self.out);
        }
    }

    fn complete(&mut self) {
        let split = self.tags.finish();
        self.split(split);
        self.thoughts.finish(&mut self.out);
        self.message.finish(&mut self.out);
        self.calls.finish(&mut self.out);
        self.completed = true;
        self.out.push(ModelEvent::Completed {
            // An answer of this API cannot be gone on from by its id.
            response_id: None,
            usage: self.usage.unwrap_or(Usage { requests: 1, ..Usage::default() }),
            incomplete: self.finish.take().flatten(),
        });
    }
}

impl Out {
    pub(super) fn push(&mut self, event: ModelEvent) {
        self.events.push(event);
    }

    /// The number of an item that begins now.
    pub(super) fn number(&mut self) -> usize {
        self.items += 1;
        self.items - 1
    }

    /// Begins an item.
    pub(super) fn begin(&mut self, kind: OutputKind) -> usize {
        let item = self.number();
        self.push(ModelEvent::ItemAdded { item, output: kind.into() });
        item
    }

    fn take(&mut self) -> Vec<ModelEvent> {
        std::mem::take(&mut self.events)
    }
}

impl Thoughts {
    fn push(&mut self, mut delta: String, out: &mut Out) {
        let item = match self.open {
            Some(item) => item,
            // White space alone is no thought.
            None if delta.trim_start().is_empty() => return self.text.push_str(&delta),
            None => {
                delta.insert_str(0, &std::mem::take(&mut self.text));
                *self.open.insert(out.begin(OutputKind::Reasoning(Vec::new())))
            }
        };
        self.text.push_str(&delta);
        out.push(ModelEvent::ReasoningDelta { item, part: 0, delta });
    }

    fn finish(&mut self, out: &mut Out) {
        let text = std::mem::take(&mut self.text);
        let Some(item) = self.open.take() else { return };
        out.push(ModelEvent::ReasoningDone { item, part: 0, text: text.clone() });
        let raw = self.keep.then(|| {
            let summary = json!([{"type": "summary_text", "text": text}]);
            let fields = [("type", json!("reasoning")), ("summary", summary)];
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        });
        let output = OutputItem { kind: OutputKind::Reasoning(vec![text]), raw };
        out.push(ModelEvent::ItemDone { item, output });
    }
}
