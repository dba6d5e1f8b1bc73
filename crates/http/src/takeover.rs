//! Event streams without hyper: while one is open, its connection needs no buffers.
//!
//! hyper keeps two buffers of 8 KiB for a connection as long as it lives. A stream that waits for a
//! model needs neither, so its connection is taken from hyper, which gets it back when the stream
//! has ended.

use std::{
    io::{self, IoSlice, Write as _},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{body::Body, response::Response};
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
pub(crate) struct Slot(Arc<Mutex<Option<Box<Diverted>>>>);

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
    pub(crate) fn take(&self) -> Option<Box<Diverted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, diverted: Diverted) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(diverted));
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

impl Diverted {
    /// The head as it is written, and the body.
    fn into_head_and_body(self) -> io::Result<(Bytes, Body)> {
        let Self { response, framing } = self;
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
        Ok((head.into(), body))
    }
}

/// Writes a response whose length is not known. Returns what the client sent in the meantime if
/// the connection may serve another request.
///
/// Not an async function, whose future would keep the response for as long as it is written.
///
/// # Errors
///
/// When the connection breaks or the client closes its side.
#[expect(clippy::boxed_local, reason = "so it is gone when this returns")]
pub(crate) fn write(
    stream: &mut TcpStream,
    diverted: Box<Diverted>,
) -> impl Future<Output = io::Result<Option<BytesMut>>> {
    let framing = diverted.framing;
    let begun = diverted.into_head_and_body().map(|(head, body)| Writing {
        body,
        frames: vec![head],
        written: 0,
        bytes: 0,
        is_chunked: framing != Framing::UntilClose,
        has_ended: false,
        read: BytesMut::new(),
    });
    async move {
        let mut writing = begun?;
        // The first events are often ready when the run has had its turn.
        tokio::task::yield_now().await;
        std::future::poll_fn(|cx| writing.poll(stream, cx)).await?;
        Ok((framing == Framing::Chunked).then_some(writing.read))
    }
}

/// As much is collected before it is written.
const MAX_OUTGOING: usize = 64 * 1024;

/// A body on its way to the client.
struct Writing {
    body: Body,
    /// What is to be written next.
    frames: Vec<Bytes>,
    /// How many of the frames are written.
    written: usize,
    /// How much of the body they hold.
    bytes: usize,
    is_chunked: bool,
    has_ended: bool,
    /// What the client has sent.
    read: BytesMut,
}

impl Writing {
    /// Ready when all is written.
    fn poll(&mut self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.collect(cx)?;
            if self.frames.is_empty() {
                if self.has_ended {
                    return Poll::Ready(Ok(()));
                }
                ready!(poll_closed(stream, &mut self.read, cx))?;
                return Poll::Pending;
            }
            ready!(self.poll_write(stream, cx))?;
        }
    }

    /// Takes what is ready of the body, if nothing else is to be written first.
    fn collect(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while self.written == 0 && self.bytes < MAX_OUTGOING && !self.has_ended {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => self.add(frame),
                Poll::Ready(Some(Err(_))) => return Err(io::ErrorKind::Other.into()),
                Poll::Ready(None) => {
                    self.has_ended = true;
                    if self.is_chunked {
                        self.frames.push(Bytes::from_static(b"0\r\n\r\n"));
                    }
                }
                Poll::Pending => return Ok(()),
            }
        }
        Ok(())
    }

    fn add(&mut self, frame: http_body::Frame<Bytes>) {
        let Ok(data) = frame.into_data() else {
            return;
        };
        if data.is_empty() {
            return;
        }
        self.bytes += data.len();
        if !self.is_chunked {
            self.frames.push(data);
            return;
        }
        self.frames.push(format!("{:x}\r\n", data.len()).into());
        self.frames.push(data);
        self.frames.push(Bytes::from_static(b"\r\n"));
    }

    fn poll_write(&mut self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.frames.len() {
            let mut slices = [IoSlice::new(&[]); 16];
            let mut count = 0;
            for (slice, frame) in slices.iter_mut().zip(&self.frames[self.written..]) {
                *slice = IoSlice::new(frame);
                count += 1;
            }
            let mut left =
                ready!(Pin::new(&mut *stream).poll_write_vectored(cx, &slices[..count]))?;
            if left == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            while let Some(frame) = self.frames.get_mut(self.written) {
                let take = left.min(frame.len());
                frame.advance(take);
                left -= take;
                if !frame.is_empty() {
                    break;
                }
                self.written += 1;
            }
        }
        // A stream that waits keeps no room for frames.
        (self.frames, self.written, self.bytes) = (Vec::new(), 0, 0);
        Poll::Ready(Ok(()))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    /// Most streams wait most of the time, and there may be very many.
    #[tokio::test]
    async fn a_stream_that_waits_keeps_little() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let response = Response::new(Body::empty());
        let writing =
            write(&mut stream, Box::new(Diverted { response, framing: Framing::Chunked }));
        assert!(size_of_val(&writing) <= 256, "{}", size_of_val(&writing));
    }
}
