//! A thread in which a scripted run answers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use chatkit_agents::{
    AgentContext, DefaultResponseConverter, ResponseStreamConverter, RunError, RunEvent,
    model::{ModelEvent, OutputItem, OutputKind, OutputPart, Usage},
    stream_agent_response_with,
};
use chatkit_server::{
    ChatKit, ChatKitServer, EventStream, MemoryStore, Owner, PageRequest, Store, Turn, Visibility,
    protocol::{AttachmentId, Order, ThreadId, ThreadItem, ThreadStreamEvent},
};
use chatkit_testkit::wire;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use serde_json::Value;

use crate::gallery::Gallery;

pub(crate) type Run = BoxStream<'static, Result<RunEvent, RunError>>;

type Script = dyn Fn(AgentContext<()>) -> Run + Send + Sync;

type Converter<V> = dyn Fn(&AgentContext<()>) -> V + Send + Sync;

struct Assistant<V> {
    script: Arc<Script>,
    converter: Arc<Converter<V>>,
}

impl<V: ResponseStreamConverter + 'static> ChatKitServer for Assistant<V> {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        let context = AgentContext::new(turn);
        let run = (self.script)(context.clone());
        let converter = (self.converter)(&context);
        EventStream::new(stream_agent_response_with(&context, run, converter))
    }
}

/// A server and its store.
pub(crate) struct Stage<V: ResponseStreamConverter + 'static = DefaultResponseConverter> {
    chatkit: ChatKit<Assistant<V>>,
    store: Arc<dyn Store>,
    images: Arc<Mutex<BTreeMap<AttachmentId, Bytes>>>,
}

impl Stage {
    pub(crate) fn new(script: impl Fn(AgentContext<()>) -> Run + Send + Sync + 'static) -> Self {
        Self::converting(script, |_| DefaultResponseConverter::default())
    }

    /// A server with a place for images.
    pub(crate) fn with_attachments(
        script: impl Fn(AgentContext<()>) -> Run + Send + Sync + 'static,
    ) -> Self {
        let converter = Arc::new(|_: &_| DefaultResponseConverter::default());
        Self::build(Assistant { script: Arc::new(script), converter }, true)
    }
}

impl<V: ResponseStreamConverter + 'static> Stage<V> {
    pub(crate) fn converting(
        script: impl Fn(AgentContext<()>) -> Run + Send + Sync + 'static,
        converter: impl Fn(&AgentContext<()>) -> V + Send + Sync + 'static,
    ) -> Self {
        Self::build(Assistant { script: Arc::new(script), converter: Arc::new(converter) }, false)
    }

    fn build(assistant: Assistant<V>, attachments: bool) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let images = Arc::default();
        let mut chatkit = ChatKit::builder(assistant, Arc::clone(&store));
        if attachments {
            let gallery = Gallery::new(Arc::clone(&store), Arc::clone(&images));
            chatkit = chatkit.attachments(Arc::new(gallery));
        }
        Self { chatkit: chatkit.build(), store, images }
    }

    pub(crate) fn images(&self) -> Vec<(String, Vec<u8>)> {
        let images = self.images.lock().unwrap();
        images.iter().map(|(id, bytes)| (id.as_str().to_owned(), bytes.to_vec())).collect()
    }

    /// The events of a request, as JSON.
    pub(crate) async fn ask(&self, request: Value) -> Vec<Value> {
        let events = wire::events(&self.chatkit, &request, ()).await;
        for event in &events {
            // What clients get can be read as an event.
            serde_json::from_value::<ThreadStreamEvent>(event.clone()).unwrap();
        }
        events
    }

    pub(crate) async fn stored(&self, thread: &str) -> Vec<ThreadItem> {
        let page = PageRequest::first(1000, Order::Asc);
        let thread = ThreadId::from(thread);
        let owner = Owner::default();
        self.store.load_thread_items(&owner, &thread, &page, Visibility::All).await.unwrap().data
    }
}

/// What one message is answered with: the events after `stream_options`, and the items stored after
/// the message.
pub(crate) async fn answer(
    script: impl Fn(AgentContext<()>) -> Run + Send + Sync + 'static,
) -> (Vec<Value>, Vec<ThreadItem>) {
    let stage = Stage::new(script);
    let events = stage.ask(wire::create_thread("hello")).await;
    let thread = wire::thread_id(&events);
    let stored = stage.stored(thread).await.split_off(1);
    (after_options(events), stored)
}

/// The same for a run whose events are all there.
pub(crate) async fn answer_to(events: Vec<RunEvent>) -> (Vec<Value>, Vec<ThreadItem>) {
    answer(move |_| run(events.clone())).await
}

pub(crate) fn run(events: Vec<RunEvent>) -> Run {
    stream::iter(events.into_iter().map(Ok)).boxed()
}

/// A run of one model answer.
pub(crate) fn model(events: Vec<ModelEvent>) -> Vec<RunEvent> {
    let mut all = vec![RunEvent::ModelAsked { turn: 0 }];
    all.extend(events.into_iter().map(RunEvent::Model));
    all.push(RunEvent::Model(completed()));
    all.push(RunEvent::Finished(Box::default()));
    all
}

pub(crate) fn completed() -> ModelEvent {
    ModelEvent::Completed { response_id: None, usage: Usage::default(), incomplete: None }
}

/// A message of one text as models stream it.
pub(crate) fn said(item: usize, deltas: &[&str]) -> Vec<ModelEvent> {
    let mut events = vec![
        ModelEvent::ItemAdded { item, output: OutputKind::Message(Vec::new()).into() },
        ModelEvent::PartAdded { item, part: 0, content: OutputPart::text("") },
    ];
    events.extend(deltas.iter().map(|delta| delta_of(item, delta)));
    let text = deltas.concat();
    events.push(ModelEvent::TextDone { item, part: 0, text: text.clone() });
    events.push(ModelEvent::PartDone { item, part: 0, content: OutputPart::text(text.clone()) });
    events.push(ModelEvent::ItemDone { item, output: message(&text) });
    events
}

pub(crate) fn message(text: &str) -> OutputItem {
    OutputKind::Message(vec![OutputPart::text(text)]).into()
}

pub(crate) fn delta_of(item: usize, delta: &str) -> ModelEvent {
    ModelEvent::TextDelta { item, part: 0, delta: delta.to_owned() }
}

pub(crate) fn after_options(events: Vec<Value>) -> Vec<Value> {
    let mut events = events.into_iter();
    events.find(|event| event["type"] == "stream_options").unwrap();
    events.collect()
}

/// Events in short: kinds, and of updates the kind of the update.
pub(crate) fn kinds(events: &[Value]) -> Vec<&str> {
    wire::kinds(events).into_iter().map(short).collect()
}

fn short(kind: &str) -> &'static str {
    match kind {
        "thread.item.added" => "added",
        "thread.item.done" => "done",
        "thread.item.removed" => "removed",
        "assistant_message.content_part.added" => "part",
        "assistant_message.content_part.text_delta" => "delta",
        "assistant_message.content_part.annotation_added" => "annotation",
        "assistant_message.content_part.done" => "part done",
        "workflow.task.added" => "task",
        "workflow.task.updated" => "task updated",
        "generated_image.updated" => "image",
        "progress_update" => "progress",
        "error" => "error",
        other => panic!("no short name for {other}"),
    }
}
