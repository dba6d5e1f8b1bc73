//! Requests whose whole answer is wanted.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::timeout;

use crate::{BenchError, connection::Connection, events::Events, exchange::Failure, script::Post};

/// Asks over one connection, which is opened anew when the server closed it.
#[derive(Debug)]
pub(super) struct Asker {
    address: SocketAddr,
    timeout: Duration,
    connection: Connection,
}

/// An answer, whether it is a stream or a document.
#[derive(Debug)]
pub(super) struct Answer {
    /// From the request to the first text delta.
    pub(super) first_text: Option<Duration>,
    pub(super) total: Duration,
    pub(super) bytes: u64,
    content: Vec<u8>,
    is_stream: bool,
}

/// The events of a stream.
#[derive(Debug)]
pub(super) struct Streamed {
    pub(super) events: Vec<Value>,
}

const DELTA: &[u8] = b"content_part.text_delta";
const ERROR: &[u8] = br#""type":"error""#;

impl Asker {
    pub(super) async fn open(address: SocketAddr, timeout: Duration) -> Result<Self, BenchError> {
        let connection = Connection::open(address, false).await?;
        Ok(Self { address, timeout, connection })
    }

    /// Asks, and reads all there is. An answer that is a failure is none.
    pub(super) async fn ask(&mut self, post: &Post) -> Result<Answer, BenchError> {
        if !self.connection.is_open() {
            self.connection = Connection::open(self.address, false).await?;
        }
        let asked = timeout(self.timeout, whole(&mut self.connection, post)).await;
        let answer = asked.unwrap_or(Err(Failure::Timeout(self.timeout)))?;
        if answer.is_stream && memchr::memmem::find(&answer.content, ERROR).is_some() {
            return Err(BenchError::Answer("a stream ended with an error"));
        }
        Ok(answer)
    }

    /// Asks for a stream and takes its events.
    pub(super) async fn stream(&mut self, post: &Post) -> Result<Streamed, BenchError> {
        let answer = self.ask(post).await?;
        let mut streamed = Streamed { events: Vec::new() };
        let mut wrong = None;
        Events::default().feed(&answer.content, |event| match serde_json::from_slice(event) {
            Ok(event) => streamed.events.push(event),
            Err(error) => wrong = Some(error),
        });
        wrong.map_or(Ok(streamed), |error| Err(error.into()))
    }
}

async fn whole(connection: &mut Connection, post: &Post) -> Result<Answer, Failure> {
    let before = connection.bytes;
    let start = Instant::now();
    connection.send(&post.http1).await?;
    let head = connection.head().await?;
    if head.status != 200 {
        return Err(Failure::Status(head.status));
    }
    let mut content = Vec::new();
    let mut first_text = None;
    loop {
        let read = content.len();
        let goes_on = connection.body(|data| content.extend_from_slice(data)).await?;
        if head.is_event_stream && first_text.is_none() {
            // The name may stand across two reads.
            let new = content.get(read.saturating_sub(DELTA.len())..).unwrap_or_default();
            if memchr::memmem::find(new, DELTA).is_some() {
                first_text = Some(connection.read_at.saturating_duration_since(start));
            }
        }
        if !goes_on {
            break;
        }
    }
    Ok(Answer {
        first_text,
        total: start.elapsed(),
        bytes: connection.bytes - before,
        content,
        is_stream: head.is_event_stream,
    })
}
