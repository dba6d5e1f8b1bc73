//! The items of a model's answer, as items of the thread.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chatkit_server::{
    IdKind, RequestContext,
    protocol::{
        AssistantMessageContent, ItemId, StatusIndicator, ThreadStreamEvent, Timestamp,
        WorkflowKind,
    },
};
use serde_json::Value;

use super::{
    AgentContext, ResponseStreamConverter, convert, hosted, image::Image, inbox::Inbox,
    message::Message, thought::Thoughts,
};
use crate::model::{HostedCall, ModelEvent, OutputItem, OutputKind, OutputPart};

/// What is under way of one answer after the other.
pub(super) struct Items<C> {
    pub(super) context: AgentContext<C>,
    pub(super) inbox: Inbox,
    converter: Arc<dyn ResponseStreamConverter>,
    /// Items of this answer that are done: what still comes of them says nothing new.
    finished: BTreeSet<usize>,
    messages: BTreeMap<usize, Message>,
    pub(super) open: BTreeMap<usize, Open>,
    pub(super) thoughts: Thoughts,
}

/// What is under way besides messages.
pub(super) enum Open {
    Image(Image),
    Reasoning(Vec<Thought>),
    Hosted(Hosted),
    /// Nothing to show.
    Other,
}

/// A thought of a reasoning item.
#[derive(Default)]
pub(super) struct Thought {
    pub(super) text: String,
    pub(super) done: bool,
}

/// A call of a tool on the provider's side, shown as a task.
pub(super) struct Hosted {
    pub(super) task: Option<(ItemId, usize)>,
    pub(super) code: String,
}

pub(super) type Events = Vec<ThreadStreamEvent>;

impl<C: RequestContext> Items<C> {
    pub(super) fn new(
        context: AgentContext<C>,
        inbox: Inbox,
        converter: Arc<dyn ResponseStreamConverter>,
    ) -> Self {
        Self {
            context,
            inbox,
            converter,
            finished: BTreeSet::new(),
            messages: BTreeMap::new(),
            open: BTreeMap::new(),
            thoughts: Thoughts::default(),
        }
    }

    /// Takes an event of the model's answer.
    pub(super) async fn take(&mut self, event: ModelEvent) -> Events {
        let mut events = Vec::new();
        if self.is_finished(&event) {
            return events;
        }
        match event {
            ModelEvent::TextDelta { item, part, delta } => {
                let message = self.message(item, &mut events);
                if !message.has_part(part) {
                    events.extend(message.part_added(part, AssistantMessageContent::default()));
                }
                events.extend(message.text_delta(part, delta));
            }
            ModelEvent::ItemAdded { item, output } => self.added(item, output, &mut events).await,
            ModelEvent::PartAdded { item, part, content } => {
                let content = self.part(&content).await;
                let message = self.message(item, &mut events);
                events.extend(message.part_added(part, content));
            }
            ModelEvent::TextDone { item, part, text } => {
                self.text_done(item, part, text, &mut events);
            }
            ModelEvent::PartDone { item, part, content } => {
                // It repeats the text, unless the text's end did not come.
                let text = content.as_text().to_owned();
                self.text_done(item, part, text, &mut events);
            }
            ModelEvent::Annotation { item, part, citation } => {
                if let Some(shown) = convert::annotation(&*self.converter, &citation).await {
                    let message = self.message(item, &mut events);
                    if !message.has_part(part) {
                        events.extend(message.part_added(part, AssistantMessageContent::default()));
                    }
                    events.extend(message.annotation(part, shown));
                }
            }
            ModelEvent::ReasoningDelta { item, part, delta } => {
                self.thought_delta(item, part, &delta, &mut events);
            }
            ModelEvent::ReasoningDone { item, part, text } => {
                self.thought_done(item, part, text, &mut events);
            }
            ModelEvent::CodeDelta { item, delta } => self.code_delta(item, &delta),
            ModelEvent::HostedProgress { item, status } => {
                self.hosted_progress(item, status, &mut events);
            }
            ModelEvent::PartialImage { item, index, base64 } => {
                events.extend(self.partial_image(item, index, &base64).await);
            }
            ModelEvent::ItemDone { item, output } => self.done(item, output, &mut events).await,
            ModelEvent::Started { .. } | ModelEvent::Completed { .. } => {
                events.extend(self.close());
            }
            ModelEvent::ArgumentsDelta { .. } | ModelEvent::Other { .. } => {}
        }
        events
    }

