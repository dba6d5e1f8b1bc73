//! An accept loop made for long streams.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use axum::{Router, response::Response};
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

use crate::takeover::{self, Diverting, Rewound, Slot};

/// How connections are treated.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServeOptions {
    /// How long the head of a request may take to arrive, and an idle connection stays open.
    pub header_timeout: Duration,
    /// How long sent bytes may stay unacknowledged, and how soon a silent peer is asked whether it
    /// is still there, before a connection counts as dead.
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
/// head may take, and notices peers that vanished without a word.
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
    http.timer(TokioTimer::new()).header_read_timeout(options.header_timeout);
    let http = Arc::new(http);
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
        if let Err(error) = prepare(&stream, &options) {
            tracing::debug!(%error, "a connection was gone before it began");
            continue;
        }
        tracker.spawn(serve_connection(stream, http.clone(), app.clone(), stopping.clone()));
    }
    drop(listener);
    stopping.cancel();
    tracker.close();
    if timeout(options.grace, tracker.wait()).await.is_err() {
        tracing::warn!("connections were still open at the end of the grace period");
    }
    Ok(())
}

/// One connection: by turns hyper's and that of an event stream. The halves are boxed so that a
/// connection needs room for only one of them.
async fn serve_connection(
    stream: TcpStream,
    http: Arc<http1::Builder>,
    app: Router,
    stopping: CancellationToken,
) {
    let mut io = Rewound::new(stream);
    while let Some((next, response)) =
        Box::pin(serve_until_stream(io, &http, &app, &stopping)).await
    {
        io = next;
        match Box::pin(takeover::write(io.stream(), response)).await {
            Ok(_) if stopping.is_cancelled() => break,
            Ok(read) => io.append(&read),
            Err(error) => {
                tracing::debug!(%error, "a stream broke");
                break;
            }
        }
    }
}

/// Has hyper serve a connection until it ends or an event stream is to be written.
async fn serve_until_stream(
    io: Rewound,
    http: &http1::Builder,
    app: &Router,
    stopping: &CancellationToken,
) -> Option<(Rewound, Response)> {
    let slot = Slot::default();
    let service = Diverting { inner: TowerToHyperService::new(app.clone()), slot: slot.clone() };
    let mut connection = http.serve_connection(TokioIo::new(io), service);
    let mut stop = pin!(stopping.cancelled());
    let mut stopped = false;
    let response = poll_fn(|cx| {
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
            Poll::Pending => slot.take().map_or(Poll::Pending, |taken| Poll::Ready(Some(taken))),
        }
    })
    .await?;
    let parts = connection.into_parts();
    let mut io = parts.io.into_inner();
    io.rewind(&parts.read_buf);
    Some((io, response))
}

fn prepare(stream: &TcpStream, options: &ServeOptions) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let probe_after = options.dead_peer_timeout / 2;
    let keepalive = TcpKeepalive::new().with_time(probe_after).with_interval(probe_after / 3);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(options.dead_peer_timeout))?;
    Ok(())
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
