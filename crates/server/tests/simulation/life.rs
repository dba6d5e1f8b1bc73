//! A world from its beginning to its end: processes that start, are shut down or crash, and what is
//! left behind.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use chatkit_server::{ChatKit, Coordinator, LocalCoordinator, Owner, Store, ThreadKey};
use tokio::{
    runtime::{Builder, Handle},
    task::JoinSet,
    time::timeout,
};

use crate::{
    client::{Client, OWNERS, Readers},
    coordinator::Watched,
    model::Ms,
    pause::sleep,
    probe::Stage,
    rng::Rng,
    server::SimServer,
    store::SimStore,
    world::World,
};

/// Longer than anything that ends at all: hours, in a moment.
const EVER: Duration = Duration::from_secs(3 * 60 * 60);

/// One process.
struct Process {
    world: Arc<World>,
    rng: Rng,
    chatkit: ChatKit<SimServer>,
    coordinator: Arc<Watched>,
    readers: Readers,
}

/// Lives a world to its end.
pub(crate) fn live(world: &Arc<World>) {
    let mut rng = Rng::of(world.seed, &[5]);
    let lives = 1 + rng.weighted(&[4, 4, 3]) as u64;
    for life in 1..=lives {
        one_life(world, &mut rng, life == lives);
        if world.with(|state| !state.violations.is_empty()) {
            return;
        }
    }
    world.check_disk();
}

fn one_life(world: &Arc<World>, rng: &mut Rng, is_last: bool) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let haste = world.climate.haste;
    let crashes = (!is_last && rng.percent(75)).then(|| rng.between(1, 16 * haste));
    let store = runtime.block_on(async {
        let (mut process, store) = Process::start(world, rng);
        process.recover().await;
        match crashes {
            None => process.live(is_last).await,
            Some(after) => {
                let living = process.live(false);
                let _ = timeout(Duration::from_millis(after), living).await;
                world.crashes();
            }
        }
        store
    });
    // All tasks and what they hold are dropped here.
    drop(runtime);
    drop(world.with(|state| state.ends_life()));
    world.with(|state| {
        if store.strong_count() > 0 || state.requests_held() > 0 {
            let (stores, requests) = (store.strong_count(), state.requests_held());
            state.fail(format!("{stores} stores and {requests} requests are left of a process"));
        }
    });
}

impl Process {
    fn start(world: &Arc<World>, rng: &mut Rng) -> (Self, Weak<SimStore>) {
        world.with(|state| state.begins_life());
        let store = Arc::new(SimStore(Arc::clone(world)));
        let weak = Arc::downgrade(&store);
        let coordinator =
            Arc::new(Watched { inner: LocalCoordinator::default(), world: Arc::clone(world) });
        let shared: Arc<dyn Coordinator> = Arc::<Watched>::clone(&coordinator);
        let server = SimServer(Arc::clone(world));
        let store: Arc<dyn Store> = store;
        let chatkit = ChatKit::builder(server, store).coordinator(shared).build();
        let rng = Rng::of(rng.next(), &[]);
        let readers = Readers::default();
        (Self { world: Arc::clone(world), rng, chatkit, coordinator, readers }, weak)
    }

    /// Recovers before anything else, or leaves it to the first turn.
    async fn recover(&mut self) {
        self.world.with(|state| state.is_recovering = true);
        if self.rng.one_in(3) {
            return;
        }
        while self.chatkit.recover().await.is_err() {
            self.world.with(|state| state.step());
        }
        self.world.has_recovered();
    }

    async fn live(mut self, is_last: bool) {
        let haste = self.world.climate.haste;
        let mut doing = JoinSet::new();
        for number in 0..self.rng.between(2, 5) {
            let client = self.client(number);
            doing.spawn(client.live(self.rng.between(3, 10)));
        }
        let mut around = JoinSet::new();
        around.spawn(audit(Arc::clone(&self.world), self.rng.between(20, 400)));
        if self.rng.one_in(4) {
            let (world, after) = (Arc::clone(&self.world), self.rng.between(0, 10 * haste));
            let far = *self.rng.pick(&[50, 1000, 60_000, 7_200_000]);
            around.spawn(jump(world, after, self.rng.between(1, far)));
        }
        if self.rng.one_in(6) {
            let after = self.rng.between(0, 10 * haste);
            let (world, chatkit) = (Arc::clone(&self.world), self.chatkit.clone());
            let grace = self.rng.between(0, 2 * haste);
            doing.spawn(async move {
                sleep(after).await;
                shut_down(&world, &chatkit, grace).await;
            });
        }
        while let Some(done) = timeout(EVER, doing.join_next()).await.unwrap_or_else(|_| {
            self.world.fail(|| "clients wait for ever".to_owned());
            None
        }) {
            if let Err(panic) = done {
                self.world.fail(|| format!("a client failed: {panic}"));
            }
        }
        if self.rng.one_in(2) {
            sleep(self.rng.between(0, 100_000)).await;
        }
        if is_last {
            self.speak_plainly().await;
        }
        let grace = *self.rng.pick(&[0, 0, 500, 20_000]);
        shut_down(&self.world, &self.chatkit, grace).await;
        self.let_go(around).await;
    }

