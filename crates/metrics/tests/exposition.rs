//! What a scraper is shown.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::time::Duration;

use chatkit_metrics::Metrics;
use chatkit_protocol::Op;
use chatkit_server::{Observer as _, StoreOutcome};
use chatkit_testkit::exposition::{Exposition, Format};
use common::{app, busy, scrape, text};

#[tokio::test]
async fn both_formats_tell_the_same() {
    let app = busy().await;
    let open = scrape(&app).await;
    let (kind, text) = text(&app, "*/*").await;
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    let older = Exposition::parse(&text, Format::Prometheus);
    let older = older.unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
    assert_eq!(open.names(), older.names());
    for (name, labels, value) in open.samples() {
        // The formats write the bounds of buckets each in its way.
        if name.starts_with("chatkit_") && !labels.contains_key("le") {
            let labels: Vec<_> =
                labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(older.value(name, &labels), Some(value), "{name}{labels:?}");
        }
    }
}

#[tokio::test]
async fn names_follow_the_conventions() {
    let app = busy().await;
    for (name, family) in scrape(&app).await.families() {
        assert!(name.starts_with("chatkit_") || name.starts_with("process_"), "{name}");
        assert!(!name.ends_with("_total"), "{name}: the suffix is the format's");
        assert!(family.help.ends_with('.') && family.help.len() > 10, "{name}: {}", family.help);
        let unit = ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(unit));
        assert_eq!(family.unit.as_deref(), unit, "{name}");
        assert!(family.kind != "histogram" || unit.is_some(), "{name}: a histogram has a unit");
    }
}

/// However a client names things, a label has one of few values.
#[tokio::test]
async fn labels_are_bounded() {
    let app = busy().await;
    let ops: Vec<_> = Op::ALL.map(Op::as_str).into_iter().chain(["unknown"]).collect();
    for (name, labels, _) in scrape(&app).await.samples() {
        for (label, value) in labels {
            let fits = match label.as_str() {
                "op" => ops.contains(&value.as_str()),
                "status" => value.parse::<u16>().is_ok_and(|code| (200..600).contains(&code)),
                "le" => true,
                "limit" => ["first_event", "gap", "turn"].contains(&value.as_str()),
                "outcome" => ["ok", "not_found", "conflict", "error"].contains(&value.as_str()),
                "operation" | "end" => value.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "version" => value == "1.2.3",
                _ => false,
            };
            assert!(fits, "{name}: {label}={value}");
        }
    }
}

#[tokio::test]
async fn requests_are_counted_by_op_and_status() {
    let app = busy().await;
    let found = scrape(&app).await;
    let requests =
        |op, status| found.value("chatkit_http_requests_total", &[("op", op), ("status", status)]);
    assert_eq!(requests("threads.create", "200"), Some(1.0));
    assert_eq!(requests("threads.list", "200"), Some(1.0));
    assert_eq!(requests("threads.get_by_id", "404"), Some(1.0));
    assert_eq!(requests("unknown", "400"), Some(2.0), "an unknown op and no JSON at all");
    assert_eq!(requests("unknown", "413"), Some(1.0));
    assert_eq!(requests("unknown", "405"), Some(1.0));
    assert_eq!(found.sum("chatkit_http_requests_total"), 7.0, "others are not counted");
    assert_eq!(found.sum("chatkit_http_request_seconds_count"), 7.0);
    // What never was an op has no status of one.
    assert_eq!(found.sum("chatkit_ops_total"), 5.0);
    assert_eq!(found.sum("chatkit_op_seconds_count"), 5.0);
    let loads = [("operation", "load_thread"), ("outcome", "not_found")];
    assert_eq!(found.value("chatkit_store_operation_seconds_count", &loads), Some(1.0));
}

#[tokio::test]
async fn series_to_alert_on_begin_at_zero() {
    let metrics = Metrics::new("1");
    let found = scrape(&app(&metrics)).await;
    let failed = [("op", "threads.create"), ("end", "failed")];
    assert_eq!(found.value("chatkit_runs_total", &failed), Some(0.0));
    assert_eq!(found.value("chatkit_watchdog_trips_total", &[("limit", "gap")]), Some(0.0));
    assert_eq!(found.value("chatkit_blocked_polls_total", &[]), Some(0.0));
    assert_eq!(found.value("chatkit_run_gap_seconds_count", &[]), Some(0.0));
    let ends = found.samples().filter(|(name, labels, _)| {
        *name == "chatkit_runs_total" && labels["op"] == "threads.create"
    });
    assert_eq!(ends.count(), 8);
}

#[tokio::test]
async fn values_are_escaped() {
    let metrics = Metrics::new("a\"b\\c\nd");
    let found = scrape(&app(&metrics)).await;
    assert_eq!(found.value("chatkit_build_info", &[("version", "a\"b\\c\nd")]), Some(1.0));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_is_measured() {
    let metrics = Metrics::new("1");
    let found = scrape(&app(&metrics)).await;
    let value = |name| found.value(name, &[]).unwrap();
    assert!(value("process_resident_memory_bytes") > 100_000.0);
    assert!(value("process_cpu_seconds_total") >= 0.0);
    assert!(value("process_open_fds") >= 3.0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let age = now.as_secs_f64() - value("process_start_time_seconds");
    assert!((-5.0..3600.0).contains(&age), "{age}");
}

#[tokio::test]
async fn calls_of_the_store_are_timed_by_outcome() {
    let metrics = Metrics::new("1");
    let outcomes =
        [StoreOutcome::Ok, StoreOutcome::NotFound, StoreOutcome::Conflict, StoreOutcome::Error];
    for (outcome, millis) in outcomes.into_iter().zip([1, 2, 4, 8]) {
        metrics.store_called("save_item", outcome, Duration::from_millis(millis));
    }
    let found = scrape(&app(&metrics)).await;
    for (outcome, seconds) in outcomes.into_iter().zip([0.001, 0.002, 0.004, 0.008]) {
        let labels = [("operation", "save_item"), ("outcome", outcome.as_str())];
        let name = "chatkit_store_operation_seconds_sum";
        assert_eq!(found.value(name, &labels), Some(seconds), "{outcome:?}");
    }
}