    /// Completes what the model left open, with what was shown of it.
    pub(super) fn close(&mut self) -> Events {
        let messages = std::mem::take(&mut self.messages);
        let mut events = messages.into_values().flat_map(Message::close).collect();
        self.close_others(&mut events);
        events
    }

    /// The run has failed. Messages stay as far as they came, which the server keeps; those that
    /// show nothing are taken away.
    pub(super) fn give_up(&mut self) -> Events {
        let messages = std::mem::take(&mut self.messages);
        let blank = messages.into_values().filter(Message::is_blank);
        let mut events = blank.flat_map(Message::close).collect();
        self.close_others(&mut events);
        events
    }

    fn close_others(&mut self, events: &mut Events) {
        self.finished.clear();
        for (item, open) in std::mem::take(&mut self.open) {
            match open {
                Open::Image(image) => events.push(image.done(None)),
                Open::Reasoning(thoughts) => {
                    self.close_thoughts(item, thoughts, Vec::new(), events);
                }
                Open::Hosted(hosted) => self.settle(&hosted, events),
                Open::Other => {}
            }
        }
    }

    async fn added(&mut self, item: usize, output: OutputItem, events: &mut Events) {
        if self.open.contains_key(&item) || self.messages.contains_key(&item) {
            return;
        }
        self.finished.remove(&item);
        match output.kind {
            OutputKind::Message(parts) => {
                let content = self.content(&parts).await;
                let message = self.begin(content, events);
                self.messages.insert(item, message);
            }
            OutputKind::Reasoning(_) => {
                self.ensure_workflow(WorkflowKind::Reasoning, events);
                self.open.insert(item, Open::Reasoning(Vec::new()));
            }
            OutputKind::Hosted(call) if call.kind == IMAGE => {
                let image = self.image(call.id.clone());
                events.push(image.added());
                self.open.insert(item, Open::Image(image));
            }
            OutputKind::Hosted(call) => {
                let task = hosted::task(&call, StatusIndicator::Loading);
                let task = task.and_then(|task| self.add_task(task, events));
                self.open.insert(item, Open::Hosted(Hosted { task, code: String::new() }));
            }
            _ => {
                self.open.insert(item, Open::Other);
            }
        }
    }

    async fn done(&mut self, item: usize, output: OutputItem, events: &mut Events) {
        let open = self.open.remove(&item);
        self.finished.insert(item);
        match output.kind {
            OutputKind::Message(parts) => {
                let content = self.content(&parts).await;
                let message = match self.messages.remove(&item) {
                    Some(message) => message,
                    None => {
                        self.make_way(events);
                        new_message(&self.context)
                    }
                };
                events.extend(message.done(content));
            }
            OutputKind::Reasoning(texts) => {
                let thoughts = match open {
                    Some(Open::Reasoning(thoughts)) => thoughts,
                    _ => Vec::new(),
                };
                if thoughts.len() < texts.len() {
                    self.ensure_workflow(WorkflowKind::Reasoning, events);
                }
                self.close_thoughts(item, thoughts, texts, events);
            }
            OutputKind::Hosted(call) if call.kind == IMAGE => {
                self.image_done(open, &call, events).await;
            }
            OutputKind::Hosted(call) => self.hosted_done(open, &call, events),
            _ => {}
        }
    }

