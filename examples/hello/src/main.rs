//! The smallest ChatKit server: says what was said, word by word.
use chatkit_http::{Options, router, serve};
use chatkit_server::{ChatKit, ChatKitServer, EventStream, MemoryStore, Turn};

struct Hello;

impl ChatKitServer for Hello {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let mut reply = events.stream_message().await?;
            for word in format!("You said: {}", turn.input_text()).split_inclusive(' ') {
                reply.text(word).await?;
            }
            reply.done().await
        })
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = router(ChatKit::new(Hello, MemoryStore::new()), Options::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    serve(listener, app, std::future::pending()).await
}
