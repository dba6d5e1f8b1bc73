//! From the events of the Responses API to events of a model: pure, without a connection.

use std::collections::VecDeque;

use chatkit_protocol::JsonObject;
use serde_json::Value;

use super::{
    event::{Delta, Unreadable, WireEvent, number, parse, take_text, text},
    item::{begun_item, citation, finished_item, is_hosted, part},
    items::{Items, Place},
    target::Target,
    usage::usage,
};
use crate::model::{HostedStatus, ModelError, ModelEvent, OutputPart, http::Refusal};

/// A stream with so many events that cannot be read is given up.
const MAX_UNREADABLE: usize = 32;

/// Turns the events of one answer into events of a model.
#[derive(Debug)]
pub(crate) struct Converter {
    items: Items,
    is_stored: bool,
    response_id: Option<String>,
    has_started: bool,
    has_ended: bool,
    has_read_any: bool,
    unreadable: usize,
}

/// Where the events go.
type Out = VecDeque<ModelEvent>;

impl Converter {
    /// A converter for one answer. `is_stored` is whether the provider was asked to keep it.
    pub(crate) fn new(is_stored: bool) -> Self {
        Self {
            items: Items::default(),
            is_stored,
            response_id: None,
            has_started: false,
            has_ended: false,
            has_read_any: false,
            unreadable: 0,
        }
    }

    /// Whether the answer is complete: nothing more will come of further events.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Takes an event of the stream by its name, if it has one, and its data.
    ///
    /// # Errors
    ///
    /// [`ModelError::Failed`] when the provider says so, [`ModelError::Closed`] or
    /// [`ModelError::Protocol`] when the stream is marked as done before the answer is, and
    /// [`ModelError::Protocol`] when too much cannot be read. Texts are the provider's own.
    pub(crate) fn event(
        &mut self,
        name: Option<&str>,
        data: &str,
        out: &mut Out,
    ) -> Result<(), ModelError> {
        if self.has_ended {
            return Ok(());
        }
        if data.trim() == "[DONE]" {
            return self.finish();
        }
        match parse(name, data) {
            Ok(WireEvent::Delta(delta)) => {
                self.has_read_any = true;
                self.delta(delta, out);
                Ok(())
            }
            Ok(WireEvent::Other { kind, fields }) => {
                self.has_read_any = true;
                self.other(&kind, fields, out)
            }
            Err(Unreadable) => self.count_unreadable(),
        }
    }

    /// Takes the end of the stream.
    ///
    /// # Errors
    ///
    /// [`ModelError::Closed`] if the answer is not complete, [`ModelError::Protocol`] if nothing
    /// came that is part of one.
    pub(crate) fn finish(&mut self) -> Result<(), ModelError> {
        match (self.has_ended, self.has_read_any) {
            (true, _) => Ok(()),
            (false, true) => Err(ModelError::Closed),
            (false, false) => Err(ModelError::Protocol("the stream had no events".to_owned())),
        }
    }

    fn count_unreadable(&mut self) -> Result<(), ModelError> {
        if self.unreadable == 0 {
            tracing::warn!("an event of the model's provider is no JSON object, and is left out");
        }
        self.unreadable += 1;
        if self.unreadable < MAX_UNREADABLE {
            return Ok(());
        }
        let message = format!("{MAX_UNREADABLE} events were no JSON objects");
        Err(ModelError::Protocol(message))
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Out) {
        let kind = delta.kind.unwrap_or_default();
        let Some(target) = Target::of(kind, ".delta") else {
            out.push_back(ModelEvent::Other { kind: kind.to_owned() });
            return;
        };
        let place = Place { index: delta.output_index, id: delta.item_id };
        let index = match target {
            Target::Thought { is_summary: true } => delta.summary_index,
            _ => delta.content_index,
        };
        self.append(&target, place, index, delta.delta, out);
    }

