//! A model's provider for tests: a real HTTP server that answers as it was told.
//!
//! ```
//! use chatkit_testkit::provider::{Answer, FakeProvider, responses};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let provider = FakeProvider::start().await;
//! provider.answer(Answer::events(responses::text("Hello!")));
//! provider.answer(Answer::status(429).header("retry-after", "1"));
//! // … ask `provider.url()` twice, then look at what was asked:
//! assert!(provider.requests().is_empty());
//! # }
//! ```

mod answer;
pub mod chat;
mod connection;
pub mod responses;

pub use answer::{Answer, Chunking, Gate};

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{AbortHandle, JoinSet},
};

/// A model's provider on a free port of the loopback address. It is gone when it is dropped.
///
/// Each request takes the next [`Answer`]; without one it is answered 500.
#[derive(Debug)]
pub struct FakeProvider {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

/// A request that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The method, normally `POST`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as JSON; `null` if it is none.
    pub body: Value,
}

impl Request {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let is_it = |header: &&(String, String)| header.0.eq_ignore_ascii_case(name);
        self.headers.iter().find(is_it).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    always: Mutex<Option<Answer>>,
    requests: Mutex<Vec<Request>>,
    counts: watch::Sender<Counts>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    connections: usize,
    requests: usize,
    closed: usize,
}

impl FakeProvider {
    /// A provider without answers.
    ///
    /// # Panics
    ///
    /// When no port of the loopback address is free, or outside a tokio runtime.
    pub async fn start() -> Self {
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port of the loopback address");
        let address = listener.local_addr().expect("the address of a listener");
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(serve(listener, Arc::clone(&shared))).abort_handle();
        Self { address, shared, task }
    }

    /// The base URL: `http://127.0.0.1:PORT/v1`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds an answer for a request to come.
    pub fn answer(&self, answer: Answer) {
        lock(&self.shared.answers).push_back(answer);
    }

    /// Answers so whenever there is no other answer.
    pub fn answer_always(&self, answer: Answer) {
        *lock(&self.shared.always) = Some(answer);
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Waits until there were so many requests, and returns the last of them.
    pub async fn request(&self, count: usize) -> Option<Request> {
        self.wait(|counts| counts.requests >= count).await;
        count.checked_sub(1).and_then(|last| lock(&self.shared.requests).get(last).cloned())
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.counts.borrow().connections
    }

    /// How many connections the client has closed before their answer was complete.
    pub fn closed_count(&self) -> usize {
        self.shared.counts.borrow().closed
    }

    /// Waits until the client has closed a connection before its answer was complete.
    pub async fn closed(&self) {
        self.wait(|counts| counts.closed > 0).await;
    }

    async fn wait(&self, until: impl FnMut(&Counts) -> bool) {
        // The sender lives as long as this.
        let _ = self.shared.counts.subscribe().wait_for(until).await;
    }
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn next_answer(&self, request: Request) -> Answer {
        lock(&self.requests).push(request);
        self.counts.send_modify(|counts| counts.requests += 1);
        let next = lock(&self.answers).pop_front();
        next.or_else(|| lock(&self.always).clone())
            .unwrap_or_else(|| Answer::status(500).body("this provider has no answer left"))
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and with it all connections.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.counts.send_modify(|counts| counts.connections += 1);
        connections.spawn(connection::serve(stream, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
