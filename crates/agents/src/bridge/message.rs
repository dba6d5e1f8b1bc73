//! A message in the making: from the model's parts to those of the thread.

use chatkit_server::protocol::{
    Annotation, AssistantMessageContent, AssistantMessageItem, ItemId, ThreadId, ThreadItem,
    ThreadItemUpdate, ThreadStreamEvent, Timestamp,
};

/// How far beyond its end a message's parts may be addressed: a model's mistake must not fill the
/// memory.
const MAX_GAP: usize = 64;

/// The message of one item of the model's answer. Its id and time are made once, here.
#[derive(Debug)]
pub(super) struct Message {
    id: ItemId,
    thread_id: ThreadId,
    created_at: Timestamp,
    parts: Vec<Part>,
}

#[derive(Debug, Default)]
struct Part {
    content: AssistantMessageContent,
    added: bool,
    done: bool,
}

impl Message {
    pub(super) fn new(id: ItemId, thread_id: ThreadId) -> Self {
        Self { id, thread_id, created_at: Timestamp::now(), parts: Vec::new() }
    }

    /// The message begins, with parts that are there already.
    pub(super) fn added(&mut self, content: Vec<AssistantMessageContent>) -> ThreadStreamEvent {
        let parts = content.iter().cloned();
        self.parts = parts.map(|content| Part { content, added: true, done: false }).collect();
        ThreadStreamEvent::added(self.item(content))
    }

    /// A part begins. One that is there already does not begin again.
    pub(super) fn part_added(
        &mut self,
        index: usize,
        content: AssistantMessageContent,
    ) -> Option<ThreadStreamEvent> {
        let part = self.part(index)?;
        if part.added {
            return None;
        }
        part.added = true;
        part.content.clone_from(&content);
        let content_index = index;
        Some(
            self.updated(ThreadItemUpdate::AssistantMessageContentPartAdded {
                content_index,
                content,
            }),
        )
    }

    /// Text is appended to a part that has begun.
    pub(super) fn text_delta(&mut self, index: usize, delta: String) -> Option<ThreadStreamEvent> {
        self.part(index)?.content.text.push_str(&delta);
        let content_index = index;
        Some(self.updated(ThreadItemUpdate::AssistantMessageContentPartTextDelta {
            content_index,
            delta,
        }))
    }

    /// A reference is added to a part that has begun.
    pub(super) fn annotation(
        &mut self,
        index: usize,
        annotation: Annotation,
    ) -> Option<ThreadStreamEvent> {
        let annotations = &mut self.part(index)?.content.annotations;
        let annotation_index = annotations.len();
        annotations.push(annotation.clone());
        Some(self.updated(ThreadItemUpdate::AssistantMessageContentPartAnnotationAdded {
            content_index: index,
            annotation_index,
            annotation: Box::new(annotation),
        }))
    }

    /// A part is complete, with the text as the model says it is, if it does: an empty one takes
    /// nothing away. Annotations stay.
    pub(super) fn part_done(
        &mut self,
        index: usize,
        text: Option<String>,
    ) -> Option<ThreadStreamEvent> {
        let part = self.part(index)?;
        let changed = text.filter(|text| !text.is_empty()).is_some_and(|text| {
            let changed = text != part.content.text;
            part.content.text = text;
            changed
        });
        if part.done && !changed {
            return None;
        }
        part.done = true;
        let content = part.content.clone();
        let content_index = index;
        Some(
            self.updated(ThreadItemUpdate::AssistantMessageContentPartDone {
                content_index,
                content,
            }),
        )
    }

    /// Whether a part has begun.
    pub(super) fn has_part(&self, index: usize) -> bool {
        self.parts.get(index).is_some_and(|part| part.added)
    }

    /// Completes the parts that are not, and the message: with the content that the model says it
    /// has or, where it says nothing, with what was shown.
    pub(super) fn done(mut self, said: Vec<AssistantMessageContent>) -> Vec<ThreadStreamEvent> {
        let mut events = Vec::new();
        let mut content = said;
        for index in 0..self.parts.len() {
            if self.has_part(index) {
                let text = content.get(index).map(|said| said.text.clone());
                events.extend(self.part_done(index, text));
            }
        }
        for (index, part) in self.parts.iter_mut().enumerate() {
            let shown = std::mem::take(&mut part.content);
            let Some(said) = content.get_mut(index) else {
                content.push(shown);
                continue;
            };
            if said.text.is_empty() {
                said.text = shown.text;
            }
            if said.annotations.is_empty() {
                said.annotations = shown.annotations;
            }
        }
        events.push(ThreadStreamEvent::done(self.item(content)));
        events
    }

    /// The end of the message did not come: what was shown is all there is. One that shows nothing
    /// is taken away.
    pub(super) fn close(self) -> Vec<ThreadStreamEvent> {
        if self.is_blank() {
            return vec![ThreadStreamEvent::ThreadItemRemoved { item_id: self.id }];
        }
        self.done(Vec::new())
    }

    pub(super) fn is_blank(&self) -> bool {
        self.parts.iter().all(|part| part.content.text.is_empty())
    }

    /// Parts are few and begin in order; one that is skipped is empty.
    fn part(&mut self, index: usize) -> Option<&mut Part> {
        if index >= self.parts.len() {
            if index - self.parts.len() > MAX_GAP {
                return None;
            }
            self.parts.resize_with(index + 1, Part::default);
        }
        self.parts.get_mut(index)
    }

    fn item(&self, content: Vec<AssistantMessageContent>) -> ThreadItem {
        ThreadItem::AssistantMessage(AssistantMessageItem {
            id: self.id.clone(),
            thread_id: self.thread_id.clone(),
            created_at: self.created_at,
            content,
        })
    }

    fn updated(&self, update: ThreadItemUpdate) -> ThreadStreamEvent {
        ThreadStreamEvent::updated(self.id.clone(), update)
    }
}
