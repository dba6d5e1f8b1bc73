//! The message of an answer while it grows: a text, a refusal, or both.

use std::collections::HashSet;

use serde_json::Value;

use super::chunk;
use super::stream::Out;
use crate::model::{Citation, ModelEvent, OutputKind, OutputPart};

/// The message.
#[derive(Debug, Default)]
pub(super) struct Message {
    item: Option<usize>,
    parts: Vec<OutputPart>,
    text: Option<usize>,
    refusal: Option<usize>,
    /// White space that came first. Alone it is no message.
    lead: String,
    /// References that came before their text.
    early: Vec<Citation>,
    /// Addresses that have been referred to.
    cited: HashSet<String>,
}

impl Message {
    /// Keeps white space that comes before any text, and gives back everything else.
    pub(super) fn hold(&mut self, delta: String) -> Option<String> {
        if self.text.is_some() || delta.contains(|c: char| !c.is_whitespace()) {
            return Some(delta);
        }
        self.lead.push_str(&delta);
        None
    }

    /// Appends text that [`hold`](Self::hold) gave back.
    pub(super) fn text(&mut self, mut delta: String, out: &mut Out) {
        let part = self.text.unwrap_or_else(|| {
            delta.insert_str(0, &std::mem::take(&mut self.lead));
            let part = self.open(OutputPart::text(""), out);
            self.text = Some(part);
            for citation in std::mem::take(&mut self.early) {
                self.refer(citation, out);
            }
            part
        });
        self.append(part, delta, out);
    }

    /// Appends to the refusal.
    pub(super) fn refuse(&mut self, delta: String, out: &mut Out) {
        let part = self.refusal.unwrap_or_else(|| {
            let part = self.open(OutputPart::Refusal(String::new()), out);
            self.refusal = Some(part);
            part
        });
        self.append(part, delta, out);
    }

    /// Takes references with a place in the text.
    pub(super) fn annotate(&mut self, annotations: Value, out: &mut Out) {
        let Value::Array(annotations) = annotations else { return };
        for annotation in annotations {
            let Some(citation) = citation(annotation) else { continue };
            if let Citation::Url { url, .. } = &citation {
                self.cited.insert(url.clone());
            }
            self.refer(citation, out);
        }
    }

    /// Takes addresses without a place in the text: the first time that they come.
    pub(super) fn cite(&mut self, addresses: &Value, out: &mut Out) {
        for address in addresses.as_array().into_iter().flatten() {
            let url = address.as_str().or_else(|| address.get("url").and_then(Value::as_str));
            let Some(url) = url.filter(|url| !url.is_empty() && !self.cited.contains(*url)) else {
                continue;
            };
            self.cited.insert(url.to_owned());
            let title = address.get("title").and_then(Value::as_str).map(str::to_owned);
            self.refer(Citation::Url { url: url.to_owned(), title, end_index: None }, out);
        }
    }

    /// Completes the message, if there is one.
    pub(super) fn finish(&mut self, out: &mut Out) {
        let Some(item) = self.item.take() else { return };
        let parts = std::mem::take(&mut self.parts);
        for (part, content) in parts.iter().enumerate() {
            out.push(ModelEvent::TextDone { item, part, text: content.as_text().to_owned() });
            out.push(ModelEvent::PartDone { item, part, content: content.clone() });
        }
        out.push(ModelEvent::ItemDone { item, output: OutputKind::Message(parts).into() });
    }

    fn open(&mut self, content: OutputPart, out: &mut Out) -> usize {
        let item = *self.item.get_or_insert_with(|| out.begin(OutputKind::Message(Vec::new())));
        let part = self.parts.len();
        out.push(ModelEvent::PartAdded { item, part, content: content.clone() });
        self.parts.push(content);
        part
    }

    fn append(&mut self, part: usize, delta: String, out: &mut Out) {
        let (Some(item), Some(content)) = (self.item, self.parts.get_mut(part)) else { return };
        match content {
            OutputPart::Text { text, .. } | OutputPart::Refusal(text) => text.push_str(&delta),
        }
        out.push(ModelEvent::TextDelta { item, part, delta });
    }

    fn refer(&mut self, citation: Citation, out: &mut Out) {
        let place = self.item.zip(self.text);
        let content = self.text.and_then(|part| self.parts.get_mut(part));
        match (place, content) {
            (Some((item, part)), Some(OutputPart::Text { citations, .. })) => {
                citations.push(citation.clone());
                out.push(ModelEvent::Annotation { item, part, citation });
            }
            _ => self.early.push(citation),
        }
    }
}

fn citation(annotation: Value) -> Option<Citation> {
    if annotation["type"] != "url_citation" {
        return annotation.is_object().then_some(Citation::Other(annotation));
    }
    // Some leave out the level that is named like the type.
    let fields = annotation.get("url_citation").unwrap_or(&annotation);
    let url = fields.get("url").and_then(Value::as_str).filter(|url| !url.is_empty())?;
    Some(Citation::Url {
        url: url.to_owned(),
        title: fields.get("title").and_then(Value::as_str).map(str::to_owned),
        end_index: fields
            .get("end_index")
            .and_then(chunk::number)
            .and_then(|index| i64::try_from(index).ok()),
    })
}