    fn append(
        &mut self,
        target: &Target<'_>,
        place: Place<'_>,
        index: Option<u64>,
        delta: String,
        out: &mut Out,
    ) {
        let item = self.items.find(place, target.item_kind());
        if delta.is_empty() {
            return;
        }
        let entry = self.items.get(item);
        let index = index.unwrap_or(0);
        let event = match target {
            Target::Text { is_refusal } => {
                let (part, known) = entry.parts.entry(index);
                if *is_refusal && !known.is_refusal {
                    known.is_refusal = true;
                    let content = OutputPart::Refusal(String::new());
                    out.push_back(ModelEvent::PartAdded { item, part, content });
                }
                known.text.push_str(&delta);
                ModelEvent::TextDelta { item, part, delta }
            }
            Target::Thought { is_summary } => {
                let (part, known) = entry.thoughts.entry((*is_summary, index));
                known.push_str(&delta);
                ModelEvent::ReasoningDelta { item, part, delta }
            }
            Target::Arguments(_) => {
                entry.arguments.push_str(&delta);
                ModelEvent::ArgumentsDelta { item, delta }
            }
            Target::Code => {
                entry.arguments.push_str(&delta);
                ModelEvent::CodeDelta { item, delta }
            }
        };
        out.push_back(event);
    }

