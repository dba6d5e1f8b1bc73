//! A coordinator that takes its time, as one for several nodes would, and is watched.

use std::{pin::pin, sync::Arc};

use chatkit_protocol::ThreadItem;
use chatkit_server::{
    Busy, Coordinator, Entry, EventId, Lease, LocalCoordinator, RunHandle, StopOutcome,
    Subscription, ThreadKey, async_trait,
};
use futures_util::poll;

use crate::{
    pause::let_others,
    rng::{Rng, number_of},
    world::{Key, World},
};

pub(crate) struct Watched {
    pub(crate) inner: LocalCoordinator,
    pub(crate) world: Arc<World>,
}

impl Watched {
    /// Lets others go first now and then.
    async fn dawdle(&self, thread: &ThreadKey) {
        let World { seed, climate, .. } = *self.world;
        if !climate.slow_coordinator {
            return;
        }
        let calls = self.world.with(|state| {
            let line = state.line(&key_of(thread));
            line.store_calls += 1;
            line.store_calls
        });
        let mut rng = Rng::of(seed, &[3, number_of(&thread.thread_id), calls]);
        let_others(rng.below(4)).await;
    }
}

#[async_trait]
impl Coordinator for Watched {
    async fn enter(
        &self,
        thread: &ThreadKey,
        run: &RunHandle,
        entry: Entry,
    ) -> Result<Lease, Busy> {
        self.dawdle(thread).await;
        let key = key_of(thread);
        self.world.note(|state| state.enters(&key, run, entry));
        let mut entering = pin!(self.inner.enter(thread, run, entry));
        let entered = match poll!(&mut entering) {
            std::task::Poll::Ready(entered) => entered,
            std::task::Poll::Pending => {
                self.world.note(|state| state.is_let_in(&key, entry));
                entering.await
            }
        };
        match &entered {
            Ok(_) => {
                self.world.note(|state| state.is_granted(&key));
                self.dawdle(thread).await;
            }
            Err(busy) => self.world.note(|state| state.is_turned_away(&key, entry, *busy)),
        }
        entered
    }

    async fn is_busy(&self, thread: &ThreadKey) -> bool {
        // The first turn to get here has waited for it.
        self.world.has_recovered();
        self.dawdle(thread).await;
        self.inner.is_busy(thread).await
    }

    async fn stop(&self, thread: &ThreadKey) -> StopOutcome {
        self.dawdle(thread).await;
        let meant = self.world.with(|state| state.stops(&key_of(thread)));
        let outcome = self.inner.stop(thread).await;
        self.world.note(|state| state.stopped(meant, outcome));
        outcome
    }

    async fn attach(&self, thread: &ThreadKey, after: Option<EventId>) -> Option<Subscription> {
        self.dawdle(thread).await;
        let run = after.map(|after| after.run);
        let expected = self.world.with(|state| state.to_attach(&key_of(thread), run));
        let joined = self.inner.attach(thread, after).await;
        self.world.note(|state| state.attaches(expected, joined.is_some()));
        joined
    }

    async fn pending_items(&self, thread: &ThreadKey) -> Vec<ThreadItem> {
        self.dawdle(thread).await;
        self.inner.pending_items(thread).await
    }

    fn shut_down(&self) {
        self.world.note(|state| state.shuts_down());
        self.inner.shut_down();
    }
}

pub(crate) fn key_of(thread: &ThreadKey) -> Key {
    (thread.owner.clone(), thread.thread_id.clone())
}
