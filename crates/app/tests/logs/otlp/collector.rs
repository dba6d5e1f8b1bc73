//! A collector: takes what it is sent.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;

use crate::common::until;

/// A collector on a free port. Its threads end with the process.
pub(super) struct Collector {
    address: SocketAddr,
    bodies: Arc<Mutex<Vec<Body>>>,
}

/// The content type and the bytes.
type Body = (String, Vec<u8>);

/// A span as it was sent.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) name: String,
    pub(super) kind: u64,
    pub(super) status: u64,
    pub(super) start: u64,
    pub(super) end: u64,
    /// The values without the names of their types.
    pub(super) attributes: BTreeMap<String, Value>,
    pub(super) events: Vec<String>,
}

impl Collector {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let bodies = Arc::<Mutex<Vec<_>>>::default();
        let taken = Arc::clone(&bodies);
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let taken = Arc::clone(&taken);
                thread::spawn(move || take(connection, &taken));
            }
        });
        Self { address, bodies }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was sent.
    pub(super) fn bodies(&self) -> Vec<Body> {
        self.bodies.lock().unwrap().clone()
    }

    /// The spans, once they are as the test wants them.
    pub(super) fn spans_once(&self, what: &str, are_enough: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        until(&format!("{what} spans have come"), || are_enough(&self.spans()));
        self.spans()
    }

    /// An attribute of what the spans come from.
    pub(super) fn resource(&self, name: &str) -> Option<Value> {
        let batch = self.batches().into_iter().next()?;
        attributes(&batch["resource"]["attributes"]).remove(name)
    }

    fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for batch in self.batches() {
            for scope in batch["scopeSpans"].as_array().unwrap() {
                spans.extend(scope["spans"].as_array().unwrap().iter().map(span));
            }
        }
        spans
    }

    fn batches(&self) -> Vec<Value> {
        let bodies = self.bodies();
        let parse = |(content_type, body): &Body| {
            assert_eq!(content_type, "application/json");
            let body: Value = serde_json::from_slice(body).unwrap();
            body["resourceSpans"].as_array().unwrap().clone()
        };
        bodies.iter().flat_map(parse).collect()
    }
}

fn span(span: &Value) -> Span {
    let text = |name: &str| span[name].as_str().unwrap_or_default().to_owned();
    let time = |name: &str| text(name).parse().unwrap();
    let parent = text("parentSpanId");
    let message = |event: &Value| {
        let name = event["name"].as_str().unwrap().to_owned();
        attributes(&event["attributes"])
            .remove("message")
            .and_then(|message| message.as_str().map(str::to_owned))
            .unwrap_or(name)
    };
    Span {
        trace: text("traceId"),
        id: text("spanId"),
        parent: (!parent.is_empty()).then_some(parent),
        name: text("name"),
        kind: span["kind"].as_u64().unwrap(),
        status: span["status"]["code"].as_u64().unwrap_or_default(),
        start: time("startTimeUnixNano"),
        end: time("endTimeUnixNano"),
        attributes: attributes(&span["attributes"]),
        events: span["events"].as_array().into_iter().flatten().map(message).collect(),
    }
}

fn attributes(pairs: &Value) -> BTreeMap<String, Value> {
    let pair = |pair: &Value| {
        let value = pair["value"].as_object().and_then(|typed| typed.values().next());
        (pair["key"].as_str().unwrap().to_owned(), value.cloned().unwrap_or_default())
    };
    pairs.as_array().into_iter().flatten().map(pair).collect()
}

/// Takes requests until the connection is closed.
fn take(connection: TcpStream, bodies: &Mutex<Vec<Body>>) {
    let mut reader = BufReader::new(connection);
    loop {
        let (mut length, mut content_type) = (0, String::new());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            } else if let Some(value) = line.strip_prefix("content-type:") {
                value.trim().clone_into(&mut content_type);
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        bodies.lock().unwrap().push((content_type, body));
        let answer =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        if reader.get_mut().write_all(answer).is_err() {
            return;
        }
    }
}