    fn client(&mut self, number: u64) -> Client {
        let owner = OWNERS[usize::from(number % 3 == 2)];
        Client {
            world: Arc::clone(&self.world),
            chatkit: self.chatkit.clone(),
            rng: Rng::of(self.rng.next(), &[number]),
            owner: Owner::new(owner),
            readers: Arc::clone(&self.readers),
        }
    }

    /// Every thread can still be talked to.
    async fn speak_plainly(&mut self) {
        if self.world.with(|state| state.shut_down_begun) {
            return;
        }
        self.world.with(|state| state.is_calm = true);
        // A request that is on its way to the thread would interrupt.
        while self.world.with(|state| state.has_stage(Stage::Started)) {
            sleep(1).await;
        }
        let mut client = self.client(0);
        for owner in OWNERS.map(Owner::new) {
            for thread in self.world.disk.threads(&owner) {
                client.owner = owner.clone();
                client.speaks_plainly(&thread).await;
                client.walk(&thread).await;
            }
        }
    }

    /// Nothing is left once all has come to its end.
    async fn let_go(self, mut around: JoinSet<()>) {
        let Self { world, chatkit, coordinator, readers, .. } = self;
        world.with(|state| state.is_calm = true);
        let readers = std::mem::take(&mut *readers.lock().unwrap());
        for reader in readers {
            match timeout(EVER, reader).await {
                Ok(Ok(())) => {}
                Ok(Err(panic)) => world.fail(|| format!("a reader failed: {panic}")),
                Err(_) => world.fail(|| "a reader waits for ever".to_owned()),
            }
        }
        around.shutdown().await;
        if chatkit.active() > 0 {
            world.fail(|| format!("{} ops are active at the end", chatkit.active()));
        }
        let keys: Vec<_> = world.with(|state| state.lines.keys().cloned().collect());
        for (owner, thread_id) in keys {
            if coordinator.inner.is_busy(&ThreadKey { owner, thread_id: thread_id.clone() }).await {
                world.fail(|| format!("{thread_id} is somebody's at the end"));
            }
        }
        drop((chatkit, coordinator));
        let tasks = Handle::current().metrics().num_alive_tasks();
        world.note(|state| {
            if tasks > 0 {
                state.fail(format!("{tasks} tasks are left"));
            }
            if !state.unfinished().is_empty() {
                state.fail(format!("runs are left: {:?}", state.unfinished()));
            }
            if state.requests_held() > 0 {
                state.fail(format!("{} requests are held", state.requests_held()));
            }
        });
    }
}

async fn shut_down(world: &World, chatkit: &ChatKit<SimServer>, grace: Ms) {
    let begun = world.now();
    world.note(|state| {
        state.shut_down_begun = true;
        state.trace(|| format!("shuts down within {grace}"));
    });
    if timeout(EVER, chatkit.shut_down(Duration::from_millis(grace))).await.is_err() {
        world.fail(|| "the server does not shut down".to_owned());
    }
    world.note(|state| {
        let now = state.now();
        state.trace(|| format!("is shut down after {}", now - begun));
        if !state.unfinished().is_empty() {
            state.fail(format!("shut down with {:?} unfinished", state.unfinished()));
        }
    });
}

/// Looks now and then at what should have ended, less often when not much happens any more.
async fn audit(world: Arc<World>, every: Ms) {
    for looks in 0_u64.. {
        sleep(every * (1 + looks / 100)).await;
        world.note(|state| state.audit());
    }
}

/// The clock jumps.
async fn jump(world: Arc<World>, after: Ms, far: Ms) {
    sleep(after).await;
    world.note(|state| {
        let now = state.now();
        state.trace(|| format!("the clock jumps by {far}"));
        state.jumps.push((now, now + far));
    });
    tokio::time::advance(Duration::from_millis(far)).await;
}
