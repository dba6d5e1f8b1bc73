//! `kill -9` at any moment while threads are written: nothing that a client was told is lost, the
//! file is sound, and the threads go on.
//!
//! `CHATKIT_CRASH_ROUNDS` sets how often, `CHATKIT_SEED` replays a run's choices.

#[path = "../common/mod.rs"]
mod common;

mod model;
mod writer;

use std::{
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use common::{Rng, Server, number_from_env, script, seed, string, text_of};
use model::Model;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use writer::{Acknowledged, Kill};

const WRITERS: usize = 4;
/// A kill comes after so many acknowledged writes at most, of all writers together.
const WRITES: usize = 400;

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let rounds = number_from_env("CHATKIT_CRASH_ROUNDS").unwrap_or(10);
    let mut rng = Rng::new(seed());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let mut server = Server::sqlite(&path);
    let mut survived: Vec<(String, Vec<Value>)> = Vec::new();
    let mut acknowledged = 0;
    for round in 0..rounds {
        let written = write_until_killed(&mut server, &mut rng, round);
        server = Server::sqlite(&path);
        check_file(&path);
        for one in written {
            acknowledged += one.count();
            if let Some(thread) = one.thread.clone() {
                check(&server, &one, round);
                go_on(&server, &thread, round);
                let items = server.items(&thread);
                survived.push((thread, items));
            }
        }
        // Threads of rounds before are as they were left: a look at one of them each time.
        let (thread, items) = rng.pick(&survived);
        assert_eq!(server.items(thread), *items, "round {round}: an old thread changed");
    }
    for (thread, items) in &survived {
        assert_eq!(server.items(thread), *items, "an old thread changed");
    }
    println!("{rounds} kills, {} threads, {acknowledged} acknowledged writes", survived.len());
    assert!(acknowledged > 0, "the server was killed before it did anything");
}

/// Has writers stream, and kills the server at a random moment.
fn write_until_killed(server: &mut Server, rng: &mut Rng, round: u64) -> Vec<Acknowledged> {
    let (tell, killing) = mpsc::channel();
    let kill = Arc::new(Kill::after(1 + rng.below(WRITES), tell));
    let spin = Duration::from_nanos(rng.next() % 2_000_000);
    let address = server.address();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (kill, mut rng) = (Arc::clone(&kill), Rng::new(rng.next()));
            thread::spawn(move || {
                let mut model = Model::default();
                let prefix = format!("r{round}w{writer}");
                writer::write(address, &mut rng, &mut model, &prefix, &kill)
            })
        })
        .collect();
    killing.recv_timeout(common::LONG).expect("writes are acknowledged");
    // Somewhere between two acknowledgements, too short to sleep.
    let until = Instant::now() + spin;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    server.kill();
    writers.into_iter().map(|writer| writer.join().unwrap()).collect()
}

/// The stored thread is what some prefix of the writes makes, and no acknowledged one is missing.
fn check(server: &Server, written: &Acknowledged, round: u64) {
    let thread = written.thread.as_deref().unwrap();
    let stored: Vec<(String, String)> = server
        .items(thread)
        .iter()
        .skip(1)
        .map(|item| (string(item, "id").to_owned(), text_of(item)))
        .filter(|(id, _)| id.starts_with('r'))
        .collect();
    let title = server.json("threads.get_by_id", json!({"thread_id": thread}))["title"].clone();
    let told = written.count();
    let possible = (told..=written.model.len()).any(|done| {
        written.model.after(done) == (stored.clone(), title.as_str().map(str::to_owned))
    });
    assert!(
        possible,
        "round {round}: of {} writes {told} were acknowledged, which make\n{:?}\nbut stored are\n{:?}",
        written.model.len(),
        written.model.after(told),
        (stored, title),
    );
}

fn go_on(server: &Server, thread: &str, round: u64) {
    let before = server.items(thread).len();
    let events = server.say(thread, &script(json!([{"text": {"deltas": 2, "delta": "on"}}])));
    assert_eq!(events.last().unwrap()["type"], "thread.item.done", "round {round}: {events:?}");
    assert_eq!(server.items(thread).len(), before + 2, "round {round}");
}

/// Reads the file beside the running server, as another program may.
fn check_file(path: &Path) {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let verdict: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let mut broken = connection.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!broken.exists([]).unwrap(), "rows without their thread");
}
