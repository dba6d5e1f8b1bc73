//! As much of a thread as a model is to read, in the turn of a real server.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use chatkit_agents::{
    DefaultConverter, ThreadItemConverter as _, TokenBudget, load_input, model::InputItem,
};
use chatkit_protocol::{
    Action, Attachment, AttachmentId, ItemId, Page, ThreadId, ThreadItem, ThreadMetadata,
    WidgetItem,
};
use chatkit_server::{
    ChatKit, ChatKitServer, EventStream, MemoryStore, Owner, PageRequest, RespondError, Response,
    Store, StoreResult, Turn, Visibility, async_trait,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::{assistant, hidden, item, texts, user};

/// A memory store that counts the items that were loaded in pages.
struct Counting {
    store: MemoryStore,
    loaded: AtomicUsize,
}

#[async_trait]
impl Store for Counting {
    async fn load_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<ThreadMetadata> {
        self.store.load_thread(owner, id).await
    }

    async fn save_thread(&self, owner: &Owner, thread: &ThreadMetadata) -> StoreResult<()> {
        self.store.save_thread(owner, thread).await
    }

    async fn load_threads(
        &self,
        owner: &Owner,
        page: &PageRequest,
    ) -> StoreResult<Page<ThreadMetadata>> {
        self.store.load_threads(owner, page).await
    }

    async fn delete_thread(&self, owner: &Owner, id: &ThreadId) -> StoreResult<()> {
        self.store.delete_thread(owner, id).await
    }

    async fn load_thread_items(
        &self,
        owner: &Owner,
        id: &ThreadId,
        page: &PageRequest,
        visibility: Visibility,
    ) -> StoreResult<Page<ThreadItem>> {
        let page = self.store.load_thread_items(owner, id, page, visibility).await?;
        self.loaded.fetch_add(page.data.len(), Ordering::Relaxed);
        Ok(page)
    }

    async fn load_item(
        &self,
        owner: &Owner,
        id: &ThreadId,
        item: &ItemId,
    ) -> StoreResult<ThreadItem> {
        self.store.load_item(owner, id, item).await
    }

    async fn save_item(&self, owner: &Owner, id: &ThreadId, item: &ThreadItem) -> StoreResult<()> {
        self.store.save_item(owner, id, item).await
    }

    async fn delete_item(&self, owner: &Owner, id: &ThreadId, item: &ItemId) -> StoreResult<()> {
        self.store.delete_item(owner, id, item).await
    }

    async fn save_attachment(&self, owner: &Owner, attachment: &Attachment) -> StoreResult<()> {
        self.store.save_attachment(owner, attachment).await
    }

    async fn load_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<Attachment> {
        self.store.load_attachment(owner, id).await
    }

    async fn delete_attachment(&self, owner: &Owner, id: &AttachmentId) -> StoreResult<()> {
        self.store.delete_attachment(owner, id).await
    }
}

/// Loads the input of each turn with the converter, and keeps it.
struct Loader {
    converter: DefaultConverter,
    input: Arc<Mutex<Vec<InputItem>>>,
}

impl ChatKitServer for Loader {
    type Context = ();

    fn action(&self, turn: Turn<()>, _: Action, _: Option<WidgetItem>) -> EventStream<'_> {
        self.respond(turn)
    }

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, _events| {
            let input = load_input(&turn, &self.converter).await;
            *self.input.lock().unwrap() = input.map_err(RespondError::unexpected)?;
            Ok(())
        })
    }
}

/// What is loaded when a last message follows the items, and how many items were read for it.
async fn load(
    fields: impl IntoIterator<Item = Value>,
    converter: DefaultConverter,
    last: Value,
) -> (Vec<InputItem>, usize) {
    run(fields, converter, "threads.add_user_message", json!({"input": last})).await
}

