//! A log that nobody reads.

use std::{
    io::{self, BufRead as _, BufReader},
    net::TcpStream,
    thread,
    time::Instant,
};

use serde_json::{Value, json};

use crate::common::{LONG, Server, create, op, script, until, words};

/// More than the pipe and the server keep.
const REQUESTS: usize = 6000;

/// Whoever stops to read the log, as a pager does, holds up nobody; what it misses is counted.
#[test]
fn a_full_pipe_holds_up_nothing() {
    let (reader, writer) = io::pipe().unwrap();
    let server = logging_to(writer, &["--log", "debug", "--log-format", "json"]);
    let mut connection = server.connect();
    for _ in 0..REQUESTS {
        assert_eq!(connection.post(&op("threads.list", json!({}))).status(), 200);
    }
    let said = server.events(&create(&script(json!(words("msg_a", 3, 0)))));
    assert_eq!(said.last().unwrap()["type"], "thread.item.done", "{said:?}");

    let reading = thread::spawn(move || {
        let lines = BufReader::new(reader).lines().map_while(Result::ok);
        let (mut told, mut lost) = (0, 0);
        for line in lines {
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            let message = line["message"].as_str().unwrap();
            match message.strip_suffix(" lines of the log were lost: they were not read in time") {
                Some(count) => lost += count.parse::<usize>().unwrap(),
                None => told += usize::from(message == "a request was answered"),
            }
        }
        (told, lost)
    });
    let mut server = server;
    server.signal("INT");
    assert_eq!(server.wait().0.code(), Some(0));
    let (told, lost) = reading.join().unwrap();
    assert!(lost > 0 && told > 0, "{told} {lost}");
    // All of them, and a few of others.
    assert!((REQUESTS + 1..REQUESTS + 20).contains(&(told + lost)), "{told} {lost}");
}

#[test]
fn a_full_pipe_does_not_keep_the_process() {
    let (_reader, writer) = io::pipe().unwrap();
    let mut server = logging_to(writer, &["--log", "debug"]);
    let mut connection = server.connect();
    for _ in 0..1000 {
        assert_eq!(connection.post(&op("threads.list", json!({}))).status(), 200);
    }
    drop(connection);
    let asked = Instant::now();
    server.signal("TERM");
    assert_eq!(server.wait().0.code(), Some(0));
    assert!(asked.elapsed() < LONG / 4, "{:?}", asked.elapsed());
}

/// A second signal ends the process at once, but not before its lines were written to who reads.
#[test]
fn a_second_signal_loses_no_line() {
    let (reader, writer) = io::pipe().unwrap();
    let args = ["--log", "debug", "--log-format", "json", "--shutdown-grace", "600"];
    let mut server = logging_to(writer, &args);
    let mut stream = server.stream(&create(&script(json!([{"sleep_ms": 600_000}]))));
    stream.next().unwrap();
    let mut connection = server.connect();
    // More than fits into the pipe: they wait in the process.
    for _ in 0..1000 {
        assert_eq!(connection.post(&op("threads.list", json!({}))).status(), 200);
    }
    server.signal("INT");
    until("nobody can connect", || TcpStream::connect(server.address()).is_err());
    server.signal("INT");
    let log: Vec<String> = BufReader::new(reader).lines().map_while(Result::ok).collect();
    assert_eq!(server.wait().0.code(), Some(130));
    let answered = log.iter().filter(|line| line.contains("a request was answered")).count();
    assert!(answered >= 1000, "{answered}");
    let last: Value = serde_json::from_str(log.last().unwrap()).unwrap();
    assert_eq!(last["message"], "a second signal: ending at once");
    assert_eq!(last["running"], 1);
}

fn logging_to(log: io::PipeWriter, args: &[&str]) -> Server {
    let mut command = Server::command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:"]);
    command.args(["--responder", "playback"]).args(args);
    Server::spawn_logging_to(command, log)
}
