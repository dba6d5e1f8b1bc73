//! A crowd that comes at once.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::json;
use tokio::{runtime::Builder, task::JoinSet, time::Instant};

use crate::{
    client::Client,
    common::{Rng, create, script, string},
    gate::Gate,
    record::Record,
    visitor::Visitor,
};

/// Of so many streams one thread is shared.
const STREAMS_PER_SHARED_THREAD: usize = 32;
/// So many clients share one.
const SHARERS: usize = 4;

/// What came of a wave.
#[derive(Debug)]
pub(crate) struct Wave {
    pub(crate) records: Vec<Record>,
    /// How many streams there were when the last had begun.
    pub(crate) at_once: usize,
    /// How long it took for all to begin.
    pub(crate) gathering: Duration,
}

/// Has a crowd visit a server whose replies pause after their first word, for all to begin.
pub(crate) fn run(
    address: SocketAddr,
    seed: u64,
    streams: usize,
    number: u64,
    pause: Duration,
) -> Wave {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(visit(Client::new(address), seed, streams, number, pause))
}

async fn visit(client: Client, seed: u64, streams: usize, number: u64, pause: Duration) -> Wave {
    let begun = Instant::now();
    // Every wave does the same.
    let mut rng = Rng::new(seed);
    let shared = streams / STREAMS_PER_SHARED_THREAD;
    let gate = Arc::new(Gate::new(streams + shared * SHARERS, pause));
    let mut visits = JoinSet::new();
    let mut visitor = |name: String| {
        let rng = Rng::new(rng.next());
        Visitor::new(client, rng, format!("{number}_{name}"), Arc::clone(&gate))
    };
    for number in 0..shared {
        let thread: Arc<str> = make_thread(client).await.into();
        for sharer in 0..SHARERS {
            visits.spawn(visitor(format!("s{number}_{sharer}")).share(Arc::clone(&thread)));
        }
    }
    for number in 0..streams {
        visits.spawn(visitor(number.to_string()).visit());
    }
    let mut records = Vec::new();
    while let Some(visit) = visits.join_next().await {
        records.extend(visit.expect("all is as it should be"));
    }
    let gathering = gate.opened().map(|opened| opened - begun).unwrap_or_default();
    Wave { records, at_once: gate.at_once(), gathering }
}

async fn make_thread(client: Client) -> String {
    let mut stream = client.stream(&[], &create(&script(json!([])))).await;
    let (_, event) = stream.next().await.unwrap();
    let thread = string(&event["thread"], "id").to_owned();
    while stream.next().await.is_some() {}
    thread
}
