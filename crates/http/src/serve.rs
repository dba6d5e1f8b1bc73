//! An accept loop made for long streams.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    http2,
    takeover::{self, Diverted, Diverting, Rewound, Slot},
};

/// Longer than this nothing waits: the end of a longer time could not be told.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// How connections are treated.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServeOptions {
    /// How long the head of a request may take to arrive, and an idle connection stays open.
    pub header_timeout: Duration,
    /// How long sent bytes may stay unacknowledged, and how soon a silent peer is asked whether it
    /// is still there, before a connection counts as dead. In whole seconds, one at least.
    pub dead_peer_timeout: Duration,
    /// How long connections may take to end once the server shuts down.
    pub grace: Duration,
}

impl Default for ServeOptions {
    /// 30 s for a request's head, 60 s for a dead peer, 10 s to end.
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(30),
            dead_peer_timeout: Duration::from_secs(60),
            grace: Duration::from_secs(10),
        }
    }
}

/// Serves an application until `shutdown` completes, and then until its connections have ended.
///
/// Unlike `axum::serve` it sends small frames at once (`TCP_NODELAY`), limits how long a request's
/// head may take, and notices peers that vanished without a word. It speaks HTTP/1.1, and HTTP/2
/// with clients that begin with it (`h2c` by prior knowledge), as proxies may.
///
/// # Errors
///
/// When the listener is broken for good.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_with(listener, app, ServeOptions::default(), shutdown).await
}

/// [`serve`] with options.
///
/// # Errors
///
/// When the listener is broken for good.
pub async fn serve_with(
    listener: TcpListener,
    app: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(options.header_timeout.min(YEAR));
    // A request that arrived is answered, though its client may be gone by then: a message that
    // was sent is not lost. Whether the reader of a stream is gone is noticed in `takeover`.
    http.half_close(true);
    let idle = options.header_timeout.clamp(MILLISECOND, YEAR);
    let dead_peer_timeout = options.dead_peer_timeout.clamp(SECOND, YEAR);
    let speaking = Arc::new(Speaking { http, http2: http2::builder(dead_peer_timeout), idle });
    let (tracker, stopping) = (TaskTracker::new(), CancellationToken::new());
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = select! {
            accepted = listener.accept() => accepted,
            () = shutdown.as_mut() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                // Out of file descriptors, most likely: connections that end make room.
                tracing::error!(%error, "a connection was not accepted");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        prepare(&stream, &options);
        tracker.spawn(serve_connection(stream, speaking.clone(), app.clone(), stopping.clone()));
    }
    drop(listener);
    stopping.cancel();
    tracker.close();
    if timeout(options.grace, tracker.wait()).await.is_err() {
        tracing::warn!("connections were still open at the end of the grace period");
    }
    Ok(())
}

/// What the server speaks, and how.
struct Speaking {
    http: http1::Builder,
    http2: http2::Builder,
    /// How long a connection may be open and not ask for anything.
    idle: Duration,
}

/// One connection, of the protocol that its client begins with. What the steps need is boxed, so
/// that a connection keeps no room for more than one of them.
fn serve_connection(
    stream: TcpStream,
    speaking: Arc<Speaking>,
    app: Router,
    stopping: CancellationToken,
) -> impl Future<Output = ()> {
    let mut io = Box::new(Rewound::new(stream));
    async move {
        match Box::pin(speaks_http2(&mut io, speaking.idle, &stopping)).await {
            None => {}
            Some(true) => {
                let Speaking { http2: http, idle, .. } = &*speaking;
                Box::pin(http2::serve(io, http, &app, *idle, &stopping)).await;
            }
            Some(false) => serve_http1(io, &speaking.http, &app, &stopping).await,
        }
    }
}

/// Nothing when the client says nothing for too long, or until the server stops.
async fn speaks_http2(
    io: &mut Rewound,
    patience: Duration,
    stopping: &CancellationToken,
) -> Option<bool> {
    select! {
        biased;
        spoken = timeout(patience, http2::is_spoken(io)) => spoken.ok()?.ok(),
        () = stopping.cancelled() => None,
    }
}

