//! Ctrl-C.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{
    command::{command, spoken, threads, url},
    common::{Server, until},
};

#[test]
fn the_verdict_on_what_was_seen_so_far() {
    let server = Server::playback();
    let mut command = command();
    command
        .args([&url(&server), "--message", &spoken(100_000, 20), "--json", "--repeat", "9"])
        .stdout(Stdio::piped());
    let probe = command.spawn().unwrap();
    until("the stream has begun", || threads(&server) == 1);
    let kill = format!("kill -INT {}", probe.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let output = probe.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["interrupted"], true, "{report}");
    assert_eq!(report["rounds"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["rounds"][0]["streams"][0]["end"], "left", "{report}");
    assert_eq!(report["follow_ups"].as_array().unwrap().len(), 0, "{report}");
    assert_eq!(threads(&server), 0, "what was made is deleted all the same");
}
