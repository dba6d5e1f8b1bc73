//! Streams over HTTP/2 without TLS (prior knowledge), many on one connection.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use h2::{
    RecvStream,
    client::{Builder, SendRequest},
};
use http::{Method, Request, header};
use tokio::{net::TcpStream, sync::Mutex};

use crate::{exchange::Failure, script::Post};

/// A connection that many streams share. It is opened anew when it broke.
#[derive(Debug)]
pub(crate) struct Shared {
    address: SocketAddr,
    sender: Mutex<Option<SendRequest<Bytes>>>,
}

/// One stream after the other over a shared connection.
#[derive(Debug)]
pub(crate) struct Http2 {
    connection: Arc<Shared>,
    body: Option<RecvStream>,
    /// Bytes of content read since the beginning.
    pub(crate) bytes: u64,
    /// When bytes were last read.
    pub(crate) read_at: Instant,
}

/// So large that flow control never holds a server back: what is measured is the server.
const STREAM_WINDOW: u32 = 16 << 20;
const CONNECTION_WINDOW: u32 = 1 << 30;

impl Shared {
    /// A connection that is opened when it is first used.
    pub(crate) fn new(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self { address, sender: Mutex::new(None) })
    }

    /// What requests are sent with, once the server takes another one.
    async fn sender(&self) -> Result<SendRequest<Bytes>, Failure> {
        let mut kept = self.sender.lock().await;
        if let Some(sender) = kept.clone() {
            drop(kept);
            if let Ok(ready) = sender.ready().await {
                return Ok(ready);
            }
            kept = self.sender.lock().await;
        }
        let sender = open(self.address).await?;
        *kept = Some(sender.clone());
        drop(kept);
        Ok(sender.ready().await?)
    }
}

async fn open(address: SocketAddr) -> Result<SendRequest<Bytes>, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .enable_push(false)
        .handshake(stream)
        .await?;
    // How it ends is told to the streams.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

impl Http2 {
    pub(crate) fn new(connection: Arc<Shared>) -> Self {
        Self { connection, body: None, bytes: 0, read_at: Instant::now() }
    }

    /// Asks for a stream and waits for the head of the response.
    pub(crate) async fn begin(&mut self, post: &Post) -> Result<(), Failure> {
        let mut sender = self.connection.sender().await?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(&post.uri)
            .header(header::ACCEPT, "text/event-stream")
            .header(header::CONTENT_TYPE, "application/json")
            .body(())
            .map_err(|_| Failure::Request)?;
        let (response, mut body) = sender.send_request(request, false)?;
        body.send_data(post.body.clone(), true)?;
        let response = response.await?;
        self.read_at = Instant::now();
        if response.status() != http::StatusCode::OK {
            return Err(Failure::Status(response.status().as_u16()));
        }
        let kind = response.headers().get(header::CONTENT_TYPE).map(http::HeaderValue::as_bytes);
        if !kind.is_some_and(|kind| kind.starts_with(b"text/event-stream")) {
            return Err(Failure::ContentType);
        }
        self.body = Some(response.into_body());
        Ok(())
    }

    /// Waits for more of the body and hands it to `on_data`. Returns whether the body goes on.
    pub(crate) async fn body(&mut self, mut on_data: impl FnMut(&[u8])) -> Result<bool, Failure> {
        let Some(body) = &mut self.body else {
            return Ok(false);
        };
        let Some(data) = body.data().await.transpose()? else {
            self.body = None;
            return Ok(false);
        };
        self.read_at = Instant::now();
        self.bytes += data.len() as u64;
        body.flow_control().release_capacity(data.len())?;
        on_data(&data);
        if body.is_end_stream() {
            self.body = None;
        }
        Ok(self.body.is_some())
    }
}
