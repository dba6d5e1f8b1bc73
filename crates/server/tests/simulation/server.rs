//! An application that does what seeds say, and is watched.

use std::{sync::Arc, time::Duration};

use chatkit_protocol::{Action, RequestBody, StreamOptions, ThreadMetadata, WidgetItem};
use chatkit_server::{
    CancelledTurn, ChatKitServer, EventStream, RunOptions, StoreError, StoreResult, StreamStats,
    Turn,
};

use crate::{
    respond,
    world::{Ctx, Handler, World},
};

pub(crate) struct SimServer(pub(crate) Arc<World>);

impl ChatKitServer for SimServer {
    type Context = Ctx;

    fn respond(&self, turn: Turn<Ctx>) -> EventStream<'_> {
        respond::respond(&self.0, turn)
    }

    fn action(&self, turn: Turn<Ctx>, _: Action, _: Option<WidgetItem>) -> EventStream<'_> {
        respond::respond(&self.0, turn)
    }

    fn stream_options(&self, _: &ThreadMetadata, context: &Ctx) -> StreamOptions {
        self.0.note(|state| state.begins(context.0.number));
        StreamOptions { allow_cancel: context.0.allow_cancel }
    }

    fn run_options(&self, request: &RequestBody, context: &Ctx, _: RunOptions) -> RunOptions {
        self.0.note(|state| state.starts(context.0.number, request));
        context.0.options
    }

    fn stream_ended(&self, stats: &StreamStats, context: &Ctx) {
        self.0.run_ends(stats, context.0.number);
    }

    async fn handle_stream_cancelled(&self, cancelled: CancelledTurn<Ctx>) -> StoreResult<()> {
        let number = cancelled.turn().context().0.number;
        self.0.note(|state| state.cleans_up(&cancelled));
        match cancelled.turn().context().0.handler {
            Handler::Default => {}
            Handler::Slow(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            Handler::Fails => {
                self.0.note(|state| state.cleaned_up(number, true));
                return Err(StoreError::backend("scripted: the application cannot clean up"));
            }
            Handler::Panics => {
                self.0.note(|state| state.cleaned_up(number, true));
                panic!("scripted: the application panics while it cleans up");
            }
        }
        let mut kept = cancelled.keep_partial_items().await;
        if kept.is_ok() {
            kept = cancelled.add_note().await;
        }
        self.0.note(|state| state.cleaned_up(number, false));
        kept
    }
}
