//! Each rule, and streams that are nearly as it describes.

use serde_json::{Value, json};

use super::check;
use crate::{
    End, Recording, Severity,
    tape::{Tape, added, codes, created, delta, done, echo, item, options, whole},
};

/// A pace that varies a little, as a model's does.
fn about(ms: f64) -> impl Fn(usize) -> f64 {
    move |number| ms * (0.6 + 0.1 * ((number * 7) % 9) as f64)
}

fn deltas(count: usize) -> Vec<Value> {
    vec![delta(" word"); count]
}

fn assert_fine(recording: &Recording) {
    assert_eq!(check(recording), []);
}

/// Just one finding.
fn only(recording: &Recording) -> crate::Finding {
    let mut found = check(recording);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

mod fine {
    use super::*;

    #[test]
    fn a_paced_stream() {
        for pace in [3.0, 20.0, 40.0, 80.0, 200.0] {
            let tape = Tape::new().wait(4.0).head().opening();
            assert_fine(&tape.paced(60, about(pace)).done());
        }
    }

    #[test]
    fn a_stream_with_the_pace_of_a_clock() {
        for pace in [10.0, 40.0, 100.0, 200.0] {
            let tape = Tape::new().wait(4.0).head().opening();
            assert_fine(&tape.paced(60, |_| pace).done());
        }
    }

    #[test]
    fn everything_at_once_without_a_silence() {
        let mut all = vec![created(), echo(None), options(), added(None)];
        all.extend(deltas(200));
        all.push(done(None));
        assert_fine(&Tape::new().wait(30.0).head().read(&all).end(End::Complete));
    }

    /// The server answered at once, thought, and then knew the whole text.
    #[test]
    fn a_text_at_once_after_a_thought() {
        let tape = Tape::new().wait(4.0).head().opening();
        assert_fine(&tape.wait(2000.0).read(&deltas(200)).done());
    }

    #[test]
    fn a_stream_without_text() {
        let tape = Tape::new().wait(4.0).head().read(&[created(), echo(None)]);
        assert_fine(&tape.end(End::Complete));
    }

    #[test]
    fn tokens_in_threes() {
        let mut tape = Tape::new().wait(4.0).head().opening();
        for _ in 0..30 {
            tape = tape.wait(120.0).read(&deltas(3));
        }
        assert_fine(&tape.done());
    }

    #[test]
    fn a_machine_that_was_busy_for_a_moment() {
        let mut tape = Tape::new().wait(4.0).head().opening().paced(40, about(20.0));
        for _ in 0..3 {
            tape = tape.wait(300.0).read(&deltas(15)).paced(40, about(20.0));
        }
        assert_fine(&tape.done());
    }
}

mod buffered {
    use super::*;

    fn at_once(asked: Tape, dates: [Option<&str>; 2]) -> Recording {
        let mut all = vec![created(), echo(dates[0]), options(), added(dates[1])];
        all.extend(deltas(50));
        all.push(done(dates[1]));
        asked.wait(1000.0).head().read(&all).end(End::Complete)
    }

    #[test]
    fn everything_after_a_silence() {
        let found = only(&at_once(Tape::new(), [None, None]));
        assert_eq!((found.code, found.severity), ("buffered-whole", Severity::Warning));
        assert!(
            found.seen.starts_with("1.00 s of silence, then all of the 55 events"),
            "{found:?}"
        );
    }

    #[test]
    fn early_headers_prove_nothing() {
        let mut all = vec![created(), echo(None), options(), added(None)];
        all.extend(deltas(50));
        let tape = Tape::new().wait(3.0).head().wait(900.0).read(&all);
        assert_eq!(only(&tape.done()).severity, Severity::Warning);
    }

    #[test]
    fn the_dates_of_the_server_prove_it() {
        let dates = [Some("2026-01-01T10:00:00.100Z"), Some("2026-01-01T10:00:00.900Z")];
        let found = only(&at_once(Tape::new(), dates));
        assert_eq!((found.code, found.severity), ("buffered-whole", Severity::Error));
        assert!(found.seen.contains("`created_at`"), "{found:?}");
    }

    #[test]
    fn dates_that_cannot_be_prove_nothing() {
        for dates in [
            ["2026-01-01T10:00:00.100Z", "2026-01-01T10:00:30.100Z"],
            ["2026-01-01T10:00:00.900Z", "2026-01-01T10:00:00.100Z"],
            // A second that has just ended.
            ["2026-01-01T10:00:00Z", "2026-01-01T10:00:01Z"],
        ] {
            let found = only(&at_once(Tape::new(), dates.map(Some)));
            assert_eq!(found.severity, Severity::Warning, "{dates:?}");
        }
    }

    #[test]
    fn times_in_ids_prove_it() {
        let id = |ms: u64| format!("msg_{ms:012x}7abc8def0123456789ab");
        let user = item("thread.item.done", "user_message", &id(1_795_000_000_000), None);
        let answer = item("thread.item.added", "assistant_message", &id(1_795_000_000_700), None);
        let mut all = vec![created(), user, options(), answer];
        all.extend(deltas(50));
        let tape = Tape::new().wait(1000.0).head().read(&all);
        let found = only(&tape.end(End::Complete));
        assert_eq!(found.severity, Severity::Error);
        assert!(found.seen.contains("item ids"), "{found:?}");
    }

    #[test]
    fn the_duration_of_a_workflow_proves_it() {
        let workflow = |kind: &str| {
            let mut event = item(kind, "workflow", "wf_1", None);
            event["item"]["workflow"] = json!({"type": "reasoning", "tasks": []});
            event
        };
        let mut finished = workflow("thread.item.done");
        finished["item"]["workflow"]["summary"] = json!({"duration": 3});
        let mut all =
            vec![created(), echo(None), workflow("thread.item.added"), finished, added(None)];
        all.extend(deltas(50));
        let found = only(&Tape::new().wait(4000.0).head().read(&all).end(End::Complete));
        assert_eq!(found.severity, Severity::Error);
    }

    #[test]
    fn a_script_with_pauses_proves_it() {
        let script = r#"{"steps": [{"text": {"deltas": 50, "delta": " word", "gap_ms": 20}}]}"#;
        let found = only(&at_once(Tape::asking(script), [None, None]));
        assert_eq!(found.severity, Severity::Error);
        assert!(found.seen.contains("980 ms"), "{found:?}");
    }

    #[test]
    fn a_known_length_proves_it() {
        let mut all = vec![created(), echo(None), added(None)];
        all.extend(deltas(50));
        let headers = [("content-type", "text/event-stream"), ("content-length", "5000")];
        let tape = Tape::new().wait(800.0).head_with(200, &headers).read(&all);
        assert_eq!(only(&tape.end(End::Complete)).severity, Severity::Error);
    }

    #[test]
    fn a_text_that_was_kept_behind_its_beginning() {
        let dates = [Some("2026-01-01T10:00:00.000Z"), Some("2026-01-01T10:00:00.010Z")];
        let script = r#"{"steps": [{"text": {"deltas": 50, "delta": " word", "gap_ms": 20}}]}"#;
        let tape = Tape::asking(script).wait(3.0).head();
        let tape = tape.read(&[created(), echo(dates[0]), options()]).wait(990.0);
        let mut rest = vec![added(dates[1])];
        rest.extend(deltas(50));
        let found = only(&tape.read(&rest).end(End::Complete));
        assert_eq!((found.code, found.severity), ("buffered-whole", Severity::Error));
    }
}

mod bursts {
    use super::*;

    /// Frames of 200 bytes that a buffer lets through when it is full.
    fn through_a_buffer(size: usize, pace: f64) -> Recording {
        let mut tape = Tape::new().wait(4.0).head();
        let mut held = vec![created(), echo(None), options(), added(None)];
        let (mut bytes, mut kept) = (held.len() * 200, 0.0);
        for number in 0..300 {
            kept += about(pace)(number);
            held.push(delta(" word"));
            bytes += 200;
            if bytes >= size {
                tape = tape.wait(kept).read_of(size, &held);
                bytes -= size;
                kept = 0.0;
                held.clear();
            }
        }
        held.push(done(None));
        tape.wait(kept).read_of(bytes + 200, &held).end(End::Complete)
    }

    #[test]
    fn by_the_size_of_a_buffer() {
        for size in [1024, 4096, 8192, 16_384] {
            let found = only(&through_a_buffer(size, 20.0));
            assert_eq!(found.code, "bursts");
            let named = format!("of about {} bytes", crate::words::grouped(size));
            assert!(found.seen.contains(&named), "{size}: {found:?}");
        }
    }

    #[test]
    fn by_an_interval() {
        let mut tape = Tape::new().wait(4.0).head().opening();
        for number in 0..12 {
            // Tokens of unlike length, so many as came in the time.
            let texts = deltas(20 + (number * 7) % 11);
            tape = tape.wait(500.0).read_of(2300 + number * 311 % 2100, &texts);
        }
        let found = only(&tape.done());
        assert_eq!(found.code, "bursts");
        assert!(found.seen.contains("one piece every 500 ms"), "{found:?}");
    }

    #[test]
    fn without_a_rule() {
        let mut tape = Tape::new().wait(4.0).head().opening();
        for number in 0..12 {
            let pause = [220.0, 700.0, 310.0, 1100.0][number % 4];
            tape =
                tape.wait(pause).read_of(700 + (number % 5) * 900, &deltas(5 + (number % 5) * 6));
        }
        let found = only(&tape.done());
        assert_eq!(found.code, "bursts");
        assert!(found.why.contains("producer may"), "{found:?}");
    }

    #[test]
    fn three_are_too_few_without_a_rule() {
        let mut tape = Tape::new().wait(4.0).head().opening();
        for (pause, count) in [(300.0, 12), (800.0, 31), (450.0, 20)] {
            tape = tape.wait(pause).read(&deltas(count));
        }
        assert_fine(&tape.done());
    }
}

mod nagle {
    use super::*;

    #[test]
    fn several_events_after_each_acknowledgement() {
        for delay in [40.0, 44.0, 200.0] {
            let mut tape = Tape::new().wait(4.0).head().opening();
            for number in 0..20 {
                let count = 3 + number % 3;
                tape = tape.wait(delay + (number % 3) as f64).read(&deltas(count));
            }
            assert_eq!(only(&tape.done()).code, "nagle", "{delay}");
        }
    }

    #[test]
    fn the_second_half_of_each_frame() {
        let mut tape = Tape::new().wait(4.0).head().opening();
        for number in 0..20 {
            tape = tape.wait(90.0 + (number % 5) as f64 * 9.0).read_of(6, &[]);
            tape = tape.wait(41.0).read(&deltas(1));
        }
        assert_eq!(only(&tape.done()).code, "nagle");
    }

    #[test]
    fn a_pace_of_40_ms_is_none() {
        let tape = Tape::new().wait(4.0).head().opening();
        assert_fine(&tape.paced(50, |number| 40.0 + (number % 3) as f64).done());
    }

    #[test]
    fn pairs_with_a_model_s_jitter_are_none() {
        let mut tape = Tape::new().wait(4.0).head().opening();
        for number in 0..40 {
            tape = tape.wait(about(42.0)(number)).read(&deltas(2));
        }
        assert_fine(&tape.done());
    }

    #[test]
    fn four_pauses_are_too_few() {
        let mut tape = Tape::new().wait(4.0).head().opening();
        for _ in 0..4 {
            tape = tape.wait(40.0).read(&deltas(3));
        }
        assert_fine(&tape.done());
    }
}

mod pace {
    use super::*;

    #[test]
    fn a_token_every_400_ms() {
        let tape = Tape::new().wait(4.0).head().opening();
        assert_eq!(only(&tape.paced(12, about(400.0)).done()).code, "slow-producer");
    }

    #[test]
    fn five_tokens_a_second_are_not_slow() {
        assert_fine(&Tape::new().wait(4.0).head().opening().paced(12, |_| 200.0).done());
    }

    #[test]
    fn a_paragraph_at_a_time_is_not_slow() {
        let mut tape = Tape::new().wait(4.0).head().opening();
        for _ in 0..10 {
            tape = tape.wait(500.0).read(&[delta(&"word ".repeat(50))]);
        }
        assert_eq!(only(&tape.done()).code, "one-big-delta");
    }

    #[test]
    fn a_long_text_in_one_delta() {
        let tape = Tape::new().wait(4.0).head().opening().wait(2500.0);
        let found = only(&tape.read(&[delta(&"word ".repeat(200))]).done());
        assert_eq!((found.code, found.severity), ("one-big-delta", Severity::Warning));
    }

    #[test]
    fn a_long_text_without_deltas() {
        let tape = Tape::new().wait(4.0).head().read(&[created(), echo(None)]);
        let found = only(&tape.wait(3.0).read(&[whole(&"word ".repeat(200))]).end(End::Complete));
        assert_eq!((found.code, found.severity), ("one-big-delta", Severity::Note));
    }

    #[test]
    fn a_short_text_may_come_whole() {
        let tape = Tape::new().wait(4.0).head().read(&[created(), echo(None)]);
        assert_fine(&tape.wait(2000.0).read(&[whole("It is 12 o'clock.")]).end(End::Complete));
    }
}

mod waits {
    use super::*;

    #[test]
    fn for_the_head() {
        let tape = Tape::new().wait(1500.0).head().opening();
        assert_eq!(only(&tape.paced(20, about(30.0)).done()).code, "slow-headers");
    }

    #[test]
    fn for_the_first_event() {
        let tape = Tape::new().wait(4.0).head().wait(1500.0).opening();
        assert_eq!(only(&tape.paced(20, about(30.0)).done()).code, "slow-first-event");
    }

    #[test]
    fn for_the_first_text() {
        let tape = Tape::new().wait(4.0).head().opening().wait(6000.0);
        assert_eq!(only(&tape.paced(20, about(30.0)).done()).code, "slow-first-text");
    }

    #[test]
    fn a_progress_update_makes_waiting_easier() {
        let progress = json!({"type": "progress_update", "text": "Searching"});
        let tape = Tape::new().wait(4.0).head().opening().wait(800.0).read(&[progress]);
        assert_fine(&tape.wait(6000.0).paced(20, about(30.0)).done());
    }

    #[test]
    fn in_the_middle() {
        let tape = Tape::new().wait(4.0).head().opening().paced(20, about(30.0)).wait(5000.0);
        assert_eq!(only(&tape.paced(20, about(30.0)).done()).code, "long-gap");
    }

    #[test]
    fn three_seconds_are_a_tool_s() {
        let tape = Tape::new().wait(4.0).head().opening().paced(20, about(30.0)).wait(3000.0);
        assert_fine(&tape.paced(20, about(30.0)).done());
    }

    #[test]
    fn so_long_that_users_leave() {
        let tape = Tape::new().wait(4.0).head().opening().paced(20, about(30.0)).wait(16_000.0);
        let found = only(&tape.paced(20, about(30.0)).done());
        assert_eq!((found.code, found.severity), ("stall", Severity::Warning));
    }

    #[test]
    fn for_ever() {
        let tape = Tape::new().wait(4.0).head().opening().paced(20, about(30.0)).wait(8000.0);
        let found = only(&tape.end(End::TimedOut));
        assert_eq!((found.code, found.severity), ("stall", Severity::Error));
        assert!(found.seen.contains("`msg_1`"), "{found:?}");
    }

    #[test]
    fn without_a_heartbeat() {
        let tape = Tape::new().wait(4.0).head().opening().paced(5, about(30.0)).wait(25_000.0);
        let found = check(&tape.paced(5, about(30.0)).done());
        assert_eq!(codes(&found), ["stall", "no-heartbeat"]);
    }

    #[test]
    fn with_heartbeats() {
        let tape = Tape::new().wait(4.0).head().opening().paced(5, about(30.0));
        let tape = tape.wait(13_000.0).heartbeat().wait(13_000.0);
        let found = check(&tape.paced(5, about(30.0)).done());
        assert_eq!(codes(&found), ["stall"]);
    }
}