    fn other(
        &mut self,
        kind: &str,
        mut fields: JsonObject,
        out: &mut Out,
    ) -> Result<(), ModelError> {
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => {
                self.started(&fields, out);
            }
            "response.output_item.added" => self.item_added(fields, out),
            "response.output_item.done" => self.item_done(fields, out),
            "response.content_part.added" | "response.content_part.done" => {
                self.part(kind.ends_with("done"), &fields, out);
            }
            "response.output_text.annotation.added" => self.annotation(&fields, out),
            "response.image_generation_call.partial_image" => self.partial_image(fields, out),
            // These say nothing that is not in what follows.
            "response.reasoning_summary_part.added" | "response.reasoning_summary_part.done" => {}
            "response.completed" | "response.incomplete" | "response.done" => {
                return self.completed(kind, fields, out);
            }
            "error" | "response.failed" | "response.cancelled" => return Err(failure(&fields)),
            "" if fields.contains_key("error") => return Err(failure(&fields)),
            _ => {
                if let Some(target) = Target::of(kind, ".delta") {
                    let delta = delta_text(&mut fields);
                    let index = number(&fields, target.index_name());
                    self.append(&target, place(&fields), index, delta, out);
                } else if let Some(target) = Target::of(kind, ".done") {
                    self.text_done(&target, fields, out);
                } else {
                    self.progress_or_other(kind, &fields, out);
                }
            }
        }
        Ok(())
    }

    fn started(&mut self, fields: &JsonObject, out: &mut Out) {
        let mut model = None;
        if let Some(Value::Object(response)) = fields.get("response") {
            if let Some(Value::Bool(is_stored)) = response.get("store") {
                self.is_stored = *is_stored;
            }
            if let Some(id) = text(response, "id") {
                self.response_id = Some(id.to_owned());
            }
            model = text(response, "model").map(str::to_owned);
        }
        if !std::mem::replace(&mut self.has_started, true) {
            let response_id = self.response_id.clone();
            out.push_back(ModelEvent::Started { response_id, model });
        }
    }

    fn item_added(&mut self, mut fields: JsonObject, out: &mut Out) {
        let raw = take_item(&mut fields);
        let output = begun_item(&raw);
        let kind = text(&raw, "type").unwrap_or_default().to_owned();
        let id = text(&raw, "id").map(str::to_owned);
        let place = Place { index: number(&fields, "output_index"), id: id.as_deref() };
        let item = self.items.begin(place, raw, &kind);
        out.push_back(ModelEvent::ItemAdded { item, output });
    }

    fn item_done(&mut self, mut fields: JsonObject, out: &mut Out) {
        let raw = take_item(&mut fields);
        let index = number(&fields, "output_index");
        let place = Place { index, id: text(&raw, "id").or_else(|| text(&fields, "item_id")) };
        let item = self.items.find_open(place, text(&raw, "type").unwrap_or_default());
        let output = finished_item(raw, self.items.get(item), item, self.is_stored);
        out.push_back(ModelEvent::ItemDone { item, output });
    }

    fn part(&mut self, is_done: bool, fields: &JsonObject, out: &mut Out) {
        // Parts of other items say nothing that is not in what follows.
        let Some(content) = fields.get("part").and_then(part) else { return };
        let item = self.items.find(place(fields), "message");
        let (part, known) =
            self.items.get(item).parts.entry(number(fields, "content_index").unwrap_or(0));
        known.is_refusal = matches!(content, OutputPart::Refusal(_));
        out.push_back(if is_done {
            ModelEvent::PartDone { item, part, content }
        } else {
            ModelEvent::PartAdded { item, part, content }
        });
    }

    fn annotation(&mut self, fields: &JsonObject, out: &mut Out) {
        let item = self.items.find(place(fields), "message");
        let (part, _) =
            self.items.get(item).parts.entry(number(fields, "content_index").unwrap_or(0));
        let citation = citation(fields.get("annotation").unwrap_or(&Value::Null));
        out.push_back(ModelEvent::Annotation { item, part, citation });
    }

    fn partial_image(&mut self, mut fields: JsonObject, out: &mut Out) {
        let base64 = take_text(&mut fields, "partial_image_b64").unwrap_or_default();
        let item = self.items.find(place(&fields), "image_generation_call");
        let images = &mut self.items.get(item).images;
        let index = number(&fields, "partial_image_index");
        let index = index.and_then(|index| usize::try_from(index).ok()).unwrap_or(*images);
        *images = images.saturating_add(1);
        if !base64.is_empty() {
            out.push_back(ModelEvent::PartialImage { item, index, base64 });
        }
    }

    /// A text is complete; if it was not said, it is what was appended.
    fn text_done(&mut self, target: &Target<'_>, mut fields: JsonObject, out: &mut Out) {
        let names = ["text", "refusal", "arguments", "input", "code"];
        let whole = names.into_iter().find_map(|name| take_text(&mut fields, name));
        let item = self.items.find(place(&fields), target.item_kind());
        let entry = self.items.get(item);
        let index = number(&fields, target.index_name()).unwrap_or(0);
        // What comes whole only is kept, as what comes in deltas is.
        let settle = |known: &mut String| {
            let whole = whole.unwrap_or_else(|| known.clone());
            if known.is_empty() {
                known.clone_from(&whole);
            }
            whole
        };
        match target {
            Target::Text { is_refusal } => {
                let (part, known) = entry.parts.entry(index);
                known.is_refusal |= is_refusal;
                let text = settle(&mut known.text);
                out.push_back(ModelEvent::TextDone { item, part, text });
            }
            Target::Thought { is_summary } => {
                let (part, known) = entry.thoughts.entry((*is_summary, index));
                let text = settle(known);
                out.push_back(ModelEvent::ReasoningDone { item, part, text });
            }
            Target::Arguments(_) => {
                settle(&mut entry.arguments);
            }
            Target::Code => {
                let was_empty = entry.arguments.is_empty();
                let delta = settle(&mut entry.arguments);
                if was_empty && !delta.is_empty() {
                    out.push_back(ModelEvent::CodeDelta { item, delta });
                }
            }
        }
    }

    /// `response.web_search_call.searching` and the like.
    fn progress_or_other(&mut self, kind: &str, fields: &JsonObject, out: &mut Out) {
        let call = kind.strip_prefix("response.").and_then(|rest| rest.rsplit_once('.'));
        let status = match call {
            Some((call, status)) if is_hosted(call) => match status {
                "in_progress" => Some(HostedStatus::InProgress),
                "searching" | "interpreting" | "generating" => Some(HostedStatus::Working),
                "completed" => Some(HostedStatus::Completed),
                "failed" => Some(HostedStatus::Failed),
                _ => None,
            },
            _ => None,
        };
        out.push_back(match (call, status) {
            (Some((call, _)), Some(status)) => {
                let item = self.items.find(place(fields), call);
                ModelEvent::HostedProgress { item, status }
            }
            _ => ModelEvent::Other { kind: kind.to_owned() },
        });
    }

    fn completed(
        &mut self,
        kind: &str,
        mut fields: JsonObject,
        out: &mut Out,
    ) -> Result<(), ModelError> {
        self.started(&fields, out);
        let mut response = match fields.get_mut("response").map(Value::take) {
            Some(Value::Object(response)) => response,
            _ => JsonObject::new(),
        };
        let status = text(&response, "status").unwrap_or_default();
        if matches!(status, "failed" | "cancelled") {
            return Err(failure(&response));
        }
        let is_incomplete = kind == "response.incomplete" || status == "incomplete";
        self.items_left(&mut response, is_incomplete, out);
        let reason = response.get("incomplete_details").and_then(|details| details.get("reason"));
        let reason = reason.and_then(Value::as_str).unwrap_or("unknown").to_owned();
        self.has_ended = true;
        out.push_back(ModelEvent::Completed {
            response_id: self.response_id.clone(),
            usage: usage(response.get("usage")),
            incomplete: is_incomplete.then_some(reason),
        });
        Ok(())
    }

    /// Items that are complete and were never said to be.
    fn items_left(&mut self, response: &mut JsonObject, is_incomplete: bool, out: &mut Out) {
        let output = match response.get_mut("output").map(Value::take) {
            Some(Value::Array(output)) => output,
            _ => Vec::new(),
        };
        let output: Vec<_> = output
            .into_iter()
            .filter_map(|item| if let Value::Object(item) = item { Some(item) } else { None })
            .collect();
        let listed = output.iter().enumerate().map(|(index, raw)| {
            let place = Place { index: u64::try_from(index).ok(), id: text(raw, "id") };
            (place, text(raw, "type").unwrap_or_default())
        });
        let numbers = self.items.match_listed(listed);
        for (item, raw) in numbers.into_iter().zip(output) {
            let entry = self.items.get(item);
            if !entry.is_done {
                let output = finished_item(raw, entry, item, self.is_stored);
                out.push_back(ModelEvent::ItemDone { item, output });
            }
        }
        let is_stored = self.is_stored;
        for (item, entry) in self.items.open() {
            // A call without its end is none; a message is what there is of it.
            let is_call = matches!(entry.kind.as_str(), "function_call" | "custom_tool_call");
            if entry.kind == "message" || !(is_incomplete || is_call && entry.begun.is_empty()) {
                let kind = ("type".to_owned(), entry.kind.as_str().into());
                let raw = JsonObject::from_iter([kind]);
                let output = finished_item(raw, entry, item, is_stored);
                out.push_back(ModelEvent::ItemDone { item, output });
            }
        }
    }
}

fn place(fields: &JsonObject) -> Place<'_> {
    Place { index: number(fields, "output_index"), id: text(fields, "item_id") }
}

/// The text of a delta, also of one in an object.
fn delta_text(fields: &mut JsonObject) -> String {
    match fields.get_mut("delta").map(Value::take) {
        Some(Value::String(text)) => text,
        Some(Value::Object(mut delta)) => take_text(&mut delta, "text").unwrap_or_default(),
        _ => String::new(),
    }
}

fn take_item(fields: &mut JsonObject) -> JsonObject {
    match fields.get_mut("item").map(Value::take) {
        Some(Value::Object(item)) => item,
        _ => JsonObject::new(),
    }
}

fn failure(fields: &JsonObject) -> ModelError {
    let source = match fields.get("response") {
        Some(response @ Value::Object(_)) => response.clone(),
        _ => Value::Object(fields.clone()),
    };
    let refusal = Refusal::from_json(&source)
        .unwrap_or_else(|| Refusal { message: "no reason given".to_owned(), code: None });
    ModelError::Failed { message: refusal.message, code: refusal.code }
}
