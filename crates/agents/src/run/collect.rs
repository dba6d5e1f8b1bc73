//! Putting a model's answer together from its events.

use std::{collections::BTreeMap, mem};

use crate::{
    model::{Citation, FunctionCall, ModelEvent, OutputItem, OutputKind, OutputPart, Usage},
    spans::Answered,
};

/// A model's answer.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    /// What it consists of, in order.
    pub(super) items: Vec<OutputItem>,
    /// The provider's id of it.
    pub(super) response_id: Option<String>,
    /// The model that answered, by the provider's name.
    pub(super) model: Option<String>,
    /// What it cost.
    pub(super) usage: Usage,
    /// Why the provider cut it short.
    pub(super) incomplete: Option<String>,
}

impl Answer {
    /// What traces tell of it.
    pub(super) fn described(&self) -> Answered<'_> {
        Answered {
            items: &self.items,
            response_id: self.response_id.as_deref(),
            model: self.model.as_deref(),
            usage: self.usage,
            incomplete: self.incomplete.as_deref(),
        }
    }

    /// The text of the last message; empty if there is none.
    pub(super) fn text(&self) -> String {
        let is_message = |item: &&OutputItem| matches!(item.kind, OutputKind::Message(_));
        self.items.iter().rev().find(is_message).map(OutputItem::message_text).unwrap_or_default()
    }
}

/// An answer in the making. Takes what providers leave out: items that are never done, done without
/// a beginning, or known by their deltas alone.
#[derive(Debug, Default)]
pub(super) struct Collector {
    items: BTreeMap<usize, Draft>,
    answer: Answer,
}

#[derive(Debug, Default)]
struct Draft {
    output: Option<OutputItem>,
    done: bool,
    parts: BTreeMap<usize, DraftPart>,
    thoughts: BTreeMap<usize, String>,
    arguments: String,
}

#[derive(Debug, Default)]
struct DraftPart {
    text: String,
    refusal: bool,
    citations: Vec<Citation>,
    whole: Option<OutputPart>,
}

impl Collector {
    /// Takes in an event. `true` when the answer is complete.
    pub(super) fn add(&mut self, event: &ModelEvent) -> bool {
        match event {
            ModelEvent::Started { response_id, model } => {
                self.answer.response_id.clone_from(response_id);
                self.answer.model.clone_from(model);
            }
            ModelEvent::ItemAdded { item, output } => {
                let draft = self.draft(*item);
                if !draft.done {
                    draft.output = Some(output.clone());
                }
            }
            ModelEvent::PartAdded { item, part, content } => {
                let part = self.part(*item, *part);
                part.refusal = matches!(content, OutputPart::Refusal(_));
                if part.text.is_empty() {
                    content.as_text().clone_into(&mut part.text);
                }
            }
            ModelEvent::TextDelta { item, part, delta } => {
                self.part(*item, *part).text.push_str(delta);
            }
            ModelEvent::TextDone { item, part, text } => {
                complete(&mut self.part(*item, *part).text, text);
            }
            ModelEvent::Annotation { item, part, citation } => {
                self.part(*item, *part).citations.push(citation.clone());
            }
            ModelEvent::PartDone { item, part, content } => {
                let part = self.part(*item, *part);
                if part.text.is_empty() || !content.as_text().is_empty() {
                    *part = DraftPart { whole: Some(content.clone()), ..DraftPart::default() };
                }
            }
            ModelEvent::ReasoningDelta { item, part, delta } => {
                self.draft(*item).thoughts.entry(*part).or_default().push_str(delta);
            }
            ModelEvent::ReasoningDone { item, part, text } => {
                complete(self.draft(*item).thoughts.entry(*part).or_default(), text);
            }
            ModelEvent::ArgumentsDelta { item, delta } => {
                self.draft(*item).arguments.push_str(delta);
            }
            ModelEvent::ItemDone { item, output } => {
                let draft = self.draft(*item);
                let whole = Draft { output: Some(output.clone()), done: true, ..mem::take(draft) };
                *draft = Draft { output: whole.finish(), done: true, ..Draft::default() };
            }
            ModelEvent::Completed { response_id, usage, incomplete } => {
                if response_id.is_some() {
                    self.answer.response_id.clone_from(response_id);
                }
                self.answer.usage = *usage;
                self.answer.usage.requests = usage.requests.max(1);
                self.answer.incomplete.clone_from(incomplete);
                return true;
            }
            _ => {}
        }
        false
    }

