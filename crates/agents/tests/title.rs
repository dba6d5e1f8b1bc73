//! Titles for threads.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    future,
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use chatkit_agents::{
    TitleWriter,
    model::{
        InputContent, InputItem, InputMessage, Model, ModelError, ModelEvent, ModelRequest,
        ModelStream, OutputKind, OutputPart, Role, Usage,
    },
};
use chatkit_protocol::ThreadMetadata;
use chatkit_server::{ChatKit, ChatKitServer, EventStream, MemoryStore, Owner, Response, Turn};
use futures_util::{StreamExt as _, future::poll_immediate, stream};
use serde_json::{Value, json};
use tokio::sync::Notify;

type Event = Result<ModelEvent, ModelError>;

/// A model that answers every request with the same events, and then hangs if it is to.
#[derive(Default)]
struct Script {
    events: Vec<Event>,
    hangs: bool,
    requests: Mutex<Vec<ModelRequest>>,
    /// Held by each stream.
    open: Arc<()>,
}

impl Script {
    fn new(events: impl IntoIterator<Item = Event>) -> Arc<Self> {
        Arc::new(Self { events: events.into_iter().collect(), ..Self::default() })
    }

    fn hanging(events: impl IntoIterator<Item = Event>) -> Arc<Self> {
        let events = events.into_iter().collect();
        Arc::new(Self { events, hangs: true, ..Self::default() })
    }

    fn open_streams(&self) -> usize {
        Arc::strong_count(&self.open) - 1
    }

    fn requests(&self) -> Vec<ModelRequest> {
        self.requests.lock().unwrap().clone()
    }
}

impl Model for Script {
    fn name(&self) -> &str {
        "script"
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        self.requests.lock().unwrap().push(request);
        let open = Arc::clone(&self.open);
        let events = stream::iter(self.events.clone());
        let end = stream::pending().take(usize::from(self.hangs));
        Box::pin(events.chain(end).map(move |event| {
            let _held = &open;
            event
        }))
    }
}

fn delta(text: &str) -> Event {
    Ok(ModelEvent::TextDelta { item: 0, part: 0, delta: text.to_owned() })
}

fn done(kind: OutputKind) -> Event {
    Ok(ModelEvent::ItemDone { item: 0, output: kind.into() })
}

fn message(text: &str) -> Event {
    done(OutputKind::Message(vec![OutputPart::text(text)]))
}

fn completed() -> Event {
    Ok(ModelEvent::Completed { response_id: None, usage: Usage::default(), incomplete: None })
}

async fn title(model: &Arc<Script>) -> Result<Option<String>, ModelError> {
    let model: Arc<dyn Model> = Arc::clone(model) as _;
    TitleWriter::new(model).title(&["What are lifetimes in Rust?".into()]).await
}

#[tokio::test]
async fn the_answer_becomes_the_title() {
    let thought = || done(OutputKind::Reasoning(vec!["Hm".to_owned()]));
    let thinks = Ok(ModelEvent::ReasoningDelta { item: 0, part: 0, delta: "Hm".to_owned() });
    for events in [
        vec![thinks.clone(), thought(), delta("Rust "), delta("lifetimes."), completed()],
        vec![delta("Rust"), message("“Rust lifetimes”"), completed()],
        // Nothing is waited for after the message.
        vec![thought(), message("Rust lifetimes\n\nIt is about …")],
    ] {
        assert_eq!(title(&Script::new(events)).await.unwrap().unwrap(), "Rust lifetimes");
    }
}

