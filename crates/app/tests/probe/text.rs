//! The report for people.

use std::io;

use crate::{
    command::{Probed, command, spoken, url},
    common::Server,
};

#[test]
fn the_demo_is_fine() {
    let server = Server::serve(&["--database", "memory:", "--responder", "demo"]);
    let probed = Probed::run(&[&url(&server)]);
    assert_eq!(probed.status, 0, "{probed:?}");
    assert!(probed.stdout.ends_with("\nno problems found\n"), "{probed:?}");
    // Nothing is drawn where there is no terminal.
    assert_eq!(probed.stderr, "");
}

#[test]
fn figures_a_timeline_and_a_histogram_are_shown() {
    let server = Server::playback();
    let probed = Probed::run(&[&url(&server), "--message", &spoken(30, 10)]);
    assert_eq!(probed.status, 0, "{probed:?}");
    let lines: Vec<&str> = probed.stdout.lines().map(str::trim).collect();
    assert_eq!(lines[0], format!("{}/chatkit  threads.create", url(&server)));
    assert_eq!(lines[1], "200 · HTTP/1.1 · text/event-stream");
    for name in ["headers", "first event", "first text", "total", "median gap", "longest gap"] {
        let figure = lines.iter().find(|line| line.starts_with(name));
        assert!(figure.is_some_and(|line| line.ends_with('s')), "{name}: {probed:?}");
    }
    assert!(lines.iter().any(|line| line.split_whitespace().eq(["text", "events", "30"])));
    assert!(lines.iter().any(|line| line.starts_with("0 s |") && line.len() > 60), "{probed:?}");
    assert!(lines.iter().any(|line| line.starts_with("gaps") && line.contains('█')), "{probed:?}");
    assert!(probed.stdout.contains("items.list 200"), "{probed:?}");
    assert!(!probed.stdout.contains('\u{1b}'), "there is no terminal: {probed:?}");
}

#[test]
fn each_finding_says_what_was_seen_why_it_matters_and_what_to_change() {
    let server = Server::playback();
    let probed = Probed::run(&[&url(&server), "--message", &spoken(6, 300), "--stream-only"]);
    assert_eq!(probed.status, 0, "{probed:?}");
    let lines: Vec<&str> = probed.stdout.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("warning: slow-producer")).unwrap();
    assert!(lines[at + 1].starts_with("  seen  6 text events came one by one"), "{probed:?}");
    assert!(lines[at + 1..].iter().any(|line| line.starts_with("  why   ")), "{probed:?}");
    assert!(lines[at + 1..].iter().any(|line| line.starts_with("  fix   ")), "{probed:?}");
    assert_eq!(lines.last(), Some(&"1 warning"));
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{probed:?}");
    assert!(!probed.stdout.contains("items.list"), "only the stream was asked for: {probed:?}");
}

#[test]
fn a_pipe_that_is_closed_changes_nothing() {
    let server = Server::playback();
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = command();
    command.args([&url(&server), "--message", &spoken(3, 0)]).stdout(writer);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(output.stderr, b"");
}
