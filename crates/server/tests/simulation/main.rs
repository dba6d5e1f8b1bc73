//! Whole worlds on a clock that jumps from one timer to the next: clients, turns, a store that is
//! slow and fails, crashes and shutdowns, all as a seed decides, and beside them a reading of the
//! rules that everything is held against.
//!
//! `CHATKIT_SIMULATION_SEEDS` sets how many worlds there are, `CHATKIT_SEED` the first of them:
//! alone it replays that one and prints what happened in it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "what a failure shows: its seed and its trace"
)]
#![allow(
    clippy::redundant_closure_for_method_calls,
    reason = "a closure reads like those beside it that do more"
)]

mod acts;
mod aftermath;
mod client;
mod coordinator;
mod disk;
mod due;
mod life;
mod line;
mod logs;
mod model;
mod pages;
mod pause;
mod probe;
mod reader;
mod requests;
mod respond;
mod rng;
mod running;
mod script;
mod server;
mod store;
mod storing;
mod view;
mod walk;
mod world;

use std::{
    collections::BTreeMap,
    env,
    io::{self, Write as _},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use world::World;

/// Worlds in a run that does not say otherwise.
const SEEDS: u64 = 300;
/// A world takes milliseconds. One that takes so long in real time hangs.
const PATIENCE: Duration = Duration::from_secs(30);

type Tally = BTreeMap<&'static str, u64>;

/// What a world has shown.
struct Outcome {
    violations: Vec<String>,
    trace: Vec<String>,
    tally: Tally,
}

#[test]
fn every_world_keeps_the_rules() {
    logs::watch_panics();
    let seed = number_from_env("CHATKIT_SEED");
    let count = number_from_env("CHATKIT_SIMULATION_SEEDS");
    if let (Some(seed), None) = (seed, count) {
        let outcome = one_world(seed, true);
        show(seed, &outcome);
        assert!(outcome.violations.is_empty(), "the world of seed {seed} breaks the rules");
        return;
    }
    let first = seed.unwrap_or(1);
    let (tally, failed) = all_worlds(first, count.unwrap_or(SEEDS));
    println!("{tally:#?}");
    if let Some(seed) = failed {
        show(seed, &one_world(seed, true));
        panic!(
            "the world of seed {seed} breaks the rules; to replay it: \
             CHATKIT_SEED={seed} cargo test -p chatkit-server --test simulation"
        );
    }
    if count.is_none() {
        check_tally(&tally);
    }
}

#[test]
fn a_seed_means_one_world() {
    logs::watch_panics();
    for seed in 1..=5 {
        let [one, other] = [(); 2].map(|()| {
            let trace = one_world(seed, true).trace;
            let mut trace: Vec<_> = trace.iter().map(|line| without_dates(line)).collect();
            // What happens in the same moment in different threads may come in any order.
            trace.sort();
            trace
        });
        let differs = one.iter().zip(&other).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(one.len(), other.len(), "seed {seed}");
    }
}

/// Dates come from the real clock.
fn without_dates(line: &str) -> String {
    let mut pieces = line.split("created_at");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept.push_str(piece.split_once('Z').map_or(piece, |(_, rest)| rest));
    }
    kept
}

/// Runs worlds on all processors. Returns how often what was checked, and the first seed that
/// failed.
fn all_worlds(first: u64, count: u64) -> (Tally, Option<u64>) {
    let (next, failed) = (AtomicU64::new(first), AtomicBool::new(false));
    let results = Mutex::new((Tally::new(), None));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while !failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let outcome = one_world(seed, false);
                    let mut results = results.lock().unwrap();
                    for (what, times) in outcome.tally {
                        *results.0.entry(what).or_default() += times;
                    }
                    if !outcome.violations.is_empty() {
                        results.1 = Some(results.1.map_or(seed, |other: u64| other.min(seed)));
                        failed.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    results.into_inner().unwrap()
}

fn one_world(seed: u64, is_tracing: bool) -> Outcome {
    let world = Arc::new(World::new(seed, is_tracing));
    let (done, waits) = mpsc::channel::<()>();
    let watched = Arc::clone(&world);
    let guard = thread::spawn(move || {
        if waits.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let trace = watched.last_of_trace().join("\n");
            // Not by a macro, whose output is kept for the end of the test.
            let _ = writeln!(
                io::stderr(),
                "{trace}\nthe world of seed {seed} hangs: CHATKIT_SEED={seed} replays it"
            );
            std::process::exit(101);
        }
    });
    logs::take();
    tracing::subscriber::with_default(logs::Log, || life::live(&world));
    drop(done);
    guard.join().unwrap();
    let heard = logs::take();
    world.with(|state| {
        let mut violations = std::mem::take(&mut state.violations);
        violations.extend(heard.panics.iter().map(|panic| format!("a panic: {panic}")));
        let asked_for = |line: &str| {
            line.contains("scripted")
                || line.contains("the response failed")
                // Its thread was deleted by a client that was faster.
                || (line.contains("stays open") && line.contains("not found"))
        };
        if world.climate.faults == 0 {
            let errors = heard.lines.iter().filter(|(level, _)| *level == tracing::Level::ERROR);
            violations.extend(
                errors
                    .filter(|(_, line)| !asked_for(line))
                    .map(|(_, line)| format!("logged: {line}")),
            );
        }
        let trace = std::mem::take(&mut state.trace);
        Outcome { violations, trace, tally: std::mem::take(&mut state.tally) }
    })
}

fn show(seed: u64, outcome: &Outcome) {
    for line in &outcome.trace {
        eprintln!("{line}");
    }
    eprintln!("seed {seed}: {} violations", outcome.violations.len());
    for violation in &outcome.violations {
        eprintln!("  {violation}");
    }
}

/// Whether the worlds were worth it.
fn check_tally(tally: &Tally) {
    let (what, least) = ("runs", 5000);
    let times = tally.get(what).copied().unwrap_or_default();
    assert!(times >= least, "{what}: {times} times, expected at least {least}");
}

/// A number that an environment variable gives.
fn number_from_env(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}