#[tokio::test]
async fn no_title_comes_of_no_answer() {
    let refusal = || OutputPart::Refusal("I cannot".to_owned());
    for events in [
        vec![completed()],
        vec![delta(" \n"), completed()],
        vec![done(OutputKind::Message(vec![refusal()])), completed()],
        vec![
            Ok(ModelEvent::PartAdded { item: 0, part: 0, content: refusal() }),
            delta("I cannot"),
            completed(),
        ],
    ] {
        assert_eq!(title(&Script::new(events)).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_broken_answer_is_an_error() {
    let cut = Script::new([delta("Rust life")]);
    assert_eq!(title(&cut).await, Err(ModelError::Closed));
    let failed = ModelError::Transport("gone".to_owned());
    assert_eq!(title(&Script::new([Err(failed.clone())])).await, Err(failed));
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let model = Script::new((0..100_000).map(|_| delta("word ")));
    let title = title(&model).await.unwrap().unwrap();
    assert!(title.starts_with("word word") && title.chars().count() <= 60, "{title}");
}

#[tokio::test(start_paused = true)]
async fn a_model_that_hangs_is_given_up() {
    let model = Script::hanging([delta("Rust")]);
    let error = title(&model).await.unwrap_err();
    assert!(matches!(error, ModelError::Timeout { .. }), "{error}");
    assert_eq!(model.open_streams(), 0);
}

#[tokio::test]
async fn dropping_closes_the_request() {
    let model = Script::hanging([delta("Rust")]);
    {
        let mut title = pin!(title(&model));
        assert_eq!(poll_immediate(&mut title).await, None);
        assert_eq!(model.open_streams(), 1);
    }
    assert_eq!(model.open_streams(), 0);
}

#[tokio::test]
async fn the_model_reads_little() {
    let model = Script::new([message("A title")]);
    let writer = TitleWriter::new(Arc::clone(&model) as _);
    let image = InputContent::Image { url: "data:secret".to_owned(), detail: None };
    let text = InputContent::Text(format!("Was ist das? {}", "ü".repeat(100_000)));
    let message = InputMessage { role: Role::User, content: vec![text, image] };
    let mut items = vec![InputItem::text(Role::Developer, "be nice"), InputItem::Message(message)];
    items.extend((0..1_000).map(|_| InputItem::text(Role::Assistant, "Ein Bild.")));
    assert_eq!(writer.title(&items).await.unwrap().unwrap(), "A title");

    let requests = model.requests();
    let json = serde_json::to_value(&requests[0].input).unwrap();
    let read = json[0]["content"][0]["text"].as_str().unwrap();
    assert!(read.contains("User: Was ist das?") && read.contains("Assistant: Ein Bild."), "{read}");
    assert!(!read.contains("secret") && !read.contains("be nice"), "{read}");
    assert!(read.len() < 4_000, "{} bytes", read.len());
    assert!(requests[0].instructions.as_ref().unwrap().contains("language"));
}

#[tokio::test]
async fn the_first_words_do_without_a_model() {
    let writer = TitleWriter::from_first_message().max_chars(20);
    let items = ["What are lifetimes in Rust?".into(), "second".into()];
    assert_eq!(writer.title(&items).await.unwrap().unwrap(), "What are lifetimes…");
    let items = [InputItem::text(Role::Assistant, "Welcome"), "Hi".into()];
    assert_eq!(writer.title(&items).await.unwrap().unwrap(), "Hi");
    assert_eq!(writer.title(&[]).await.unwrap(), None);
    assert_eq!(writer.title(&[InputItem::user(" \n")]).await.unwrap(), None);
}

/// Says something and gives its thread a title beside it.
struct Assistant {
    titles: TitleWriter,
}

impl ChatKitServer for Assistant {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let answer = events.message("the answer");
            let (answer, ()) = tokio::join!(answer, self.titles.set_title(&turn));
            answer
        })
    }
}

fn assistant(titles: TitleWriter) -> ChatKit<Assistant> {
    ChatKit::new(Assistant { titles }, MemoryStore::new())
}

async fn stream(chatkit: &ChatKit<Assistant>, request: Value) -> chatkit_server::Subscription {
    match chatkit.process(request.to_string().as_bytes(), ()).await {
        Response::Stream(frames) => frames,
        other @ Response::Json { .. } => panic!("expected a stream, found {other:?}"),
    }
}

