//! A crowd over real sockets: a thousand streams at a time whose clients read, leave, come back,
//! stop, join, send more and delete at random. All of them see what belongs to them and nothing
//! else, all that they saw is stored, and nothing is left of them in the process.
//!
//! `CHATKIT_CROWD_STREAMS` sets how many streams there are at a time, `CHATKIT_SEED` replays a
//! run's choices (not its timing).

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![allow(clippy::print_stdout, reason = "a look at what was tried")]

#[path = "../common/mod.rs"]
mod common;

mod client;
mod gate;
mod process;
mod reader;
mod record;
mod view;
mod visitor;
mod wave;

use std::{collections::HashMap, path::Path, process::Command, time::Duration};

use common::{Database, Ended, Server, attach, by_id, number_from_env, seed, stop, until};
use record::Record;
use serde_json::json;

/// The first is to have the process take what it takes for good.
const WAVES: u64 = 3;
/// On a busy machine a wave may happen to take more than those before it, but only what leaks takes
/// more each time.
const MOST_WAVES: u64 = 6;

#[test]
fn nothing_is_lost_and_nothing_is_left_behind() {
    let streams =
        usize::try_from(number_from_env("CHATKIT_CROWD_STREAMS").unwrap_or(1000)).unwrap();
    let seed = seed();
    println!(
        "again: CHATKIT_SEED={seed} CHATKIT_CROWD_STREAMS={streams} cargo test -p chatkit --test crowd"
    );
    process::allow_open_files(streams);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let mut server = Server::spawn(server_command(&path));
    let id = server.process_id();
    let open_files = process::open_files(id);

    let mut records = Vec::new();
    let (mut memory, mut at_once) = (Vec::new(), Vec::new());
    let mut pause = Duration::from_secs(2);
    for number in 0..MOST_WAVES {
        if number >= WAVES && !process::has_grown(&memory, streams) {
            break;
        }
        let wave = wave::run(server.address(), seed, streams, number, pause);
        await_ends(&server, &wave.records);
        until("all connections are closed", || process::open_files(id) <= open_files);
        check_over_http(&server, &wave.records);
        memory.push(process::memory(id));
        at_once.push(wave.at_once);
        records.extend(wave.records);
        // The next one waits for its last stream even if the machine is slow.
        pause = pause.max(wave.gathering.mul_f64(1.5));
    }
    println!("streams at once: {at_once:?}, memory after each wave in KiB: {memory:?}");
    // The responder never blocks: the machine had other things to do.
    let blocked = server.stderr().matches("the responder blocked its thread").count();
    println!("turns that were taken for blocking: {blocked}");
    let most = at_once.into_iter().max().unwrap();
    assert!(most * 10 >= streams * 9, "only {most} of {streams} streams were there at once");
    let ends = ends_by_run(&server);
    tally(&records, &ends, streams);
    assert!(!process::has_grown(&memory, streams), "memory grows, in KiB: {memory:?}");

    server.signal("TERM");
    assert_eq!(server.wait().0.code(), Some(0));
    assert!(server.stderr().contains("running=0"), "turns were still running");
    check_file(&path, &records, &ends);
}

fn server_command(path: &Path) -> Command {
    let mut command = Server::command();
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--responder",
        "playback",
        "--heartbeat",
        "0.5",
    ]);
    command.arg("--database").arg(format!("sqlite:{}", path.display()));
    // What is given back is taken again, and not from another of many heaps (glibc).
    command.env("MALLOC_ARENA_MAX", "1");
    command
}

/// Waits until all turns have ended by themselves.
fn await_ends(server: &Server, wave: &[Record]) {
    until("all turns have ended", || {
        let ends = ends_by_run(server);
        wave.iter().all(|record| ends.contains_key(&record.run))
    });
}

/// How each run ended. A run ends once.
fn ends_by_run(server: &Server) -> HashMap<String, Ended> {
    let mut ends = HashMap::new();
    for ended in server.ended() {
        let before = ends.insert(ended.run.clone(), ended);
        assert!(before.is_none(), "a run has ended twice: {before:?}");
    }
    ends
}

/// Nothing runs any more, and every thread shows what its clients saw.
fn check_over_http(server: &Server, wave: &[Record]) {
    let mut connection = server.connect();
    for (number, (thread, records)) in record::by_thread(wave).into_iter().enumerate() {
        let stopped = connection.post(&stop(thread));
        if number % 8 == 0 {
            let joined = connection.post(&attach(thread, None)).text();
            let refused = if records[0].is_deleted { "not found" } else { "run.not_running" };
            assert!(joined.contains(refused), "{thread}: {joined}");
        }
        let shown = connection.post(&by_id(thread));
        if records[0].is_deleted {
            assert_eq!((stopped.status(), shown.status()), (404, 404), "{thread}");
            continue;
        }
        assert_eq!(stopped.json(), json!({"stopped": false}), "{thread}");
        let items = shown.json()["items"]["data"].as_array().unwrap().clone();
        record::check_shown(&records, &items);
    }
}

/// Every partial reply is in the file, with a note that says why it is partial, and nothing else.
fn check_file(path: &Path, records: &[Record], ends: &HashMap<String, Ended>) {
    let database = Database::open(path);
    database.check();
    assert_eq!(database.count_checkpoints(), 0);
    let mut threads = 0;
    for (thread, records) in record::by_thread(records) {
        let items = database.items(thread);
        assert_eq!(items.is_none(), records[0].is_deleted, "{thread}");
        if let Some(items) = items {
            threads += 1;
            record::check_stored(&records, &items, ends);
        }
    }
    assert_eq!(database.count_threads(), threads);
}

/// Shows what the crowd did, and that it was enough to mean something.
fn tally(records: &[Record], ends: &HashMap<String, Ended>, streams: usize) {
    let mut tally: HashMap<String, usize> = HashMap::new();
    for record in records {
        let end = &ends[&record.run];
        assert_eq!(end.thread, record.thread);
        assert!(record.ends.contains(&&*end.end), "{} cannot end a turn of {record:?}", end.end);
        *tally.entry(format!("{:?}, {}", record.habit, end.end)).or_default() += 1;
        *tally.entry(end.end.clone()).or_default() += 1;
        *tally.entry("came back".to_owned()).or_default() += record.returns;
        *tally.entry("missed something".to_owned()).or_default() += record.missed;
    }
    println!("{tally:#?}");
    for kind in ["completed", "stop", "disconnect", "superseded", "came back", "missed something"] {
        let count = tally.get(kind).copied().unwrap_or_default();
        assert!(
            streams < 100 || count > streams / 50,
            "only {count} of {kind}: this tests too little"
        );
    }
}
