//! HTTP/2 without TLS: what a proxy that speaks it to its backend relies on.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    net::{Shutdown, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use chatkit_http::{Options, ServeOptions, router, serve_with};
use chatkit_server::{
    CancelReason, ChatKit, ChatKitServer, EndReason, EventStream, MemoryStore, StreamStats, Turn,
};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode, Version,
    body::Incoming,
    client::conn::http2::{SendRequest, handshake},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(60);

/// Says `begun`, and to `wait` nothing more until it is let go.
struct Talker {
    go_on: Arc<Notify>,
    ends: mpsc::UnboundedSender<EndReason>,
}

impl ChatKitServer for Talker {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async |turn, events| {
            let mut message = events.stream_message().await?;
            message.text("begun").await?;
            if turn.input_text() == "wait" {
                self.go_on.notified().await;
            }
            message.text(" and done").await?;
            message.done().await
        })
    }

    fn stream_ended(&self, stats: &StreamStats, (): &()) {
        self.ends.send(stats.end).unwrap();
    }
}

struct Server {
    address: SocketAddr,
    go_on: Arc<Notify>,
    ends: mpsc::UnboundedReceiver<EndReason>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(Options::default(), ServeOptions::default()).await
    }

    async fn start_with(options: Options, serving: ServeOptions) -> Self {
        let (sender, ends) = mpsc::unbounded_channel();
        let go_on = Arc::new(Notify::new());
        let talker = Talker { go_on: Arc::clone(&go_on), ends: sender };
        let app = router(ChatKit::new(talker, MemoryStore::new()), options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            serve_with(listener, app, serving, stopped).await.unwrap();
        });
        Self { address, go_on, ends, stop: Some(stop), serving }
    }

    async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.unwrap().into_std().unwrap();
        let wire = stream.try_clone().unwrap();
        let stream = TcpStream::from_std(stream).unwrap();
        let (requests, connection) =
            handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let open = tokio::spawn(async { drop(connection.await) });
        Client { requests, open, wire }
    }

    async fn next_end(&mut self) -> EndReason {
        timeout(LONG, self.ends.recv()).await.unwrap().unwrap()
    }
}

struct Client {
    requests: SendRequest<Full<Bytes>>,
    /// Ends with the connection.
    open: JoinHandle<()>,
    /// The connection below HTTP.
    wire: std::net::TcpStream,
}

impl Client {
    async fn post(&mut self, body: &Value) -> Response<Incoming> {
        self.requests.ready().await.unwrap();
        let request = Request::builder()
            .method(Method::POST)
            .uri("http://chat.example/chatkit")
            .version(Version::HTTP_2)
            .body(Full::from(body.to_string()))
            .unwrap();
        timeout(LONG, self.requests.send_request(request)).await.unwrap().unwrap()
    }

    async fn stream(&mut self, text: &str) -> Reading {
        let response = self
            .post(&json!({"type": "threads.create", "params": {"input": {
                "content": [{"type": "input_text", "text": text}],
                "attachments": [], "inference_options": {},
            }}}))
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Reading { body: response.into_body(), read: String::new() }
    }

    async fn threads(&mut self) -> usize {
        let listed = self.post(&json!({"type": "threads.list", "params": {}})).await;
        let listed = listed.into_body().collect().await.unwrap().to_bytes();
        let listed: Value = serde_json::from_slice(&listed).unwrap();
        listed["data"].as_array().unwrap().len()
    }

    async fn closed(self) {
        drop(self.requests);
        timeout(LONG, self.open).await.unwrap().unwrap();
    }
}

struct Reading {
    body: Incoming,
    read: String,
}

impl Reading {
    async fn until(&mut self, wanted: &str) {
        while !self.read.contains(wanted) {
            assert!(self.more().await, "the stream ended without {wanted}: {}", self.read);
        }
    }

    async fn rest(mut self) -> String {
        while self.more().await {}
        self.read
    }

    async fn more(&mut self) -> bool {
        let Some(frame) = timeout(LONG, self.body.frame()).await.unwrap() else {
            return false;
        };
        if let Ok(data) = frame.unwrap().into_data() {
            self.read.push_str(str::from_utf8(&data).unwrap());
        }
        true
    }
}

