//! `chatkit serve`.

use std::{
    io::{self, Write as _, stdout},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use chatkit_http::{Options, ServeOptions, allow_origins, router, serve_with};
use chatkit_metrics::Metrics;
use chatkit_server::{ChatKit, ChatKitServer, Store, StoreError};
use chatkit_store_sqlite::OpenError;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::timeout,
};

use crate::{
    attachments::{self, Attachments},
    cli::{ResponderName, ServeArgs},
    logging::{Logging, follow_traces},
    metrics, page,
    responder::{AgentError, AgentResponder, Demo, Playback},
};

/// What a process ends with that was told to end at once, as if by Ctrl-C.
const AT_ONCE: i32 = 130;
/// How long turns may take to clean up once they were cancelled.
const CLEAN_UP: Duration = Duration::from_secs(10);

/// Why the server did not start, or broke.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error("{0}")]
    Database(#[from] OpenError),
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: io::Error },
    #[error("cannot keep attachments in {folder}: {error}")]
    Attachments { folder: String, error: io::Error },
    #[error("{0}")]
    Agent(#[from] AgentError),
    #[error("cannot close the turns that a crash left open: {0}")]
    Recover(#[from] StoreError),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Serves until SIGINT or SIGTERM, then ends running turns cleanly. A second signal ends the process
/// at once, with what was logged so far.
pub(crate) async fn serve(args: ServeArgs, logging: &Logging) -> Result<ExitCode, ServeError> {
    let responder = choose_responder(&args);
    let agent = match responder {
        ResponderName::Agent => Some(AgentResponder::new(&args.agent, args.log.log_content).await?),
        _ => None,
    };
    let address = args.listen;
    let listener =
        TcpListener::bind(address).await.map_err(|error| ServeError::Listen { address, error })?;
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
    if let Some(address) = args.metrics.metrics_listen {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| ServeError::Listen { address, error })?;
        metrics::serve(&metrics, listener);
    }
    let store = metrics.observe_store(args.database.open()?);
    let bound = listener.local_addr()?;
    let public_url = args.public_url.clone().unwrap_or_else(|| reachable(bound));
    let folder = args.database.attachments_folder();
    let attachments = Attachments::new(Arc::clone(&store), folder, public_url)
        .map_err(|(folder, error)| ServeError::Attachments { folder, error })?;
    let with = With { store, attachments, metrics, listener, args: &args, logging };
    match (agent, responder) {
        (Some(agent), _) => run(agent, with).await?,
        (None, ResponderName::Playback) => run(Playback, with).await?,
        (None, _) => run(Demo, with).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Where this machine reaches what is bound: "any address" is none to go to.
fn reachable(bound: SocketAddr) -> String {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, bound.port()))
}

/// The agent comes with a model; without one the demo shows what there is.
fn choose_responder(args: &ServeArgs) -> ResponderName {
    args.responder.unwrap_or_else(|| {
        let has_key = std::env::var_os("OPENAI_API_KEY").is_some_and(|key| !key.is_empty());
        if has_key || args.agent.model_url.is_some() {
            ResponderName::Agent
        } else {
            ResponderName::Demo
        }
    })
}

/// What a responder is served with.
struct With<'a> {
    store: Arc<dyn Store>,
    attachments: Attachments,
    metrics: Metrics,
    listener: TcpListener,
    args: &'a ServeArgs,
    logging: &'a Logging,
}

async fn run<S: ChatKitServer<Context = ()>>(server: S, with: With<'_>) -> Result<(), ServeError> {
    let With { store, attachments, metrics, listener, args, logging } = with;
    let bound = listener.local_addr()?;
    let mut run_options = args.runs.options();
    run_options.log_content = args.log.log_content;
    let chatkit = ChatKit::builder(server, store)
        .attachments(Arc::new(attachments.clone()))
        .run_options(run_options)
        .observer(Arc::new(metrics.clone()))
        .build();
    let closed = chatkit.recover().await?;
    if closed > 0 {
        tracing::info!(closed, "turns that a crash left open were closed");
    }
    let mut options = Options::default();
    options.heartbeat = Duration::from_secs_f64(args.heartbeat);
    options.allowed_origins = args.allowed_origins();
    let uploads = allow_origins(attachments::routes(attachments), &options.allowed_origins);
    let app = Router::new()
        .merge(page::routes())
        .merge(uploads)
        .merge(metrics.observe_http(router(chatkit.clone(), options)))
        .merge(metrics::routes(&metrics, args.metrics.shown_at(bound)));
    let app = follow_traces(app);
    // Whoever reads the address may send a signal right away.
    let mut signals = Signals::listen()?;
    announce(bound)?;
    if let Some(path) = args.database.path() {
        tracing::info!(database = %path.display(), "threads are kept");
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let grace = args.runs.shutdown_grace();
    let mut connections = ServeOptions::default();
    // No connection is cut while its turn has time.
    connections.grace = grace + CLEAN_UP;
    let mut serving = pin!(serve_with(listener, app, connections, async {
        // Either a message or the end of the sender means to stop.
        let _ = stopped.await;
    }));
    tokio::select! {
        broken = &mut serving => return Ok(broken?),
        () = signals.next() => {}
    }
    tracing::info!(running = chatkit.active(), "shutting down; a second signal ends at once");
    // Whoever cannot connect any more may rely on it that no turn begins.
    chatkit.close();
    // Nothing is accepted any more before turns are told to end.
    drop(stop);
    let ending = async {
        let shut_down = timeout(grace + CLEAN_UP, chatkit.shut_down(grace));
        let (served, ended) = tokio::join!(serving, shut_down);
        if ended.is_err() {
            tracing::warn!("turns were still cleaning up at the end of their time");
        }
        served
    };
    tokio::select! {
        served = ending => Ok(served?),
        () = signals.next() => {
            tracing::warn!(running = chatkit.active(), "a second signal: ending at once");
            logging.flush();
            std::process::exit(AT_ONCE)
        }
    }
}

fn announce(address: SocketAddr) -> io::Result<()> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "listening on http://{address}")?;
    stdout.flush()
}

struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { interrupt, terminate })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_an_address_that_exists() {
        for (bound, url) in [
            ("0.0.0.0:8000", "http://127.0.0.1:8000"),
            ("[::]:8000", "http://[::1]:8000"),
            ("192.0.2.1:80", "http://192.0.2.1:80"),
        ] {
            assert_eq!(bound.parse().map(reachable), Ok(url.to_owned()));
        }
    }
}
