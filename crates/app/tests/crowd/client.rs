//! HTTP/1.1 for a thousand connections in one thread.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::common::{Frame, Head, LONG, request_bytes};

/// Makes requests, each on a connection of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    address: SocketAddr,
}

/// An event stream that is being read.
#[derive(Debug)]
pub(crate) struct EventStream {
    socket: TcpStream,
    /// What has arrived of the next chunks.
    chunks: Vec<u8>,
    /// What has arrived of the next frames.
    text: Vec<u8>,
    is_over: bool,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Asks for a streaming op.
    pub(crate) async fn stream(&self, headers: &[(&str, &str)], request: &Value) -> EventStream {
        let (socket, head, rest) = self.send(headers, request).await;
        assert_eq!(head.status, 200, "{head:?}");
        assert_eq!(head.header("transfer-encoding"), Some("chunked"), "{head:?}");
        EventStream { socket, chunks: rest, text: Vec::new(), is_over: false }
    }

    /// Asks for a JSON op that must succeed.
    pub(crate) async fn json(&self, request: &Value) -> Value {
        let (mut socket, head, mut body) = self.send(&[], request).await;
        let length: usize = head.header("content-length").unwrap().parse().unwrap();
        while body.len() < length {
            read(&mut socket, &mut body).await;
        }
        assert_eq!(head.status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    async fn send(&self, headers: &[(&str, &str)], request: &Value) -> (TcpStream, Head, Vec<u8>) {
        let connecting = timeout(LONG, TcpStream::connect(self.address)).await;
        let mut socket = connecting.expect("the server accepts").unwrap();
        let bytes = request_bytes("POST", "/chatkit", headers, request.to_string().as_bytes());
        timeout(LONG, socket.write_all(&bytes)).await.expect("the server reads").unwrap();
        let mut buffer = Vec::new();
        let end = loop {
            match buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => read(&mut socket, &mut buffer).await,
            }
        };
        let rest = buffer.split_off(end);
        (socket, Head::parse(&buffer).unwrap(), rest)
    }
}

impl EventStream {
    /// The next event and its id. `None` at the end of the stream, which must be a proper one.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        timeout(LONG, self.next_event()).await.expect("more comes than heartbeats")
    }

    async fn next_event(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some(end) = self.text.windows(2).position(|window| window == b"\n\n") {
                let frame: Vec<u8> = self.text.drain(..end + 2).collect();
                if let (Some(id), Frame::Event(event)) = Frame::parse(&frame[..end]) {
                    return Some((id, event));
                }
                continue;
            }
            if self.is_over {
                assert!(self.text.is_empty(), "the stream ends inside a frame");
                return None;
            }
            while !self.take_chunk() {
                read(&mut self.socket, &mut self.chunks).await;
            }
        }
    }

    /// Takes the next chunk if all of it has arrived.
    fn take_chunk(&mut self) -> bool {
        let Some(line) = self.chunks.windows(2).position(|window| window == b"\r\n") else {
            return false;
        };
        let size = str::from_utf8(&self.chunks[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let (begin, end) = (line + 2, line + 2 + size);
        if self.chunks.len() < end + 2 {
            return false;
        }
        self.text.extend_from_slice(&self.chunks[begin..end]);
        self.is_over = size == 0;
        self.chunks.drain(..end + 2);
        true
    }
}

async fn read(socket: &mut TcpStream, buffer: &mut Vec<u8>) {
    let reading = timeout(LONG, socket.read_buf(buffer)).await;
    let count = reading.expect("the server goes on").expect("the connection holds");
    assert!(count > 0, "the server closed the connection");
}
