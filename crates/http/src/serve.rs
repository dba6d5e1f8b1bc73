//! An accept loop made for long streams.

use std::{io, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    pin, select,
    time::{sleep, timeout},
};

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
    let graceful = GracefulShutdown::new();
    pin!(shutdown);
    loop {
        let accepted = select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
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
        let service = TowerToHyperService::new(app.clone());
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
    drop(listener);
    if timeout(options.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were still open at the end of the grace period");
    }
    Ok(())
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