/// By turns hyper's and that of an event stream.
#[expect(clippy::manual_async_fn, reason = "an async function keeps its arguments twice")]
fn serve_http1(
    mut io: Box<Rewound>,
    http: &http1::Builder,
    app: &Router,
    stopping: &CancellationToken,
) -> impl Future<Output = ()> {
    async move {
        while let Some((next, diverted)) =
            Box::pin(serve_until_stream(io, http, app, stopping)).await
        {
            io = next;
            // Boxed at once: what is matched is kept to the end of the match.
            let written = match takeover::write(io.stream(), diverted).map(Box::pin) {
                Ok(writing) => writing.await,
                Err(error) => Err(error),
            };
            match written {
                Ok(Some(read)) if !stopping.is_cancelled() => io.append(&read),
                Ok(_) => break,
                Err(error) => {
                    tracing::debug!(%error, "a stream broke");
                    break;
                }
            }
        }
    }
}

/// Has hyper serve a connection until it ends or an event stream is to be written.
async fn serve_until_stream(
    io: Box<Rewound>,
    http: &http1::Builder,
    app: &Router,
    stopping: &CancellationToken,
) -> Option<(Box<Rewound>, Box<Diverted>)> {
    let slot = Slot::default();
    let service = Diverting { inner: TowerToHyperService::new(app.clone()), slot: slot.clone() };
    let blocked = io.blocked();
    let mut connection = http.serve_connection(TokioIo::new(io), service);
    let mut stop = pin!(stopping.cancelled());
    let mut stopped = false;
    let diverted = poll_fn(|cx| {
        if !stopped && stop.as_mut().poll(cx).is_ready() {
            stopped = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(None),
            Poll::Ready(Err(error)) => {
                tracing::debug!(%error, "a connection broke");
                Poll::Ready(None)
            }
            // hyper first writes the answers to requests that were sent before this one.
            Poll::Pending if blocked.get() => Poll::Pending,
            Poll::Pending => slot.take().map_or(Poll::Pending, |taken| Poll::Ready(Some(taken))),
        }
    })
    .await?;
    let parts = connection.into_parts();
    let mut io = parts.io.into_inner();
    io.rewind(&parts.read_buf);
    Some((io, diverted))
}

/// A connection serves without these too, only not as well.
fn prepare(stream: &TcpStream, options: &ServeOptions) {
    let socket = SockRef::from(stream);
    let set = |option: &str, done: io::Result<()>| {
        if let Err(error) = done {
            tracing::debug!(option, %error, "an option of a connection was not set");
        }
    };
    set("nodelay", stream.set_nodelay(true));
    set("keepalive", socket.set_tcp_keepalive(&keepalive(options.dead_peer_timeout)));
    #[cfg(target_os = "linux")]
    set("user timeout", socket.set_tcp_user_timeout(Some(user_timeout(options.dead_peer_timeout))));
}

/// The kernel counts in whole seconds and takes neither none nor more than 32767.
fn keepalive(dead_peer_timeout: Duration) -> TcpKeepalive {
    let range = (Duration::from_secs(1), Duration::from_secs(32_767));
    let time = (dead_peer_timeout / 2).clamp(range.0, range.1);
    TcpKeepalive::new().with_time(time).with_interval((time / 3).clamp(range.0, range.1))
}

/// The kernel counts in milliseconds, up to what a signed number holds.
#[cfg(target_os = "linux")]
fn user_timeout(dead_peer_timeout: Duration) -> Duration {
    dead_peer_timeout.clamp(Duration::from_secs(1), Duration::from_millis(i32::MAX as u64))
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    #[tokio::test]
    async fn the_kernel_takes_every_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let socket = SockRef::from(&stream);
        for timeout in [Duration::ZERO, Duration::from_millis(1), Duration::MAX] {
            socket.set_tcp_keepalive(&keepalive(timeout)).unwrap();
            #[cfg(target_os = "linux")]
            socket.set_tcp_user_timeout(Some(user_timeout(timeout))).unwrap();
        }
    }

    /// A connection keeps it for as long as it is open. A task's room is rounded up to the next 128
    /// bytes.
    #[tokio::test]
    async fn a_connection_that_waits_keeps_little() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let speaking =
            Speaking { http: http1::Builder::new(), http2: http2::builder(SECOND), idle: SECOND };
        let stopping = CancellationToken::new();
        let serving = serve_connection(stream, speaking.into(), Router::new(), stopping);
        assert!(size_of_val(&serving) <= 144, "{}", size_of_val(&serving));
    }
}
