//! The server's side of HTTP/1.1, byte by byte.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
};

use serde_json::Value;

/// What a client asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    /// What was read and not used yet.
    buffer: Vec<u8>,
}

impl Request {
    /// The head, as far as its empty line.
    pub(super) fn parse_head(head: &[u8]) -> Self {
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let method = first.next().unwrap_or_default().to_owned();
        let path = first.next().unwrap_or_default().to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self { method, path, headers, body: Vec::new() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// How long its body is. The probe sends no chunks.
    pub(super) fn length(&self) -> usize {
        assert_eq!(self.header("transfer-encoding"), None, "requests have a length");
        self.header("content-length").map_or(0, |length| length.parse().unwrap())
    }

    /// The op it asks for; empty if it is none.
    pub(crate) fn op(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["type"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether it asks for a streaming op.
    pub(crate) fn is_streaming(&self) -> bool {
        const STREAMING: [&str; 6] = [
            "threads.create",
            "threads.add_user_message",
            "threads.add_client_tool_output",
            "threads.add_structured_input",
            "threads.retry_after_item",
            "threads.custom_action",
        ];
        STREAMING.contains(&self.op().as_str())
    }
}

impl Client {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// The next request. `None` if the client has gone.
    pub(crate) fn request(&mut self) -> io::Result<Option<Request>> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if !self.fill()? {
                return Ok(None);
            }
        };
        let head: Vec<u8> = self.buffer.drain(..end).collect();
        let mut request = Request::parse_head(&head);
        let length = request.length();
        while self.buffer.len() < length {
            if !self.fill()? {
                return Ok(None);
            }
        }
        request.body = self.buffer.drain(..length).collect();
        Ok(Some(request))
    }

    /// Sends the head of a response whose body comes in chunks.
    pub(crate) fn chunked_head(
        &mut self,
        status: u16,
        headers: &[(String, String)],
    ) -> io::Result<()> {
        self.head(status, headers, "transfer-encoding: chunked")
    }

    /// Sends a whole response.
    pub(crate) fn respond(
        &mut self,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
    ) -> io::Result<()> {
        self.head(status, headers, &format!("content-length: {}", body.len()))?;
        self.bytes(body)
    }

    fn head(&mut self, status: u16, headers: &[(String, String)], framing: &str) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {status} As Told\r\n{framing}\r\n");
        for (name, value) in headers {
            if !["transfer-encoding", "content-length", "connection"].contains(&name.as_str()) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head.push_str("\r\n");
        self.bytes(head.as_bytes())
    }

    /// Sends a chunk of a body, nothing for nothing.
    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() { Ok(()) } else { self.bytes(&chunk(bytes)) }
    }

    /// Ends a body of chunks.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.bytes(b"0\r\n\r\n")
    }

    /// Sends bytes as they are, in one write.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Waits until the client has left.
    pub(crate) fn wait_until_it_leaves(&mut self) {
        while self.fill().is_ok_and(|more| more) {}
    }

    fn fill(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 16 * 1024];
        let read = self.stream.read(&mut bytes)?;
        self.buffer.extend_from_slice(&bytes[..read]);
        Ok(read > 0)
    }
}

/// A chunk on the wire.
pub(super) fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}
