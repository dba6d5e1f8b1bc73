//! Any request at all: never a failure of the server, never a hang, never a panic, and streaming
//! ops are answered with a stream whatever is wrong with them.
//!
//! `CHATKIT_FUZZ_REQUESTS` sets how many, `CHATKIT_SEED` replays a run's choices.

#![allow(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![allow(clippy::print_stdout, reason = "a look at what was tried")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "parts of requests are written out where they are sent: `json!` makes values"
)]

#[path = "../common/mod.rs"]
mod common;

mod client;
mod mutate;
mod oracle;
mod requests;
mod scripts;
mod values;

use std::thread;

use client::{Client, Tally};
use common::{Server, number_from_env, seed};

const CLIENTS: u64 = 4;

#[test]
fn nothing_breaks_the_server_with_threads_in_memory() {
    let server = Server::playback();
    fuzz(&server, number_from_env("CHATKIT_FUZZ_REQUESTS").unwrap_or(3000));
}

/// Each message waits for the disk, so these are fewer.
#[test]
fn nothing_breaks_the_server_with_threads_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::sqlite(&folder.path().join("chat.db"));
    fuzz(&server, number_from_env("CHATKIT_FUZZ_REQUESTS").unwrap_or(3000) / 10);
}

fn fuzz(server: &Server, requests: u64) {
    let seed = seed();
    // Threads that all clients know: they get into each other's way there.
    let shared: Vec<String> = (0..4).map(|_| server.thread(r#"{"steps": []}"#)).collect();
    let clients: Vec<Client> = thread::scope(|scope| {
        let fuzzing: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let mut client = Client::new(server.address(), seed, number, &shared);
                scope.spawn(move || {
                    for _ in 0..requests / CLIENTS {
                        client.ask();
                    }
                    client
                })
            })
            .collect();
        fuzzing.into_iter().map(|client| client.join().unwrap()).collect()
    });

    assert_eq!(server.get("/healthz").status(), 200);
    assert_eq!(server.get("/readyz").status(), 200);
    let mut tally = Tally::new();
    for client in &clients {
        for (kind, count) in &client.tally {
            *tally.entry(kind.clone()).or_default() += count;
        }
    }
    println!("{tally:#?}");
    let meant =
        ["JSON", "refused with an event", "refused with 422", "stream up to \"thread.item.done\""];
    for kind in meant {
        let count = tally.get(kind).copied().unwrap_or_default();
        let enough = requests < 1000 || count > requests / 100;
        assert!(enough, "only {count} answers of the kind `{kind}`: the requests test too little");
    }
    for client in clients {
        client.read_back(server);
    }
    let log = server.stderr();
    let failures = unexpected_failures(&log);
    assert!(failures.is_empty(), "the server logged:\n{}", failures.join("\n"));
}

/// What the log says about failures that no script asked for.
fn unexpected_failures(log: &str) -> Vec<&str> {
    log.lines()
        .filter(|line| line.contains("ERROR") || line.contains("panicked"))
        .filter(|line| {
            let asked_for = line.contains("the script ends with an unexpected error")
                || line.contains("waits for its output: the output of a client tool");
            !(line.contains("the response failed") && asked_for)
        })
        .take(20)
        .collect()
}