async fn run(
    fields: impl IntoIterator<Item = Value>,
    converter: DefaultConverter,
    op: &str,
    mut params: Value,
) -> (Vec<InputItem>, usize) {
    let store = Counting { store: MemoryStore::new(), loaded: AtomicUsize::new(0) };
    let store = Arc::new(store);
    let owner = Owner::default();
    let thread = ThreadMetadata::new("thr_1".into(), "2026-01-01T00:00:00Z".parse().unwrap());
    store.save_thread(&owner, &thread).await.unwrap();
    for (number, fields) in fields.into_iter().enumerate() {
        store.save_item(&owner, &thread.id, &item(number, fields)).await.unwrap();
    }
    let input = Arc::default();
    let loader = Loader { converter, input: Arc::clone(&input) };
    let chatkit = ChatKit::builder(loader, Arc::clone(&store) as Arc<dyn Store>).build();
    params["thread_id"] = json!("thr_1");
    let request = json!({"type": op, "params": params});
    let Response::Stream(frames) = chatkit.process(request.to_string().as_bytes(), ()).await else {
        panic!("expected a stream")
    };
    let frames: Vec<_> = frames.collect().await;
    let body = String::from_utf8(frames.concat()).unwrap();
    assert!(!body.contains("\"type\":\"error\""), "{body}");
    let input = std::mem::take(&mut *input.lock().unwrap());
    (input, store.loaded.load(Ordering::Relaxed))
}

fn input(text: &str) -> Value {
    json!({"content": [{"type": "input_text", "text": text}], "quoted_text": "quoted"})
}

/// Turns of three items each.
fn turns(turns: usize) -> impl Iterator<Item = Value> {
    (0..turns).flat_map(|turn| {
        [user(&format!("question {turn}")), hidden("note"), assistant(&format!("answer {turn}"))]
    })
}

/// A token per item.
fn budget(items: usize) -> TokenBudget {
    TokenBudget::new(items).with_estimate(|_| 1)
}

#[tokio::test]
async fn a_short_thread_is_loaded_whole() {
    for (count, pages) in [(0, "one"), (33, "just one"), (34, "two"), (200, "many")] {
        let (loaded, _) = load(turns(count), DefaultConverter::new(), input("now")).await;
        let mut items: Vec<_> = turns(count).collect();
        let mut last = user("now");
        last["quoted_text"] = json!("quoted");
        items.push(last);
        let items: Vec<_> =
            items.into_iter().enumerate().map(|(number, fields)| item(number, fields)).collect();
        let expected = DefaultConverter::new().to_agent_input(&items).await.unwrap();
        assert!(texts(&expected).last().unwrap().contains("quoted"));
        assert_eq!(loaded, expected, "{pages}");
    }
}

#[tokio::test]
async fn a_long_thread_is_not_read_whole() {
    let converter = DefaultConverter::new().token_budget(budget(300)).max_items(10_000);
    let (loaded, read) = load(turns(33_334), converter, input("now")).await;
    // Message and quoted text, and 99 turns of three.
    assert_eq!(loaded.len(), 2 + 99 * 3);
    assert_eq!(texts(&loaded)[0], "question 33235");
    assert!(read <= 400, "{read} items were read");
}

#[tokio::test]
async fn the_window_begins_with_a_turn() {
    for (most, expected) in [(0, 2), (1, 2), (3, 2), (4, 5), (6, 5), (7, 8), (1_000, 32)] {
        let converter = DefaultConverter::new().max_items(most);
        let (loaded, read) = load(turns(10), converter, input("now")).await;
        assert_eq!(loaded.len(), expected, "{most}");
        assert!(read <= most.clamp(1, 31) + 1, "{read} items were read of {most}");
    }
}

#[tokio::test]
async fn a_turn_longer_than_the_window_is_cut() {
    let items = (0..50).map(|number| assistant(&number.to_string()));
    let converter = DefaultConverter::new().max_items(3).token_budget(budget(2));
    let params = json!({"action": {"type": "x", "payload": null}});
    let (loaded, _) = run(items, converter, "threads.custom_action", params).await;
    assert_eq!(texts(&loaded), ["47", "48", "49"]);
}
