//! `kill -9` at any moment while threads are written: nothing that a client was told is lost, the
//! file is sound, and the threads go on.
//!
//! `CHATKIT_CRASH_ROUNDS` sets how often, `CHATKIT_SEED` replays a run's choices.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../common/mod.rs"]
mod common;

mod model;
mod writer;

use std::{
    path::Path,
    process::Stdio,
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

/// A server killed while it makes its file leaves one that the next can use.
#[test]
fn a_kill_while_it_starts_does_no_harm() {
    let rounds = number_from_env("CHATKIT_CRASH_ROUNDS").unwrap_or(10);
    let mut rng = Rng::new(seed());
    for _ in 0..rounds {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat.db");
        let mut command = Server::command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--responder", "playback", "--database"]);
        command.arg(format!("sqlite:{}", path.display()));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut starting = command.spawn().unwrap();
        thread::sleep(Duration::from_micros(rng.next() % 40_000));
        starting.kill().unwrap();
        starting.wait().unwrap();

        let server = Server::sqlite(&path);
        check_file(&path);
        let thread = server.thread(&script(json!([])));
        assert_eq!(server.items(&thread).len(), 1);
    }
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
    let items = server.items(thread);
    let (messages, items): (Vec<&Value>, Vec<&Value>) =
        items.iter().partition(|item| item["type"] == "user_message");
    let messages: Vec<&str> = messages.into_iter().map(|item| string(item, "id")).collect();
    assert!(
        messages.starts_with(&written.messages.iter().map(String::as_str).collect::<Vec<_>>())
            && messages.len() <= written.messages.len() + 1,
        "round {round}: {messages:?} are stored, {:?} were acknowledged",
        written.messages,
    );
    let stored: Vec<(String, String)> =
        items.into_iter().map(|item| (string(item, "id").to_owned(), text_of(item))).collect();
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
