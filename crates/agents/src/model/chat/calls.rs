//! Calls of tools put together from their pieces.

use std::collections::{HashMap, HashSet};

use chatkit_protocol::JsonObject;
use chatkit_server::{IdKind, new_item_id};
use serde_json::{Value, json};

use super::chunk::{self, CallChunk, FunctionChunk};
use super::stream::Out;
use crate::model::{FunctionCall, ModelEvent, OutputItem, OutputKind};

/// The calls of one answer.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    /// The latest call at each of the provider's indices, and with each of its ids.
    by_index: HashMap<u64, usize>,
    by_id: HashMap<String, usize>,
    /// Ids that are taken in this answer.
    taken: HashSet<String>,
}

#[derive(Debug, Default)]
struct Call {
    item: usize,
    /// The id as the provider wrote it, if it did.
    id: Option<String>,
    /// Empty until the call is announced, which waits until its name is complete.
    call: FunctionCall,
    announced: bool,
    arguments: Scan,
    extra: Value,
}

/// A piece of a call.
#[derive(Debug, Default)]
pub(super) struct Fragment {
    index: Option<u64>,
    id: Option<String>,
    name: Option<String>,
    arguments: Option<String>,
    extra: Value,
}

impl Fragment {
    /// A piece of `tool_calls`, from its position in the chunk.
    pub(super) fn new(chunk: CallChunk, position: usize) -> Self {
        let id = chunk::text(chunk.id);
        let position = u64::try_from(position).ok().filter(|_| id.is_none());
        let function = chunk.function.unwrap_or_default();
        Self {
            index: chunk::number(&chunk.index).or(position),
            id,
            name: chunk::text(function.name),
            arguments: arguments(function.arguments),
            extra: chunk.extra_content,
        }
    }

    /// The call as it was written when there could be only one.
    pub(super) fn legacy(function: FunctionChunk) -> Self {
        Self {
            index: Some(u64::MAX),
            name: chunk::text(function.name),
            arguments: arguments(function.arguments),
            ..Self::default()
        }
    }

    /// Whether it says anything.
    pub(super) fn is_empty(&self) -> bool {
        self.id.is_none() && self.name.is_none() && self.arguments.is_none()
    }
}

impl Calls {
    /// Takes a piece that is not empty.
    pub(super) fn push(&mut self, fragment: Fragment, out: &mut Out) {
        let at = self.find(&fragment).unwrap_or_else(|| self.begin(out));
        if let Some(index) = fragment.index {
            self.by_index.insert(index, at);
        }
        if let Some(id) = &fragment.id {
            self.by_id.insert(id.clone(), at);
        }
        let Some(call) = self.calls.get_mut(at) else { return };
        if call.id.is_none() {
            call.id = fragment.id;
        }
        if let Some(name) = fragment.name {
            call.named(name);
        }
        if fragment.extra.is_object() {
            call.extra = fragment.extra;
        }
        if let Some(delta) = fragment.arguments {
            call.announce(&mut self.taken, out);
            call.arguments.feed(&delta);
            call.call.arguments.push_str(&delta);
            out.push(ModelEvent::ArgumentsDelta { item: call.item, delta });
        }
    }

    /// Announces the call whose name is complete now that something else begins.
    pub(super) fn settle(&mut self, out: &mut Out) {
        if let Some(call) = self.calls.last_mut() {
            call.announce(&mut self.taken, out);
        }
    }

    /// Completes all calls.
    pub(super) fn finish(&mut self, out: &mut Out) {
        self.settle(out);
        for call in self.calls.drain(..) {
            out.push(ModelEvent::ItemDone { item: call.item, output: call.finish() });
        }
    }

    fn begin(&mut self, out: &mut Out) -> usize {
        self.settle(out);
        self.calls.push(Call { item: out.number(), ..Call::default() });
        self.calls.len() - 1
    }

    /// The call that a piece belongs to; `None` if it begins one.
    fn find(&self, fragment: &Fragment) -> Option<usize> {
        let at = match (fragment.index, &fragment.id) {
            (Some(index), _) => *self.by_index.get(&index)?,
            (None, Some(id)) => match self.by_id.get(id) {
                Some(at) => *at,
                None if fragment.name.is_some() => return None,
                None => self.calls.len().checked_sub(1)?,
            },
            (None, None) => self.calls.len().checked_sub(1)?,
        };
        self.calls.get(at).filter(|call| !call.is_followed_by(fragment)).map(|_| at)
    }
}

impl Call {
    /// Whether a piece with this call's index begins another call: some providers give all calls the
    /// same index, with ids of their own or without any.
    fn is_followed_by(&self, fragment: &Fragment) -> bool {
        if fragment.name.is_none() {
            // Servers were seen that send a new id with each piece, but the name only with the first.
            return false;
        }
        match (&self.id, &fragment.id) {
            (Some(mine), Some(other)) => mine != other,
            _ => fragment.arguments.is_some() && self.arguments.is_complete(),
        }
    }

    /// Takes a name: a piece of it, the name once more, or all that is known of it by now.
    fn named(&mut self, name: String) {
        let known = &mut self.call.name;
        if known.is_empty() || (!self.announced && name.starts_with(known.as_str())) {
            *known = name;
        } else if !self.announced {
            known.push_str(&name);
        }
    }

    fn announce(&mut self, taken: &mut HashSet<String>, out: &mut Out) {
        if self.announced {
            return;
        }
        self.announced = true;
        let id = self.id.clone().filter(|id| !taken.contains(id)).unwrap_or_else(mint);
        taken.insert(id.clone());
        self.call.call_id = id;
        let output = OutputKind::FunctionCall(self.call.clone()).into();
        out.push(ModelEvent::ItemAdded { item: self.item, output });
    }

    fn finish(mut self) -> OutputItem {
        if self.call.arguments.trim().is_empty() {
            "{}".clone_into(&mut self.call.arguments);
        }
        let raw = self.extra.is_object().then(|| self.raw());
        OutputItem { kind: OutputKind::FunctionCall(self.call), raw }
    }

    /// The call for the next request, with what the provider wants back with it.
    fn raw(&self) -> JsonObject {
        let fields = [
            ("type", json!("function_call")),
            ("call_id", json!(self.call.call_id)),
            ("name", json!(self.call.name)),
            ("arguments", json!(self.call.arguments)),
            ("extra_content", self.extra.clone()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// An id for a call that has none of its own.
fn mint() -> String {
    let id = new_item_id(IdKind::ToolCall).to_string();
    format!("call_{}", id.trim_start_matches("tc_"))
}

fn arguments(value: Value) -> Option<String> {
    match value {
        Value::Object(_) | Value::Array(_) => Some(value.to_string()),
        value => chunk::text(value),
    }
}

/// Tells when a JSON object is complete, from its pieces.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    closed: bool,
}

impl Scan {
    fn feed(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.closed = true;
                }
                _ => {}
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.closed && self.depth == 0 && !self.in_string
    }
}
