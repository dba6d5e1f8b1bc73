//! The report for machines.

use serde_json::{Value, json};

use crate::{
    command::{Probed, spoken, url},
    common::Server,
};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn everything_is_in_one_document() {
    let server = Server::playback();
    let probed = Probed::run(&[&url(&server), "--message", &spoken(20, 20), "--json"]);
    assert_eq!((probed.status, probed.stderr.as_str()), (0, ""), "{probed:?}");
    let report = probed.json();
    assert_eq!(
        keys(&report),
        [
            "errors",
            "figures",
            "findings",
            "follow_ups",
            "gap_histogram",
            "interrupted",
            "notes",
            "op",
            "rounds",
            "url",
            "version",
            "warnings",
        ]
    );
    assert_eq!(report["version"], 1);
    assert_eq!(report["url"], format!("{}/chatkit", url(&server)));
    assert_eq!(report["op"], "threads.create");
    assert_eq!(report["findings"], json!([]));
    let counts = ["errors", "warnings", "notes"].map(|name| &report[name]);
    assert_eq!(counts, [0, 0, 0]);

    let figures = &report["figures"];
    assert_eq!(figures["streams"], 1);
    assert_eq!(figures["text_events"], json!({"min": 20, "median": 20, "max": 20}));
    assert_eq!(figures["characters"]["max"], 100);
    let ms = |name: &str| figures[name]["median"].as_f64().unwrap_or_else(|| panic!("{name}"));
    assert!(0.0 < ms("headers_ms") && ms("headers_ms") <= ms("first_event_ms"), "{figures}");
    assert!(ms("first_event_ms") <= ms("first_text_ms"), "{figures}");
    // 19 pauses of 20 ms; a text may be seen late on a busy machine.
    assert!(ms("first_text_ms") + 200.0 <= ms("total_ms"), "{figures}");
    assert!(ms("gap_p50_ms") >= 5.0 && ms("gap_p50_ms") <= ms("longest_gap_ms"), "{figures}");

    let streams = report["rounds"][0]["streams"].as_array().unwrap();
    assert_eq!(streams.len(), 1);
    assert_eq!((&streams[0]["status"], &streams[0]["end"]), (&json!(200), &json!("complete")));
    let timeline = streams[0]["timeline"].as_array().unwrap();
    assert_eq!(timeline.len(), 60);
    let drawn: u64 = timeline.iter().map(|events| events.as_u64().unwrap()).sum();
    assert_eq!(streams[0]["figures"]["events"], drawn);
    let gaps = report["gap_histogram"].as_array().unwrap();
    assert_eq!(gaps.iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum::<u64>(), 19);

    let asked: Vec<_> = report["follow_ups"].as_array().unwrap().iter().collect();
    let asked: Vec<_> = asked.iter().map(|ask| (&ask["kind"], &ask["status"])).collect();
    assert_eq!(
        json!(asked),
        json!([
            ["threads.get_by_id", 200],
            ["items.list", 200],
            ["wrong streaming op", 200],
            ["wrong JSON op", 404],
            ["preflight", 200],
        ])
    );
}

#[test]
fn a_finding_has_its_code_and_place() {
    let server = Server::playback();
    let args = ["--message", &spoken(6, 300), "--stream-only", "--json"];
    let report = Probed::run(&[&[url(&server).as_str()][..], &args].concat()).json();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{report}");
    assert_eq!(findings[0]["code"], "slow-producer");
    assert_eq!(findings[0]["severity"], "warning");
    assert!(findings[0]["frame"].is_u64(), "{report}");
    for text in ["seen", "why", "fix"] {
        assert!(findings[0][text].as_str().is_some_and(|text| text.len() > 20), "{report}");
    }
    assert_eq!((&report["warnings"], &report["follow_ups"]), (&json!(1), &json!([])));
}
