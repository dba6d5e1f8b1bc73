//! All that is to be said about a recording.

use crate::{
    Finding, FollowUp, Recording, Severity,
    crowd::{self, Member},
    is_streaming, rules, timing, transport,
    words::plain,
};

/// Judges one exchange: its transport, its times, and what it says. An answer to an op that streams
/// and is no event stream is judged by its transport alone.
pub fn check(recording: &Recording) -> Vec<Finding> {
    if !is_streaming(&recording.request) && !transport::is_stream(recording) {
        let mut findings = transport::check_json(recording);
        findings.extend(timing::slow_connect(recording));
        findings.extend(rules::check_answer(recording));
        return findings;
    }
    let mut findings = transport::check(recording);
    findings.extend(timing::slow_connect(recording));
    if transport::is_stream(recording) {
        let timing = timing::check(recording);
        // A pause in the middle is a warning.
        let hangs = |it: &Finding| it.code == "stall" && it.severity == Severity::Error;
        if timing.iter().any(hangs) {
            // It does not end because it stands still.
            findings.retain(|finding| finding.code != "no-end");
        }
        findings.extend(timing);
        findings.extend(rules::check(recording));
    }
    findings
}

/// Judges streams that ran at the same time, each by itself and all of them together. `alone` ran
/// before them.
pub(crate) fn check_crowd_members(alone: &Recording, crowd: &[Member<'_>]) -> Vec<Vec<Finding>> {
    let blocked = crowd::check(alone, crowd);
    let mut streams: Vec<Vec<Finding>> =
        crowd.iter().map(|member| check(member.recording)).collect();
    if let Some(blocked) = blocked {
        // What the times of one show is how they wait for each other.
        for findings in &mut streams {
            findings.retain(|finding| !timing::CODES.contains(&finding.code));
        }
        streams.push(vec![blocked]);
    }
    streams
}

/// Judges the exchanges that followed a stream, against what the stream has shown.
pub fn check_follow_ups(main: &Recording, others: &[FollowUp]) -> Vec<Finding> {
    rules::follow_ups(main, others)
}

/// Makes one list of the findings of several streams: what was seen in each of them stands there
/// once, with how often it was seen, the worst first. Texts lose what would change a terminal.
pub(crate) fn merge(streams: impl IntoIterator<Item = Vec<Finding>>) -> Vec<Finding> {
    let mut merged: Vec<(usize, Finding)> = Vec::new();
    for findings in streams {
        let mut seen_here: Vec<(&'static str, Severity)> = Vec::new();
        for mut finding in findings {
            let kind = (finding.code, finding.severity);
            // The second of a kind in one stream is another place than the first.
            let number = seen_here.iter().filter(|other| **other == kind).count();
            seen_here.push(kind);
            let same = merged.iter_mut().find(|(other_number, other)| {
                *other_number == number && (other.code, other.severity) == kind
            });
            if let Some((_, same)) = same {
                same.count += finding.count;
                continue;
            }
            for text in [&mut finding.seen, &mut finding.why, &mut finding.fix] {
                *text = plain(text);
            }
            merged.push((number, finding));
        }
    }
    merged.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    merged.into_iter().map(|(_, finding)| finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        End,
        tape::{Tape, done},
    };

    fn finding(code: &'static str, severity: Severity, seen: &str) -> Finding {
        Finding { severity, ..Finding::error(code, seen.to_owned(), "", "") }
    }

    #[test]
    fn the_same_in_several_streams_is_counted() {
        let stream = |seen: &str| {
            vec![
                finding("stall", Severity::Warning, seen),
                finding("bad-shape", Severity::Error, "here"),
                finding("bad-shape", Severity::Error, "there"),
            ]
        };
        let merged = merge([stream("4 s"), stream("5 s")]);
        let short: Vec<_> =
            merged.iter().map(|found| (found.code, found.seen.as_str(), found.count)).collect();
        assert_eq!(
            short,
            [("bad-shape", "here", 2), ("bad-shape", "there", 2), ("stall", "4 s", 2)]
        );
    }

    #[test]
    fn a_stream_that_does_not_end_is_told_from_one_that_hangs() {
        let begun = || Tape::new().wait(3.0).head().opening().paced(5, |_| 20.0);
        let judged = |recording: &Recording| -> Vec<(&str, Severity)> {
            let found = check(recording).into_iter();
            let found = found.filter(|it| matches!(it.code, "no-end" | "stall"));
            found.map(|it| (it.code, it.severity)).collect()
        };
        let hangs = begun().wait(60_000.0).end(End::TimedOut);
        assert_eq!(judged(&hangs), [("stall", Severity::Error)]);
        let paused = begun().wait(16_000.0).read(&[done(None)]).wait(60_000.0).end(End::TimedOut);
        assert_eq!(judged(&paused), [("no-end", Severity::Error), ("stall", Severity::Warning)]);
    }

    #[test]
    fn texts_of_the_server_are_made_plain() {
        let merged = merge([vec![finding("x", Severity::Note, "a\u{1b}[31mb")]]);
        assert_eq!(merged[0].seen, "a\u{fffd}[31mb");
    }
}
