//! A responder that blocks its thread on purpose, and how to mend it.
//!
//! Say `block`: the work is done where the reply is written, and the server warns about it, with
//! how long it took and for which thread. Say `offload`: the same work, on a thread that is made
//! for it, without a warning. Say `tick` in another tab meanwhile: a word every 50 ms, which goes
//! on in both cases, for a server that has seen a responder block polls the next ones where that
//! costs others nothing.
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use chatkit_http::{Options, router, serve};
use chatkit_server::{ChatKit, ChatKitServer, EventStream, MemoryStore, Turn};

struct Assistant;

impl ChatKitServer for Assistant {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let mut reply = events.stream_message().await?;
            match turn.input_text().as_str() {
                // Wrong: until the work is done, this thread serves nobody else.
                "block" => reply.text(work()).await?,
                // Right: the work has a thread of its own, and this one goes on.
                "offload" => reply.text(tokio::task::spawn_blocking(work).await?).await?,
                "tick" => {
                    for _ in 0..40 {
                        reply.text("tick ").await?;
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
                _ => reply.text("Say `block`, `offload` or `tick`.").await?,
            }
            reply.done().await
        })
    }
}

/// Something that takes long and does not wait for anything: a parser, a query without async.
fn work() -> String {
    let begun = Instant::now();
    sleep(Duration::from_millis(400));
    format!("Worked for {:.1} s.", begun.elapsed().as_secs_f64())
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "where to point the browser")]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let app = router(ChatKit::new(Assistant, MemoryStore::new()), Options::default());
    serve(listener, app, std::future::pending()).await
}
