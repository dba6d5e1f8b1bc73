//! Streams begin at a rate, however long those before them take.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::{
    task::{JoinSet, yield_now},
    time::sleep_until,
};

use super::{Limit, Plan};
use crate::{
    BenchError,
    arrivals::{Arrivals, Spacing},
    board::Boards,
    cli::LoadOptions,
    line::Line,
};

/// How the streams began.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Arrived {
    /// Asked for, per second.
    rate: f64,
    /// Whose time came.
    scheduled: u64,
    /// That did not begin because too many were open.
    dropped: u64,
    /// That began more than [`LATE`] after their time. What they waited counts as latency.
    late: u64,
    /// The most that were open at once.
    open_at_most: u64,
}

/// What a timer may be late without it being told.
const LATE: Duration = Duration::from_millis(5);

impl Arrived {
    /// A line for people.
    pub(super) fn line(&self) -> String {
        format!(
            "arrivals: {} scheduled at {} a second, {} dropped, {} late, {} open at most\n",
            self.scheduled, self.rate, self.dropped, self.late, self.open_at_most,
        )
    }
}

/// Begins streams by their schedule until the limit is reached, and waits for their ends.
pub(super) async fn load(
    plan: &Arc<Plan>,
    limit: Limit,
    rate: f64,
    options: &LoadOptions,
    lines: Vec<Option<Line>>,
    boards: &Boards,
) -> Result<(Vec<Option<Line>>, Arrived), BenchError> {
    let spacing = if options.fixed { Spacing::Fixed } else { Spacing::Poisson };
    let mut arrived = Arrived { rate, scheduled: 0, dropped: 0, late: 0, open_at_most: 0 };
    let limit = Arc::new(limit);
    let idle = Arc::new(Mutex::new(lines));
    let open = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for (number, after) in Arrivals::new(rate, spacing, options.seed).enumerate() {
        let Some(due) = start.checked_add(after).filter(|due| limit.take_at(*due)) else {
            break;
        };
        if due > Instant::now() {
            sleep_until(due.into()).await;
        } else {
            // Those that are behind must not keep the open ones from being read.
            yield_now().await;
        }
        arrived.scheduled += 1;
        let now_open = open.load(Ordering::Relaxed) + 1;
        let Some(board) = boards.board(number).filter(|_| now_open <= options.max_open.into())
        else {
            arrived.dropped += 1;
            continue;
        };
        arrived.open_at_most = arrived.open_at_most.max(now_open);
        arrived.late += u64::from(due.elapsed() > LATE);
        open.fetch_add(1, Ordering::Relaxed);
        let (plan, limit) = (Arc::clone(plan), Arc::clone(&limit));
        let (idle, open) = (Arc::clone(&idle), Arc::clone(&open));
        tasks.spawn(async move {
            let line = locked(&idle).pop().flatten();
            let line = plan.stream(number, line, due, &limit, &board).await;
            if line.is_some() {
                locked(&idle).push(line);
            }
            open.fetch_sub(1, Ordering::Relaxed);
        });
        // What has ended is no longer kept.
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.transpose()?.is_some() {}
    let lines = std::mem::take(&mut *locked(&idle));
    Ok((lines, arrived))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