async fn say(chatkit: &ChatKit<Assistant>, op: &str, thread_id: &str, text: &str) -> String {
    let input = json!({"content": [{"type": "input_text", "text": text}]});
    let params = json!({"thread_id": thread_id, "input": input});
    let frames = stream(chatkit, json!({"type": op, "params": params})).await;
    String::from_utf8(frames.collect::<Vec<_>>().await.concat()).unwrap()
}

async fn only_thread(chatkit: &ChatKit<Assistant>) -> ThreadMetadata {
    let page = chatkit_server::PageRequest::first(2, chatkit_protocol::Order::Desc);
    let mut threads = chatkit.store().load_threads(&Owner::default(), &page).await.unwrap().data;
    assert_eq!(threads.len(), 1);
    threads.remove(0)
}

#[tokio::test]
async fn a_thread_gets_a_title_once() {
    let model = Script::new([message("Rust lifetimes")]);
    let chatkit = assistant(TitleWriter::new(Arc::clone(&model) as _));
    let body = say(&chatkit, "threads.create", "", "What are lifetimes?").await;
    assert!(body.contains("the answer"), "{body}");
    assert!(body.contains("\"thread.updated\""), "{body}");
    let thread = only_thread(&chatkit).await;
    assert_eq!(thread.title.as_deref(), Some("Rust lifetimes"));

    say(&chatkit, "threads.add_user_message", &thread.id, "And now?").await;
    assert_eq!(model.requests().len(), 1);
}

#[tokio::test]
async fn a_failure_does_not_fail_the_turn() {
    let model = Script::new([Err(ModelError::Closed)]);
    let chatkit = assistant(TitleWriter::new(model as _));
    let body = say(&chatkit, "threads.create", "", "What are lifetimes?").await;
    assert!(body.contains("the answer") && !body.contains("\"type\":\"error\""), "{body}");
    assert_eq!(only_thread(&chatkit).await.title, None);
}

#[tokio::test]
async fn what_was_said_before_counts_when_there_is_no_text() {
    let chatkit = assistant(TitleWriter::from_first_message());
    say(&chatkit, "threads.create", "", " ").await;
    assert_eq!(only_thread(&chatkit).await.title.as_deref(), None);
    let thread = only_thread(&chatkit).await;
    // The answer of the turn before.
    say(&chatkit, "threads.add_user_message", &thread.id, "").await;
    assert_eq!(only_thread(&chatkit).await.title.as_deref(), Some("the answer"));
}

/// A model that answers when it is told to.
struct Waiting(Arc<Notify>);

impl Model for Waiting {
    fn name(&self) -> &str {
        "waiting"
    }

    fn stream(&self, _: ModelRequest) -> ModelStream {
        let told = Arc::clone(&self.0);
        Box::pin(stream::once(async move {
            told.notified().await;
            message("late")
        }))
    }
}

#[tokio::test]
async fn the_answer_does_not_wait_for_the_title() {
    let told = Arc::new(Notify::new());
    let titles = TitleWriter::new(Arc::new(Waiting(Arc::clone(&told))));
    let chatkit = assistant(titles.time_limit(Duration::from_secs(3_600)));
    let input = json!({"content": [{"type": "input_text", "text": "Hi"}]});
    let request = json!({"type": "threads.create", "params": {"input": input}});
    let mut frames = stream(&chatkit, request).await;
    let mut body = Vec::new();
    while !String::from_utf8_lossy(&body).contains("thread.item.done\",\"item\":{\"type\":\"assist")
    {
        body.extend_from_slice(&frames.next().await.unwrap());
    }
    let mut rest = pin!(frames.collect::<Vec<_>>());
    // Only the title is missing.
    future::poll_fn(|context| {
        assert!(rest.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
    told.notify_one();
    rest.await;
    assert_eq!(only_thread(&chatkit).await.title.as_deref(), Some("late"));
}
