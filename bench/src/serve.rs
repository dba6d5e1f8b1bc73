//! `chatkit-bench serve`: our server, its store and its accept loop, with a responder that tells
//! when it emits.

use std::{
    io::{self, Write as _, stdout},
    sync::Arc,
    time::Duration,
};

use chatkit_http::{Options, router};
use chatkit_server::{
    ChatKit, ChatKitServer, Emitter, EventStream, MemoryStore, RespondError, Store, Turn,
    protocol::{Action, ThreadStreamEvent, WidgetItem},
};
use chatkit_store_sqlite::SqliteStore;
use serde::Deserialize;
use tokio::{
    net::TcpListener,
    runtime::Builder,
    time::{Instant, MissedTickBehavior, interval_at, sleep},
};

use crate::{
    BenchError,
    cli::ServeOptions,
    stamp::{Clock, Stamper, TIME},
};

/// Serves until the process is ended.
pub(crate) fn serve(options: &ServeOptions) -> Result<(), BenchError> {
    let store: Arc<dyn Store> = match &options.sqlite {
        Some(path) => Arc::new(SqliteStore::open(path)?),
        None => Arc::new(MemoryStore::new()),
    };
    let chatkit = ChatKit::builder(Stamping { clock: Clock::of_kernel() }, store).build();
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(options.listen).await?;
        announce(&listener)?;
        let app = router(chatkit, Options::default());
        Ok(chatkit_http::serve(listener, app, std::future::pending()).await?)
    })
}

/// The first line on stdout tells the address.
pub(crate) fn announce(listener: &TcpListener) -> io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "listening on http://{}", listener.local_addr()?)?;
    out.flush()
}

/// Answers with scripts, like the playback responder as far as the benchmark needs it. The delta
/// [`TIME`] stands for the time at which it is emitted.
#[derive(Debug, Clone)]
struct Stamping {
    clock: Clock,
}

#[derive(Debug, Deserialize)]
struct Script {
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Text(TextStep),
    Event(Box<ThreadStreamEvent>),
    SleepMs(u64),
}

/// One message, delta by delta.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct TextStep {
    pub(crate) deltas: u32,
    pub(crate) delta: String,
    #[serde(default)]
    pub(crate) gap_ms: u64,
}

impl ChatKitServer for Stamping {
    type Context = ();

    fn respond(&self, turn: Turn<()>) -> EventStream<'_> {
        turn.stream(async move |turn, events| {
            let script = turn.input_text().replace("$THREAD", turn.thread().id());
            self.play(serde_json::from_str(&script), &events).await
        })
    }

    fn action<'a>(
        &'a self,
        turn: Turn<()>,
        action: Action,
        _sender: Option<WidgetItem>,
    ) -> EventStream<'a> {
        turn.stream(async move |turn, events| {
            let script = action.payload.to_string();
            let script = script.replace("$THREAD", turn.thread().id());
            self.play(serde_json::from_str(&script), &events).await
        })
    }
}

impl Stamping {
    async fn play(
        &self,
        script: Result<Script, serde_json::Error>,
        events: &Emitter,
    ) -> Result<(), RespondError> {
        for step in script.map_err(RespondError::unexpected)?.steps {
            match step {
                Step::Text(text) => self.text(&text, events).await?,
                Step::Event(event) => events.send(*event).await?,
                Step::SleepMs(ms) => sleep(Duration::from_millis(ms)).await,
            }
        }
        Ok(())
    }

    async fn text(&self, text: &TextStep, events: &Emitter) -> Result<(), RespondError> {
        let gap = Duration::from_millis(text.gap_ms);
        // A responder that was kept waiting catches up, as a provider's buffers would.
        let mut ticks = (!gap.is_zero()).then(|| {
            let mut ticks = interval_at(Instant::now(), gap);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            ticks
        });
        let mut stamper = Stamper::new(self.clock);
        let mut reply = events.stream_message().await?;
        for _ in 0..text.deltas {
            if let Some(ticks) = &mut ticks {
                ticks.tick().await;
            }
            let delta = if text.delta == TIME {
                stamper.now().iter().map(|byte| char::from(*byte)).collect()
            } else {
                text.delta.clone()
            };
            reply.text(delta).await?;
        }
        reply.done().await
    }
}