    /// The answer, with ids of the run's own for calls without one. `turn` tells the answers of a run
    /// apart.
    pub(super) fn finish(self, turn: usize) -> Answer {
        let mut answer = self.answer;
        for (number, draft) in self.items {
            if let Some(mut item) = draft.finish() {
                identify(&mut item, turn, number);
                answer.items.push(item);
            }
        }
        answer
    }

    fn draft(&mut self, item: usize) -> &mut Draft {
        self.items.entry(item).or_default()
    }

    fn part(&mut self, item: usize, part: usize) -> &mut DraftPart {
        self.draft(item).parts.entry(part).or_default()
    }
}

impl Draft {
    fn finish(self) -> Option<OutputItem> {
        let Self { output, done, parts, thoughts, arguments } = self;
        let parts = || parts.into_values().map(DraftPart::finish).collect::<Vec<_>>();
        let thoughts = || thoughts.into_values().collect::<Vec<_>>();
        let Some(mut item) = output else {
            let (parts, thoughts) = (parts(), thoughts());
            return match (parts.is_empty(), thoughts.is_empty()) {
                (false, _) => Some(OutputKind::Message(parts).into()),
                (true, false) => Some(OutputKind::Reasoning(thoughts).into()),
                // Arguments of a call whose name is not known cannot be used.
                (true, true) => None,
            };
        };
        // What is known of the whole item wins; deltas fill what it lacks.
        let filled = match &mut item.kind {
            OutputKind::Message(whole) if !done || whole.iter().all(is_empty) => {
                let parts = parts();
                let fills = !parts.iter().all(is_empty);
                if fills {
                    *whole = parts;
                }
                fills
            }
            OutputKind::Reasoning(whole) if whole.is_empty() => {
                *whole = thoughts();
                // What the provider wants back of it are not the texts.
                false
            }
            OutputKind::FunctionCall(call) => fill(&mut call.arguments, arguments, done),
            OutputKind::CustomToolCall(call) => fill(&mut call.input, arguments, done),
            _ => false,
        };
        if filled || !done {
            // It says less than the item, or is the item before its end.
            item.raw = None;
        }
        Some(item)
    }
}

impl DraftPart {
    fn finish(self) -> OutputPart {
        let Self { text, refusal, citations, whole } = self;
        match whole {
            Some(whole) => whole,
            None if refusal => OutputPart::Refusal(text),
            None => OutputPart::Text { text, citations },
        }
    }
}

fn is_empty(part: &OutputPart) -> bool {
    part.as_text().is_empty()
}

/// A text by its deltas becomes the whole one, unless that says less.
fn complete(text: &mut String, whole: &str) {
    if !whole.is_empty() {
        whole.clone_into(text);
    }
}

/// Fills what an item lacks of the deltas' text. Whether it lacked any.
fn fill(whole: &mut String, deltas: String, done: bool) -> bool {
    let fills = deltas.len() > whole.len() && (!done || whole.is_empty());
    if fills {
        *whole = deltas;
    }
    fills
}

/// Gives a call an id if it has none: its output must name it.
fn identify(item: &mut OutputItem, turn: usize, number: usize) {
    let call_id = match &mut item.kind {
        OutputKind::FunctionCall(FunctionCall { call_id, .. }) => call_id,
        OutputKind::CustomToolCall(call) => &mut call.call_id,
        _ => return,
    };
    if call_id.is_empty() {
        *call_id = format!("call_{turn}_{number}");
        if let Some(raw) = &mut item.raw {
            raw.insert("call_id".to_owned(), call_id.as_str().into());
        }
    }
}
