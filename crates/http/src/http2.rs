//! HTTP/2 without TLS, for clients that begin with it (RFC 9113, section 3.3): a proxy that carries
//! many streams over one connection.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{Router, body::Body as AxumBody};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http2, service::Service};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::takeover::Rewound;

/// What a client that speaks HTTP/2 sends first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Streams of one connection at the same time. A client with more of them opens another connection.
const MAX_STREAMS: u32 = 1024;
/// Bytes of one stream that wait for a slow client, beyond which its events are merged.
const SEND_BUFFER: usize = 64 * 1024;

/// How connections are served.
pub(crate) type Builder = http2::Builder<TokioExecutor>;

/// The limits of a connection. A client that resets streams faster than they are served is sent
/// away by the protocol's implementation.
pub(crate) fn builder(dead_peer_timeout: Duration) -> Builder {
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(dead_peer_timeout / 2)
        .keep_alive_timeout(dead_peer_timeout / 2);
    http
}

/// Reads until it is clear whether the client speaks HTTP/2, and puts back what was read. False at
/// the end of the connection as well.
pub(crate) async fn is_spoken(io: &mut Rewound) -> io::Result<bool> {
    let mut seen = 0;
    poll_fn(|cx| {
        loop {
            ready!(io.stream().poll_read_ready(cx))?;
            let mut buffer = [0; 2048];
            match io.stream().try_read(&mut buffer) {
                Ok(0) => return Poll::Ready(Ok(false)),
                Ok(count) => {
                    let read = &buffer[..count];
                    let expected = &PREFACE[seen..];
                    let compared = count.min(expected.len());
                    let is_preface = read[..compared] == expected[..compared];
                    io.append(read);
                    seen += compared;
                    if !is_preface || seen == PREFACE.len() {
                        return Poll::Ready(Ok(is_preface));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    })
    .await
}

/// Serves a connection until it ends. One without streams is closed after an idle time, and at
/// once when the server stops.
pub(crate) async fn serve(
    io: Box<Rewound>,
    http: &Builder,
    app: &Router,
    idle: Duration,
    stopping: &CancellationToken,
) {
    let streams = Arc::new(Streams::default());
    let app = TowerToHyperService::new(app.clone());
    let service = Counting { inner: app, streams: Arc::clone(&streams) };
    let mut connection = pin!(http.serve_connection(TokioIo::new(io), service));
    let mut stop = pin!(stopping.cancelled());
    let mut timer = pin!(sleep(idle));
    let (mut is_closing, mut seen) = (false, 0);
    poll_fn(|cx| {
        if !is_closing && stop.as_mut().poll(cx).is_ready() {
            is_closing = true;
            connection.as_mut().graceful_shutdown();
        }
        while timer.as_mut().poll(cx).is_ready() {
            timer.as_mut().reset(Instant::now() + idle);
            let begun = streams.begun.load(Ordering::Relaxed);
            let was_idle = begun == seen && Arc::strong_count(&streams) == OF_CONNECTION;
            seen = begun;
            if was_idle && is_closing {
                // The client takes no notice.
                return Poll::Ready(());
            }
            if was_idle {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
        connection.as_mut().poll(cx).map(|ended| {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke");
            }
        })
    })
    .await;
}

/// Who holds the streams' count besides the streams: the connection's task and its service.
const OF_CONNECTION: usize = 2;

/// How many streams there were. Each that is open holds the value.
#[derive(Debug, Default)]
struct Streams {
    begun: AtomicU64,
}

/// Answers requests and counts them.
#[derive(Debug, Clone)]
struct Counting<S> {
    inner: S,
    streams: Arc<Streams>,
}

impl<S> Service<Request<Incoming>> for Counting<S>
where
    S: Service<Request<Incoming>, Response = Response<AxumBody>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Counted>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.streams.begun.fetch_add(1, Ordering::Relaxed);
        let streams = Arc::clone(&self.streams);
        let answering = self.inner.call(request);
        Box::pin(async move {
            let response = answering.await?;
            Ok(response.map(|body| Counted { body, _open: streams }))
        })
    }
}

/// A body whose stream counts as open until it is dropped.
#[derive(Debug)]
struct Counted {
    body: AxumBody,
    _open: Arc<Streams>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