    fn text_done(&mut self, item: usize, part: usize, text: String, events: &mut Events) {
        let message = self.message(item, events);
        if message.has_part(part) {
            events.extend(message.part_done(part, Some(text)));
        } else if !text.is_empty() {
            events.extend(message.part_added(part, AssistantMessageContent::default()));
            events.extend(message.part_done(part, Some(text)));
        }
    }

    /// The message of an item, which begins here if it has not.
    fn message(&mut self, item: usize, events: &mut Events) -> &mut Message {
        if !self.messages.contains_key(&item) {
            let message = self.begin(Vec::new(), events);
            self.messages.insert(item, message);
        }
        let Self { context, messages, .. } = self;
        messages.entry(item).or_insert_with(|| new_message(context))
    }

    /// A message begins, and the open workflow ends.
    fn begin(&mut self, content: Vec<AssistantMessageContent>, events: &mut Events) -> Message {
        self.make_way(events);
        let mut message = new_message(&self.context);
        events.push(message.added(content));
        message
    }

    /// The open workflow ends. What the provider does in it is not seen any more.
    fn make_way(&mut self, events: &mut Events) {
        for open in self.open.values() {
            if let Open::Hosted(hosted) = open {
                self.settle(hosted, events);
            }
        }
        self.thoughts.forget();
        let mut workflows = self.inbox.workflows(&self.context, events);
        events.extend(workflows.make_way(Timestamp::now()));
    }

    fn is_finished(&self, event: &ModelEvent) -> bool {
        match event {
            ModelEvent::PartAdded { item, .. }
            | ModelEvent::TextDelta { item, .. }
            | ModelEvent::TextDone { item, .. }
            | ModelEvent::Annotation { item, .. }
            | ModelEvent::PartDone { item, .. }
            | ModelEvent::ReasoningDelta { item, .. }
            | ModelEvent::ReasoningDone { item, .. }
            | ModelEvent::ItemDone { item, .. } => self.finished.contains(item),
            _ => false,
        }
    }

    fn image(&self, image_id: Option<String>) -> Image {
        let id = self.context.generate_id(IdKind::Message);
        Image::new(id, self.context.thread().id().clone(), image_id)
    }

    async fn content(&self, parts: &[OutputPart]) -> Vec<AssistantMessageContent> {
        let mut content = Vec::with_capacity(parts.len());
        for part in parts {
            content.push(self.part(part).await);
        }
        content
    }

    async fn part(&self, part: &OutputPart) -> AssistantMessageContent {
        let mut content = AssistantMessageContent::text(part.as_text());
        if let OutputPart::Text { citations, .. } = part {
            for citation in citations {
                content.annotations.extend(convert::annotation(&*self.converter, citation).await);
            }
        }
        content
    }
}

/// Images.
impl<C: RequestContext> Items<C> {
    async fn partial_image(
        &mut self,
        item: usize,
        index: usize,
        base64: &str,
    ) -> Option<ThreadStreamEvent> {
        let Some(Open::Image(image)) = self.open.get_mut(&item) else { return None };
        let url = self.converter.base64_image_to_url(image.image_id(), base64, Some(index)).await;
        let progress = self.converter.partial_image_index_to_progress(index);
        Some(image.updated(url, progress))
    }

    async fn image_done(&mut self, open: Option<Open>, call: &HostedCall, events: &mut Events) {
        let result = call.raw.get("result").and_then(Value::as_str).filter(|b64| !b64.is_empty());
        let image = match open {
            Some(Open::Image(image)) => image,
            _ if result.is_none() => return,
            _ => {
                let image = self.image(call.id.clone());
                events.push(image.added());
                image
            }
        };
        let url = match result {
            Some(base64) => {
                Some(self.converter.base64_image_to_url(image.image_id(), base64, None).await)
            }
            None => None,
        };
        events.push(image.done(url));
    }
}

/// The provider's type of a call that draws an image.
const IMAGE: &str = "image_generation_call";

fn new_message<C: RequestContext>(context: &AgentContext<C>) -> Message {
    Message::new(context.generate_id(IdKind::Message), context.thread().id().clone())
}
