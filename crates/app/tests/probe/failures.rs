//! How it ends, and what is said when there is nothing to judge.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use serde_json::json;

use crate::{
    command::{Probed, spoken, url},
    common::Server,
};

/// Refused before anything was sent: one line that names what is wrong.
fn assert_refused(args: &[&str], what: &str) {
    let probed = Probed::run(args);
    assert_eq!((probed.status, probed.stdout.as_str()), (2, ""), "{args:?}: {probed:?}");
    assert!(probed.stderr.starts_with("error: "), "{args:?}: {probed:?}");
    assert!(probed.stderr.contains(what), "{what} is not named: {probed:?}");
}

#[test]
fn wrong_arguments_are_refused_by_name() {
    let url = "http://127.0.0.1:1";
    assert_refused(&[], "<URL>");
    assert_refused(&["localhost:8000"], "http://");
    assert_refused(&["ftp://localhost"], "http://");
    assert_refused(&[""], "URL");
    for (flag, value) in [
        ("--repeat", "0"),
        ("--repeat", "many"),
        ("--concurrency", "1001"),
        ("--timeout", "0"),
        ("--timeout", "-1"),
        ("--timeout", "NaN"),
        ("--max-time", "1e300"),
        ("--header", "no colon"),
        ("--header", ": no name"),
    ] {
        assert_refused(&[url, &format!("{flag}={value}")], flag);
    }
    assert_refused(&[url, "--header", "a b: c"], "a b");
    assert_refused(&[url, "--message", "a", "--request", "b"], "--request");
}

#[test]
fn requests_that_cannot_be_read_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let url = "http://127.0.0.1:1";
    assert_refused(&[url, "--request", &path("missing.json")], "missing.json");
    for (name, content) in [("half.json", "{\"type\":"), ("list.json", "[]"), ("op.json", "{}")] {
        std::fs::write(path(name), content).unwrap();
        assert_refused(&[url, "--request", &path(name)], name);
    }
}

#[test]
fn no_server_could_not_be_probed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let probed = Probed::run(&[&url]);
    assert_eq!(probed.status, 2, "{probed:?}");
    assert!(probed.stdout.contains("no connection: "), "{probed:?}");
    let probed = Probed::run(&[&url, "--json", "--repeat", "5"]);
    assert_eq!(probed.status, 2, "{probed:?}");
    let report = probed.json();
    assert_eq!(report["findings"][0]["code"], "no-response");
    assert!(report["unreachable"].is_string(), "{report}");
    assert_eq!(report["rounds"].as_array().unwrap().len(), 1, "it does not try again");
}

#[test]
fn warnings_are_failures_when_they_are_to_be() {
    let server = Server::playback();
    let script = spoken(6, 300);
    let args = [&url(&server), "--message", &script, "--stream-only"];
    assert_eq!(Probed::run(&args).status, 0);
    assert_eq!(Probed::run(&[&args[..], &["--strict"]].concat()).status, 1);
}

#[test]
fn a_wrong_path_is_an_error() {
    let server = Server::playback();
    let probed = Probed::run(&[&format!("{}/nowhere", url(&server)), "--json"]);
    assert_eq!(probed.status, 1, "{probed:?}");
    assert_eq!(probed.json()["findings"][0]["code"], "status-4xx");
}

#[test]
fn a_stream_is_not_watched_for_ever() {
    let server = Server::playback();
    let script = spoken(1000, 100);
    let args = ["--message", &script, "--max-time", "1", "--stream-only", "--json"];
    let report = Probed::run(&[&[url(&server).as_str()][..], &args].concat()).json();
    assert_eq!(report["rounds"][0]["streams"][0]["end"], "left", "{report}");
    assert_eq!(report["findings"], json!([]), "{report}");
}

#[test]
fn what_the_server_says_does_not_reach_the_terminal_as_a_command() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = "\u{1b}[2J\u{9b}31mboom\u{7}";
    let answer = format!(
        "HTTP/1.1 500 No\r\ncontent-type: text/\u{9b}31m\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut bytes = [0; 4096];
            let _ = stream.read(&mut bytes);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    for format in [&[][..], &["--json"]] {
        let probed = Probed::run(&[&[url.as_str(), "--stream-only"], format].concat());
        assert_eq!(probed.status, 1, "{probed:?}");
        assert!(probed.stdout.contains("boom"), "{probed:?}");
        let controls = |c: char| c.is_control() && c != '\n';
        assert!(!probed.stdout.contains(controls), "{probed:?}");
    }
}
