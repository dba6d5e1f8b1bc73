//! `chatkit serve`.

use std::{
    io::{self, Write as _, stdout},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use chatkit_http::{AllowedOrigins, Options, router};
use chatkit_server::{ChatKit, ChatKitServer, Store};
use chatkit_store_sqlite::OpenError;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    attachments::{self, Attachments},
    cli::{ResponderName, ServeArgs},
    page,
    responder::{Demo, Playback},
};

/// Why the server did not start, or broke.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error("{0}")]
    Database(#[from] OpenError),
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: io::Error },
    #[error("cannot keep attachments in {folder}: {error}")]
    Attachments { folder: String, error: io::Error },
    #[error(
        "the responder `agent` is not part of this version: use `--responder demo` or `--responder playback`"
    )]
    NoAgent,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Serves until SIGINT or SIGTERM, then ends running turns cleanly.
pub(crate) async fn serve(args: ServeArgs) -> Result<(), ServeError> {
    let responder = choose_responder(&args)?;
    let address = args.listen;
    let listener =
        TcpListener::bind(address).await.map_err(|error| ServeError::Listen { address, error })?;
    let store = args.database.open()?;
    let bound = listener.local_addr()?;
    let public_url = args.public_url.clone().unwrap_or_else(|| format!("http://{bound}"));
    let folder = args.database.attachments_folder();
    let attachments = Attachments::new(Arc::clone(&store), folder, public_url)
        .map_err(|(folder, error)| ServeError::Attachments { folder, error })?;
    match responder {
        ResponderName::Playback => run(Playback, store, attachments, listener, &args).await,
        _ => run(Demo, store, attachments, listener, &args).await,
    }
}

/// The agent comes with a model; without one the demo shows what there is.
fn choose_responder(args: &ServeArgs) -> Result<ResponderName, ServeError> {
    match args.responder {
        Some(ResponderName::Agent) => Err(ServeError::NoAgent),
        Some(named) => Ok(named),
        None => {
            let asked_for_model =
                args.model_url.is_some() || std::env::var_os("OPENAI_API_KEY").is_some();
            if asked_for_model {
                tracing::warn!("this version has no responder `agent` yet: the demo answers");
            }
            Ok(ResponderName::Demo)
        }
    }
}

async fn run<S: ChatKitServer<Context = ()>>(
    server: S,
    store: Arc<dyn Store>,
    attachments: Attachments,
    listener: TcpListener,
    args: &ServeArgs,
) -> Result<(), ServeError> {
    let bound = listener.local_addr()?;
    let chatkit = ChatKit::assemble(server, store, Some(Arc::new(attachments.clone())));
    let mut options = Options::default();
    options.heartbeat = Duration::from_secs_f64(args.heartbeat);
    if !args.allow_origin.is_empty() {
        options.allowed_origins = AllowedOrigins::List(args.allow_origin.clone());
    }
    let app = Router::new()
        .merge(page::routes())
        .merge(attachments::routes(attachments))
        .merge(router(chatkit.clone(), options));
    announce(bound)?;
    if let Some(path) = args.database.path() {
        tracing::info!(database = %path.display(), "threads are kept");
    }
    let mut signals = Signals::listen()?;
    let shutdown = async {
        signals.next().await;
        tracing::info!("ending running turns; a second signal ends at once");
        tokio::select! {
            () = chatkit.shut_down() => {}
            () = signals.next() => std::process::exit(130),
        }
    };
    chatkit_http::serve(listener, app, shutdown).await?;
    Ok(())
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
