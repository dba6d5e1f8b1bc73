//! What is sent.

use std::{fs, io::Write as _, process::Stdio};

use serde_json::json;

use crate::{
    command::{Probed, command, spoken, threads, url},
    common::{Server, add_message, create},
};

fn file(content: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("request.json");
    fs::write(&path, content).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn a_request_from_a_file() {
    let server = Server::playback();
    let (_folder, path) = file(&create(&spoken(7, 5)).to_string());
    let report = Probed::run(&[&url(&server), "--request", &path, "--json"]).json();
    assert_eq!(report["op"], "threads.create");
    assert_eq!(report["figures"]["text_events"]["max"], 7, "{report}");
    assert_eq!(report["findings"], json!([]));
}

#[test]
fn a_request_from_the_standard_input_for_a_thread_that_is_there() {
    let server = Server::playback();
    let thread = server.thread(&spoken(1, 0));
    let mut command = command();
    command
        .args([&url(&server), "--request", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut probe = command.spawn().unwrap();
    let request = add_message(&thread, &spoken(5, 5)).to_string();
    probe.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let output = probe.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["op"], "threads.add_user_message");
    assert_eq!(report["findings"], json!([]), "{report}");
    assert_eq!(report["follow_ups"][1]["kind"], "items.list");
    assert_eq!(threads(&server), 1, "it is not the probe's to delete");
}

/// Joining a turn begins with the `thread.created` of a thread that was there before.
#[test]
fn only_threads_that_the_probe_has_made_are_deleted() {
    let server = Server::playback();
    let mut turn = server.stream(&create(&spoken(100_000, 20)));
    let created = turn.until("thread.created");
    let thread = created[0]["thread"]["id"].as_str().unwrap();
    let attach = json!({"type": "threads.attach", "params": {"thread_id": thread}});
    let (_folder, path) = file(&attach.to_string());
    let args = [&url(&server), "--request", &path, "--max-time", "1", "--json"];
    let report = Probed::run(&args).json();
    assert!(report["figures"]["text_events"]["max"].as_u64() > Some(0), "{report}");
    assert_eq!(threads(&server), 1, "{report}");
}

#[test]
fn a_json_op() {
    let server = Server::playback();
    let (_folder, path) = file(&json!({"type": "threads.list", "params": {}}).to_string());
    let probed = Probed::run(&[&url(&server), "--request", &path, "--json"]);
    assert_eq!(probed.status, 0, "{probed:?}");
    let report = probed.json();
    assert_eq!((&report["findings"], &report["follow_ups"]), (&json!([]), &json!([])), "{report}");
    let (_folder, path) =
        file(&json!({"type": "threads.get_by_id", "params": {"thread_id": "thr_no"}}).to_string());
    let probed = Probed::run(&[&url(&server), "--request", &path, "--json"]);
    assert_eq!(probed.status, 1, "{probed:?}");
    assert_eq!(probed.json()["findings"][0]["code"], "status-4xx");
}

#[test]
fn threads_are_deleted_unless_they_are_to_be_kept() {
    let server = Server::playback();
    let script = spoken(3, 0);
    let args = [&url(&server), "--message", &script, "--repeat", "3", "--stream-only"];
    assert_eq!(Probed::run(&args).status, 0);
    assert_eq!(threads(&server), 0);
    assert_eq!(Probed::run(&[&args[..], &["--keep"]].concat()).status, 0);
    assert_eq!(threads(&server), 3);
}

#[test]
fn headers_are_sent_and_those_of_the_stock_client() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/here", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            std::io::Read::read_exact(&mut stream, &mut byte).unwrap();
            head.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n").unwrap();
        String::from_utf8(head).unwrap().to_lowercase()
    });
    let headers = ["--header", "Authorization: Bearer a:b", "--header", "accept-language: nb"];
    Probed::run(&[&[url.as_str(), "--stream-only"], &headers[..]].concat());
    let head = server.join().unwrap();
    assert!(head.starts_with("post /here http/1.1\r\n"), "{head}");
    for header in [
        "authorization: bearer a:b",
        "accept-language: nb",
        "accept: text/event-stream",
        "content-type: application/json",
        "chatkit-frame-instance-id: ",
    ] {
        assert_eq!(head.matches(&format!("\r\n{header}")).count(), 1, "{header}: {head}");
    }
}
