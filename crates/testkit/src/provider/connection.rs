//! A connection of a client with a fake provider: just enough HTTP/1.1.

use std::{io, sync::Arc};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::{Request, Shared, answer::Answer, answer::Step};

/// Answers the requests of a connection until either side closes it.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // It only matters for speed.
    let _ = stream.set_nodelay(true);
    let (reader, mut writer) = stream.into_split();
    let mut input = Input { reader, bytes: Vec::new() };
    while let Ok(Some(request)) = input.request().await {
        let answer = shared.next_answer(request);
        let is_complete = tokio::select! {
            biased;
            () = input.closed() => {
                shared.counts.send_modify(|counts| counts.closed += 1);
                return;
            }
            sent = send(&mut writer, &answer) => sent,
        };
        match is_complete {
            Ok(true) => {}
            Ok(false) => return,
            Err(_) => {
                shared.counts.send_modify(|counts| counts.closed += 1);
                return;
            }
        }
    }
}

/// Sends an answer. Whether the connection can be used again.
async fn send(writer: &mut OwnedWriteHalf, answer: &Answer) -> io::Result<bool> {
    writer.write_all(answer.head().as_bytes()).await?;
    for step in answer.steps() {
        match step {
            Step::Send(bytes) => {
                answer.pass_gate().await;
                let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                chunk.extend_from_slice(&bytes);
                chunk.extend_from_slice(b"\r\n");
                writer.write_all(&chunk).await?;
            }
            Step::Stall => std::future::pending().await,
            Step::Cut => return Ok(false),
        }
    }
    writer.write_all(b"0\r\n\r\n").await?;
    Ok(true)
}

struct Input {
    reader: OwnedReadHalf,
    /// What was read and not yet used.
    bytes: Vec<u8>,
}

impl Input {
    /// The next request; `None` when the client has closed the connection.
    async fn request(&mut self) -> io::Result<Option<Request>> {
        let head = loop {
            if let Some(end) = self.bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let rest = self.bytes.split_off(end + 4);
                break std::mem::replace(&mut self.bytes, rest);
            }
            if self.reader.read_buf(&mut self.bytes).await? == 0 {
                return Ok(None);
            }
        };
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let mut request = Request {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            headers: lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect(),
            body: Value::Null,
        };
        let size = request.header("content-length").and_then(|size| size.parse().ok()).unwrap_or(0);
        while self.bytes.len() < size {
            if self.reader.read_buf(&mut self.bytes).await? == 0 {
                return Ok(None);
            }
        }
        let rest = self.bytes.split_off(size);
        let body = std::mem::replace(&mut self.bytes, rest);
        request.body = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Some(request))
    }

    /// Waits until the client closes the connection.
    async fn closed(&mut self) {
        while !matches!(self.reader.read_buf(&mut self.bytes).await, Ok(0) | Err(_)) {}
    }
}
