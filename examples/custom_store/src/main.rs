//! A ChatKit server on a store of its own: threads in a journal, a file with one change per line.

use chatkit_http::{Options, router, serve};
use chatkit_server::{ChatKit, ChatKitServer, EventStream, Turn};
use custom_store::JournalStore;

struct Counter;

impl ChatKitServer for Counter {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let items = turn.recent_items(1000).await?;
            events.message(format!("This thread has {} items.", items.len())).await
        })
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let store = JournalStore::open("threads.jsonl")?;
    let app = router(ChatKit::new(Counter, store), Options::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    serve(listener, app, std::future::pending()).await
}
