//! Several streams, one after another or at the same time.

use serde_json::json;

use crate::{
    command::{Probed, spoken, threads, url},
    common::Server,
};

#[test]
fn rounds_after_one_another() {
    let server = Server::playback();
    let script = spoken(6, 300);
    let args = ["--message", &script, "--repeat", "3", "--stream-only", "--json"];
    let report = Probed::run(&[&[url(&server).as_str()][..], &args].concat()).json();
    assert_eq!(report["rounds"].as_array().unwrap().len(), 3, "{report}");
    assert_eq!(report["figures"]["streams"], 3);
    // The same in each of them is one finding.
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["findings"][0]["count"], 3);
    let total = &report["figures"]["total_ms"];
    let [min, median, max] = ["min", "median", "max"].map(|name| total[name].as_f64().unwrap());
    assert!(min > 1500.0 && min <= median && median <= max, "{total}");
}

#[test]
fn a_crowd_after_one_alone() {
    let server = Server::playback();
    let script = spoken(30, 20);
    let args = ["--message", &script, "--concurrency", "8", "--json"];
    let probed = Probed::run(&[&[url(&server).as_str()][..], &args].concat());
    assert_eq!(probed.status, 0, "{probed:?}");
    let report = probed.json();
    assert_eq!(report["findings"], json!([]), "{report}");
    let rounds = report["rounds"].as_array().unwrap();
    let sizes: Vec<_> = rounds
        .iter()
        .map(|round| (round["alone"] == true, round["streams"].as_array().unwrap().len()))
        .collect();
    assert_eq!(sizes, [(true, 1), (false, 8)]);
    assert_eq!(report["figures"]["streams"], 8, "the one alone is not counted");
    let offsets: Vec<f64> = rounds[1]["streams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stream| stream["offset_ms"].as_f64().unwrap())
        .collect();
    assert!(offsets.is_sorted() && offsets[7] - offsets[0] > 100.0, "{offsets:?}");
    assert_eq!(threads(&server), 0, "all threads were deleted");
}

#[test]
fn a_table_for_people() {
    let server = Server::playback();
    let script = spoken(3, 0);
    let args = [&url(&server), "--message", &script, "--repeat", "2", "--stream-only"];
    let probed = Probed::run(&args);
    let lines: Vec<Vec<&str>> =
        probed.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.contains(&vec!["min", "median", "max"]), "{probed:?}");
    assert!(lines.contains(&vec!["text", "events", "3", "3", "3"]), "{probed:?}");
}
