//! Cancel reaches everything: a model's connection is closed, whoever holds it, and what has not
//! begun does not begin.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chatkit_protocol::ThreadId;
use chatkit_server::{
    ChatKit, Emitter, EventStream, MemoryStore, RespondError, Subscription, Turn,
};
use common::{Server, add_message, create, created, events, idle, json, next, stream};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A connection that is closed later than this goes on to cost money.
const CLOSED_WITHIN: Duration = Duration::from_millis(100);

/// A provider of a model: sends a word now and then, and watches its socket. Ends when the other
/// side has closed it, and says when that was.
async fn provider() -> (SocketAddr, JoinHandle<Instant>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let watching = tokio::spawn(async move {
        let (connection, _) = listener.accept().await.unwrap();
        let (mut from, mut to) = connection.into_split();
        let talking = tokio::spawn(async move {
            while to.write_all(b"word \n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        // Nothing is ever sent by the client: the end is the end, proper or not.
        let _ = from.read(&mut [0]).await;
        let closed = Instant::now();
        talking.abort();
        closed
    });
    (address, watching)
}

/// Reads words from a provider and sends them on.
async fn relay(provider: SocketAddr, events: Emitter) -> Result<(), RespondError> {
    let connection = TcpStream::connect(provider).await?;
    let mut words = BufReader::new(connection).lines();
    let mut reply = events.stream_message().await?;
    while let Some(word) = words.next_line().await? {
        reply.text(word).await?;
    }
    reply.done().await
}

/// Asks a model in its own future, or in a task elsewhere that listens to the turn's token.
fn assistant(provider: SocketAddr, elsewhere: bool) -> ChatKit<Server> {
    let respond = move |turn: Turn<()>| -> EventStream<'static> {
        turn.stream(async move |turn, events| {
            if turn.input_text() == "short" {
                return events.message("done").await;
            }
            if !elsewhere {
                return relay(provider, events).await;
            }
            let cancel = turn.cancel_token();
            let asking = tokio::spawn(async move {
                tokio::select! {
                    answered = relay(provider, events) => answered.is_ok(),
                    _ = cancel.cancelled() => false,
                }
            });
            asking.await?;
            Ok(())
        })
    };
    ChatKit::new(Server::new(respond), MemoryStore::new())
}

async fn first_word(frames: &mut Subscription) -> ThreadId {
    let mut seen = Vec::new();
    while !format!("{seen:?}").contains("word") {
        seen.extend(next(frames).await.unwrap());
    }
    created(&seen)
}

/// Cancels a turn in some way, and says how long its provider's connection was open after that.
async fn open_after_cancel(way: &str, elsewhere: bool) -> Duration {
    let (address, watching) = provider().await;
    let chatkit = assistant(address, elsewhere);
    let mut frames = stream(&chatkit, create("long")).await;
    let thread_id = first_word(&mut frames).await;
    let cancelled = Instant::now();
    match way {
        "stop" => {
            let stop =
                serde_json::json!({"type": "threads.stop", "params": {"thread_id": thread_id}});
            json(&chatkit, stop).await;
        }
        "disconnect" => drop(frames),
        "superseded" => drop(events(&chatkit, add_message(&thread_id, "short")).await),
        "shutdown" => chatkit.shut_down(Duration::ZERO).await,
        other => panic!("no way to cancel: {other}"),
    }
    let open = watching.await.unwrap().saturating_duration_since(cancelled);
    idle(&chatkit).await;
    open
}

#[tokio::test]
async fn a_models_connection_is_closed_soon() {
    for way in ["stop", "disconnect", "superseded", "shutdown"] {
        for elsewhere in [false, true] {
            // That it is closed at all is waited for; that it is soon may be spoilt by a machine
            // that does something else, but not each time.
            let mut fastest = Duration::MAX;
            for _ in 0..10 {
                fastest = fastest.min(open_after_cancel(way, elsewhere).await);
                if fastest < CLOSED_WITHIN {
                    break;
                }
            }
            assert!(fastest < CLOSED_WITHIN, "{way}, elsewhere {elsewhere}: {fastest:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_has_not_begun_does_not_begin() {
    let begun = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&begun);
    let server = Server::new(move |turn: Turn<()>| {
        let flag = Arc::clone(&flag);
        turn.stream(async move |_, events| {
            events.progress("search", "word").await?;
            // The first tool, and then the second.
            tokio::time::sleep(Duration::from_secs(60)).await;
            flag.store(true, Ordering::SeqCst);
            Ok(())
        })
    });
    let chatkit = ChatKit::new(server, MemoryStore::new());
    let mut frames = stream(&chatkit, create("hi")).await;
    first_word(&mut frames).await;
    drop(frames);
    idle(&chatkit).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(!begun.load(Ordering::SeqCst));
}
