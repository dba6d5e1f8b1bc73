//! Event streams without hyper: while one is open, its connection needs no buffers.
//!
//! hyper keeps two buffers of 8 KiB for a connection as long as it lives. A stream that waits for a
//! model needs neither, so its connection is taken from hyper, which gets it back when the stream
//! has ended.

use std::{
    io::{self, IoSlice, Write as _},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::response::Response;
use bytes::{Buf as _, Bytes, BytesMut};
use http::{Method, Request, Version, header};
use http_body::Body as _;
use hyper::service::Service;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Marks a response whose connection may be taken over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventStreamResponse;

/// Where the service leaves a response that is to be written by [`write`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<Diverted>>>);

/// A response that hyper never hears of.
#[derive(Debug)]
pub(crate) struct Diverted {
    response: Response,
    framing: Framing,
}

/// How the client tells where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// By the last chunk (RFC 9112, section 7.1); then the connection takes the next request.
    Chunked,
    /// By the last chunk, and the connection is closed, as the client wants it.
    ChunkedThenClose,
    /// By the end of the connection: HTTP/1.0 knows no chunks.
    UntilClose,
}

impl Slot {
    pub(crate) fn take(&self) -> Option<Diverted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, diverted: Diverted) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(diverted);
    }
}

/// Answers requests, except that event streams go to the slot and hyper never hears of them.
#[derive(Debug, Clone)]
pub(crate) struct Diverting<S> {
    pub(crate) inner: S,
    pub(crate) slot: Slot,
}

impl<S, B> Service<Request<B>> for Diverting<S>
where
    S: Service<Request<B>, Response = Response>,
    S::Future: Send + 'static,
    S::Error: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn call(&self, request: Request<B>) -> Self::Future {
        let framing = framing(&request);
        let slot = self.slot.clone();
        let answering = self.inner.call(request);
        Box::pin(async move {
            let mut response = answering.await?;
            match framing {
                Some(framing)
                    if response.extensions_mut().remove::<EventStreamResponse>().is_some() =>
                {
                    slot.put(Diverted { response, framing });
                    std::future::pending().await
                }
                _ => Ok(response),
            }
        })
    }
}

/// How a stream may be written to whoever asks; none if the request wants the connection for
/// something else.
fn framing<B>(request: &Request<B>) -> Option<Framing> {
    if request.method() != Method::POST {
        return None;
    }
    let mut closes = false;
    for value in request.headers().get_all(header::CONNECTION) {
        for token in value.to_str().ok()?.split(',').map(str::trim) {
            match token {
                _ if token.eq_ignore_ascii_case("close") => closes = true,
                _ if token.is_empty() || token.eq_ignore_ascii_case("keep-alive") => {}
                _ => return None,
            }
        }
    }
    match request.version() {
        Version::HTTP_11 if closes => Some(Framing::ChunkedThenClose),
        Version::HTTP_11 => Some(Framing::Chunked),
        Version::HTTP_10 => Some(Framing::UntilClose),
        _ => None,
    }
}