#[tokio::test]
async fn streams_and_other_requests_share_a_connection() {
    let mut server = Server::start().await;
    let mut client = server.connect().await;
    let mut waiting = client.stream("wait").await;
    waiting.until("begun").await;
    let said = client.stream("speak").await.rest().await;
    assert!(said.contains(" and done") && said.contains("thread.item.done"), "{said}");
    assert_eq!(client.threads().await, 2);
    server.go_on.notify_one();
    let said = waiting.rest().await;
    assert!(said.contains("thread.item.done"), "{said}");
    for _ in 0..2 {
        assert_eq!(server.next_end().await, EndReason::Completed);
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_is_cancelled_and_the_others_go_on() {
    let mut server = Server::start().await;
    let mut client = server.connect().await;
    let (mut first, mut second) = (client.stream("wait").await, client.stream("wait").await);
    first.until("begun").await;
    second.until("begun").await;
    // hyper resets a stream whose body nobody wants.
    drop(first);
    assert_eq!(server.next_end().await, EndReason::Cancelled(CancelReason::Disconnect));
    server.go_on.notify_one();
    assert!(second.rest().await.contains("thread.item.done"));
    assert_eq!(server.next_end().await, EndReason::Completed);
    assert_eq!(client.threads().await, 2);
}

#[tokio::test]
async fn a_lost_connection_cancels_its_streams() {
    let mut server = Server::start().await;
    let mut client = server.connect().await;
    let (mut first, mut second) = (client.stream("wait").await, client.stream("wait").await);
    first.until("begun").await;
    second.until("begun").await;
    client.wire.shutdown(Shutdown::Both).unwrap();
    for _ in 0..2 {
        assert_eq!(server.next_end().await, EndReason::Cancelled(CancelReason::Disconnect));
    }
}

#[tokio::test]
async fn a_silent_stream_has_heartbeats() {
    let mut options = Options::default();
    options.heartbeat = Duration::from_millis(50);
    let server = Server::start_with(options, ServeOptions::default()).await;
    let mut stream = server.connect().await.stream("wait").await;
    stream.until(": ping\n\n: ping\n\n").await;
}

#[tokio::test]
async fn at_the_end_of_the_server_streams_come_to_theirs() {
    let mut server = Server::start().await;
    let mut client = server.connect().await;
    let idle = server.connect().await;
    let mut stream = client.stream("wait").await;
    stream.until("begun").await;
    server.stop.take().unwrap().send(()).unwrap();
    idle.closed().await;
    server.go_on.notify_one();
    assert!(stream.rest().await.contains("thread.item.done"));
    timeout(LONG, &mut server.serving).await.unwrap().unwrap();
    assert!(client.requests.ready().await.is_err());
}

#[tokio::test]
async fn a_connection_without_streams_is_closed_after_a_while() {
    let mut serving = ServeOptions::default();
    serving.header_timeout = Duration::from_millis(50);
    let server = Server::start_with(Options::default(), serving).await;
    let mut busy = server.connect().await;
    let mut stream = busy.stream("wait").await;
    stream.until("begun").await;
    // Three in turn: in that time the one with a stream would have been closed as well.
    for _ in 0..3 {
        let idle = server.connect().await;
        timeout(LONG, idle.open).await.unwrap().unwrap();
    }
    server.go_on.notify_one();
    assert!(stream.rest().await.contains("thread.item.done"));
    timeout(LONG, busy.open).await.unwrap().unwrap();
}

/// Sends pieces one by one and returns the first bytes of the answer.
async fn answer(server: &Server, pieces: impl Iterator<Item = &[u8]>) -> [u8; 12] {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in pieces {
        stream.write_all(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut answer = [0; 12];
    timeout(LONG, stream.read_exact(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn the_first_bytes_may_come_in_pieces() {
    const EMPTY_SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    const SETTINGS: u8 = 4;
    let server = Server::start().await;
    for size in [1, 5, 100] {
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".chunks(size);
        assert_eq!(answer(&server, preface.chain([EMPTY_SETTINGS])).await[3], SETTINGS);
        // Other methods begin with the same letters.
        let other = b"PROPFIND /healthz HTTP/1.1\r\nhost: h\r\n\r\n".chunks(size);
        assert_eq!(&answer(&server, other).await, b"HTTP/1.1 405");
        let get = b"GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n".chunks(size);
        assert_eq!(&answer(&server, get).await, b"HTTP/1.1 200");
    }
}

#[tokio::test]
async fn a_client_that_never_says_what_it_speaks_is_sent_away() {
    let mut serving = ServeOptions::default();
    serving.header_timeout = Duration::from_millis(50);
    let server = Server::start_with(Options::default(), serving).await;
    for said in [&b""[..], b"PRI * HTTP", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut rest = Vec::new();
        timeout(LONG, stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    }
}
