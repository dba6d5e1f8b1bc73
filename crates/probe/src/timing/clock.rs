//! The server's own clock, as it shows through what it sends.
//!
//! A server stamps its items: with `created_at`, and often with an id that holds a time (UUID
//! version 7). Two stamps say how much time passed at the server between them; if their frames
//! arrived closer together than that, something between kept the first one back. Only differences
//! are used, so the clocks need not agree.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chatkit_protocol::Timestamp;
use serde_json::Value;

use crate::{Recording, arrivals::events};

/// Two frames that the server made further apart than they arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeldBack {
    /// How far apart the server made them, at least.
    pub(super) made: Duration,
    /// How far apart they arrived.
    pub(super) arrived: Duration,
    /// How that is known.
    pub(super) by: &'static str,
}

/// A stamp of the server, in milliseconds of its clock.
struct Stamp {
    ms: i64,
    /// How coarse it is.
    resolution: i64,
    at: Duration,
    by: &'static str,
}

/// What the stamps of a stream prove to have been held back, the longest first seen.
pub(super) fn held_back(recording: &Recording) -> Option<HeldBack> {
    let by_stamps = ["created_at", "id"].into_iter().filter_map(|source| {
        let stamps = stamps(recording, source);
        let first = stamps.first()?;
        stamps.iter().skip(1).filter_map(|stamp| between(first, stamp, recording)).max_by_key(lost)
    });
    by_stamps.chain(by_duration(recording)).max_by_key(lost)
}

fn lost(held: &HeldBack) -> Duration {
    held.made.saturating_sub(held.arrived)
}

fn between(first: &Stamp, later: &Stamp, recording: &Recording) -> Option<HeldBack> {
    let made = (later.ms - first.ms).saturating_sub(first.resolution.max(later.resolution) - 1);
    let made = Duration::from_millis(u64::try_from(made).ok()?);
    let arrived = later.at.saturating_sub(first.at);
    // Items that were made before the request, or with dates of their own, say nothing: no more
    // time can have passed than the exchange took.
    let possible = made <= recording.end.at();
    (possible && made > arrived).then_some(HeldBack { made, arrived, by: later.by })
}

/// The stamps of new items, each at the frame that first shows its item.
fn stamps(recording: &Recording, source: &'static str) -> Vec<Stamp> {
    let mut known = HashSet::new();
    events(recording)
        .filter_map(|event| {
            let item = &event.json["item"];
            let id = item["id"].as_str()?;
            if !known.insert(id) {
                return None;
            }
            let (ms, resolution) = match source {
                "id" => (uuid_v7_ms(id)?, 1),
                _ => date_ms(item["created_at"].as_str()?)?,
            };
            let by = if source == "id" { "the times in item ids" } else { "`created_at` of items" };
            Some(Stamp { ms, resolution, at: event.at, by })
        })
        .collect()
}

/// A workflow says when it is done how many seconds it took.
fn by_duration(recording: &Recording) -> Option<HeldBack> {
    let mut added = HashMap::new();
    events(recording).find_map(|event| {
        let item = &event.json["item"];
        let id = item["id"].as_str().filter(|_| item["type"] == "workflow")?;
        if event.json["type"] == "thread.item.added" {
            added.entry(id).or_insert(event.at);
        }
        if event.json["type"] != "thread.item.done" {
            return None;
        }
        // It may have been rounded up.
        let made = Duration::from_secs(workflow_seconds(item)?.saturating_sub(1));
        let arrived = event.at.saturating_sub(*added.get(id)?);
        let held = made > arrived && made <= recording.end.at();
        held.then_some(HeldBack { made, arrived, by: "the duration of a workflow" })
    })
}

fn workflow_seconds(item: &Value) -> Option<u64> {
    item["workflow"]["summary"]["duration"].as_u64()
}

/// The milliseconds in an id that ends in a UUID of version 7, with dashes or without.
fn uuid_v7_ms(id: &str) -> Option<i64> {
    let digits: String = id.chars().rev().filter(|c| *c != '-').take(32).collect();
    let digits: String = digits.chars().rev().collect();
    let is_hex = digits.len() == 32 && digits.chars().all(|c| c.is_ascii_hexdigit());
    let is_v7 = is_hex && digits.get(12..13) == Some("7");
    is_v7.then(|| i64::from_str_radix(digits.get(..12)?, 16).ok())?
}

/// The milliseconds since 1970 of a date, and how coarse it is at worst: a date without a fraction
/// may be up to a second off.
fn date_ms(date: &str) -> Option<(i64, i64)> {
    let ms = date.parse::<Timestamp>().ok()?.as_microsecond().div_euclid(1000);
    let fraction = date.split_once('.').map_or("", |(_, behind)| behind);
    let resolution = match fraction.chars().take_while(char::is_ascii_digit).count() {
        0 => 1000,
        1 => 100,
        2 => 10,
        _ => 1,
    };
    Some((ms, resolution))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_milliseconds() {
        for (date, ms, resolution) in [
            ("1970-01-01T00:00:00Z", 0, 1000),
            ("2026-11-26T12:34:56.789Z", 1_795_696_496_789, 1),
            ("2026-11-26T12:34:56.789123", 1_795_696_496_789, 1),
            ("2026-11-26T13:34:56.78+01:00", 1_795_696_496_780, 10),
            ("2026-11-26T12:34:56.7Z", 1_795_696_496_700, 100),
        ] {
            assert_eq!(date_ms(date), Some((ms, resolution)), "{date}");
        }
        assert_eq!(date_ms("today"), None);
    }

    #[test]
    fn ids_hold_times_only_in_version_7() {
        let v7 = "msg_0192f8f6b7c07abc8def0123456789ab";
        assert_eq!(uuid_v7_ms(v7), Some(0x0192_f8f6_b7c0));
        assert_eq!(uuid_v7_ms("0192f8f6-b7c0-7abc-8def-0123456789ab"), Some(0x0192_f8f6_b7c0));
        assert_eq!(uuid_v7_ms("msg_0192f8f6b7c04abc8def0123456789ab"), None);
        assert_eq!(uuid_v7_ms("msg_1"), None);
    }
}