/// Writes a response whose length is not known. Returns what the client sent in the meantime if
/// the connection may serve another request.
///
/// # Errors
///
/// When the connection breaks or the client closes its side.
pub(crate) async fn write(
    stream: &mut TcpStream,
    Diverted { response, framing }: Diverted,
) -> io::Result<Option<BytesMut>> {
    let (parts, body) = response.into_parts();
    let mut head = Vec::with_capacity(256);
    let reason = parts.status.canonical_reason().unwrap_or_default();
    write!(head, "HTTP/1.1 {} {reason}\r\n", parts.status.as_str())?;
    for (name, value) in &parts.headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    write!(head, "date: {}\r\n", httpdate::fmt_http_date(std::time::SystemTime::now()))?;
    if framing != Framing::Chunked {
        head.extend_from_slice(b"connection: close\r\n");
    }
    if framing != Framing::UntilClose {
        head.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    head.extend_from_slice(b"\r\n");
    drop(parts);
    // The first events are often ready when the run has had its turn.
    tokio::task::yield_now().await;
    let mut read = BytesMut::new();
    let chunked = framing != Framing::UntilClose;
    let mut out = Outgoing { frames: vec![head.into()], bytes: 0, chunked };
    let mut body = pin!(body);
    loop {
        let ended = std::future::poll_fn(|cx| {
            while out.bytes < MAX_OUTGOING {
                match body.as_mut().poll_frame(cx) {
                    Poll::Ready(Some(Ok(frame))) => out.add(frame),
                    Poll::Ready(Some(Err(_))) => {
                        return Poll::Ready(Err(io::ErrorKind::Other.into()));
                    }
                    Poll::Ready(None) => {
                        if chunked {
                            out.frames.push(Bytes::from_static(b"0\r\n\r\n"));
                        }
                        return Poll::Ready(io::Result::Ok(true));
                    }
                    Poll::Pending if out.frames.is_empty() => {
                        ready!(poll_closed(stream, &mut read, cx))?;
                        return Poll::Pending;
                    }
                    Poll::Pending => return Poll::Ready(Ok(false)),
                }
            }
            Poll::Ready(Ok(false))
        })
        .await?;
        out.write(stream).await?;
        if ended {
            return Ok((framing == Framing::Chunked).then_some(read));
        }
    }
}

/// As much is collected before it is written.
const MAX_OUTGOING: usize = 64 * 1024;

/// What is to be written next.
#[derive(Debug)]
struct Outgoing {
    frames: Vec<Bytes>,
    bytes: usize,
    chunked: bool,
}

impl Outgoing {
    fn add(&mut self, frame: http_body::Frame<Bytes>) {
        let Ok(data) = frame.into_data() else {
            return;
        };
        if data.is_empty() {
            return;
        }
        self.bytes += data.len();
        if !self.chunked {
            self.frames.push(data);
            return;
        }
        self.frames.push(format!("{:x}\r\n", data.len()).into());
        self.frames.push(data);
        self.frames.push(Bytes::from_static(b"\r\n"));
    }

    async fn write(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        let mut begin = 0;
        while begin < self.frames.len() {
            let written = std::future::poll_fn(|cx| {
                let mut slices = [IoSlice::new(&[]); 16];
                let mut count = 0;
                for (slice, frame) in slices.iter_mut().zip(&self.frames[begin..]) {
                    *slice = IoSlice::new(frame);
                    count += 1;
                }
                Pin::new(&mut *stream).poll_write_vectored(cx, &slices[..count])
            })
            .await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let mut left = written;
            while let Some(frame) = self.frames.get_mut(begin) {
                let take = left.min(frame.len());
                frame.advance(take);
                left -= take;
                if !frame.is_empty() {
                    break;
                }
                begin += 1;
            }
        }
        self.frames = Vec::new();
        self.bytes = 0;
        Ok(())
    }
}

/// Ready with an error when the client is gone; pending otherwise.
fn poll_closed(
    stream: &mut TcpStream,
    read: &mut BytesMut,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    loop {
        if read.len() >= 64 * 1024 {
            return Poll::Pending;
        }
        ready!(stream.poll_read_ready(cx))?;
        let mut buffer = [0; 512];
        match stream.try_read(&mut buffer) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Ok(count) => read.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
}

/// A connection with bytes that were read already.
#[derive(Debug)]
pub(crate) struct Rewound {
    before: Bytes,
    stream: TcpStream,
    blocked: Blocked,
}

/// Whether the last attempt to write found no room: then hyper still has bytes that it could not
/// write, and the connection must not be taken from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Blocked(Arc<AtomicBool>);

impl Blocked {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn note<T>(&self, written: Poll<T>) -> Poll<T> {
        self.0.store(written.is_pending(), Ordering::Relaxed);
        written
    }
}

impl Rewound {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { before: Bytes::new(), stream, blocked: Blocked::default() }
    }

    /// Whether bytes wait to be written.
    pub(crate) fn blocked(&self) -> Blocked {
        self.blocked.clone()
    }

    /// The connection, for those who leave alone what was read already.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Puts back what was read last.
    pub(crate) fn rewind(&mut self, read: &[u8]) {
        self.before = [read, &self.before].concat().into();
    }

    /// Adds what was read from the connection itself in the meantime.
    pub(crate) fn append(&mut self, read: &[u8]) {
        self.before = [&self.before, read].concat().into();
    }
}

impl AsyncRead for Rewound {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.before.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let count = self.before.len().min(buffer.remaining());
        buffer.put_slice(&self.before[..count]);
        self.before.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewound {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.blocked.note(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.blocked.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
