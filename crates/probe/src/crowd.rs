//! Streams that run at the same time: do they wait for each other?
//!
//! A server with one event loop stands still for everybody while one turn does something that
//! blocks. Seen from outside, streams then run one after another, stop at the same moment, or slow
//! down as if they were one. The streams of a crowd are begun a little apart, so that a pause that
//! each of them makes for itself is not taken for one that they share.

use std::time::Duration;

use crate::{
    Finding, Recording, Severity,
    arrivals::{events, first_text, texts},
    numbers::{at_least, gaps, median},
    words::{count, time},
};

/// One stream of a crowd, and when it was begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    /// When its request was sent, from the beginning of the round.
    pub(crate) offset: Duration,
    /// What was seen of it.
    pub(crate) recording: &'a Recording,
}

/// What is shorter than this may be the machine's load.
const LONG: Duration = Duration::from_millis(200);
/// A common pause must be this many times what is usual.
const UNUSUAL: u32 = 4;
/// So much of the time that one stream takes lies between the ends of two, if they queue.
const QUEUED: f64 = 0.7;
/// So much of the time that the streams would take one after another is slow enough to say that
/// they take turns.
const TURNS: f64 = 0.6;
/// With fewer streams, slowness may be the machine's.
const MIN_TURNS: u32 = 3;
/// How many times slower they are at least, however few there are.
const MIN_SLOWER: u32 = 2;
/// With fewer text events there is no pace.
const MIN_TEXTS: u32 = 5;
/// A pace below this is the machine's, not one that somebody waits for.
const SPACED: Duration = Duration::from_millis(15);

/// Judges streams that ran at the same time against one that ran alone before.
pub(crate) fn check(alone: &Recording, crowd: &[Member<'_>]) -> Option<Finding> {
    let crowd: Vec<Member<'_>> =
        crowd.iter().copied().filter(|member| first_text(member.recording).is_some()).collect();
    if crowd.len() < 2 {
        return None;
    }
    queued(alone, &crowd).or_else(|| frozen(&crowd)).or_else(|| in_turns(alone, &crowd))
}

/// One after another: the first text of each comes after the one before has had its time.
fn queued(alone: &Recording, crowd: &[Member<'_>]) -> Option<Finding> {
    let one = last_text(alone)?;
    if one < LONG {
        return None;
    }
    let mut spans: Vec<(Duration, Duration)> = crowd
        .iter()
        .filter_map(|member| {
            let first = member.offset + first_text(member.recording)?;
            Some((first, member.offset + last_text(member.recording)?))
        })
        .collect();
    spans.sort_unstable();
    let pairs = || spans.iter().zip(spans.iter().skip(1));
    let disjoint = pairs().filter(|((_, end), (begin, _))| begin >= end).count();
    let spaced = pairs()
        .filter(|((_, end), (_, next))| next.saturating_sub(*end) >= one.mul_f64(QUEUED))
        .count();
    let all = spans.len().saturating_sub(1);
    (disjoint == all && at_least(spaced, all, QUEUED)).then(|| {
        finding(format!(
            "{} that were begun together were answered one after another, {} each",
            count(crowd.len(), "stream"),
            time(one)
        ))
    })
}

fn last_text(recording: &Recording) -> Option<Duration> {
    let last = texts(recording).last().map(|text| text.at);
    last.or_else(|| first_text(recording))
}

/// All stop, and all go on at the same moment.
fn frozen(crowd: &[Member<'_>]) -> Option<Finding> {
    let pauses: Vec<Vec<(Duration, Duration)>> =
        crowd.iter().map(|member| pauses(member)).collect();
    let (first, others) = pauses.split_first()?;
    // Pauses of their own end as far apart as the streams were begun.
    let begun = || crowd.iter().map(|member| member.offset);
    let apart = begun().max()?.saturating_sub(begun().min()?);
    let tolerance = (apart / 3).min(Duration::from_millis(20));
    let frozen = first.iter().filter_map(|(begin, end)| {
        let mut shared = (*begin, *end);
        for other in others {
            let same = other.iter().find(|(_, other)| other.abs_diff(*end) <= tolerance)?;
            shared = (shared.0.max(same.0), shared.1.min(same.1));
        }
        let length = shared.1.saturating_sub(shared.0);
        (length >= LONG).then_some((length, shared.0))
    });
    let frozen: Vec<(Duration, Duration)> = frozen.collect();
    let (length, at) = frozen.iter().copied().max()?;
    let often = if frozen.len() > 1 {
        format!("{} times, the longest time for {}", frozen.len(), time(length))
    } else {
        format!("for {}", time(length))
    };
    Some(finding(format!(
        "all {} stood still at the same time {often}, {} after the first was begun",
        count(crowd.len(), "stream"),
        time(at)
    )))
}

/// The unusual pauses of a stream, by the round's clock.
fn pauses(member: &Member<'_>) -> Vec<(Duration, Duration)> {
    let times: Vec<Duration> = std::iter::once(Duration::ZERO)
        .chain(events(member.recording).map(|event| event.at))
        .collect();
    let usual = median(&gaps(times.iter().copied())).unwrap_or_default();
    let pairs = times.iter().zip(times.iter().skip(1));
    pairs
        .filter(|(before, next)| {
            let gap = next.saturating_sub(**before);
            gap >= LONG && gap >= usual * UNUSUAL
        })
        .map(|(before, next)| (member.offset + *before, member.offset + *next))
        .collect()
}

/// A spaced stream becomes slower by as many times as there are streams. The time is taken for each
/// text event, since a model's answers are not of one length.
fn in_turns(alone: &Recording, crowd: &[Member<'_>]) -> Option<Finding> {
    let people = u32::try_from(crowd.len()).ok().filter(|people| *people >= MIN_TURNS)?;
    let spaced = median(&gaps(texts(alone).iter().map(|text| text.at)))?;
    let one = pace(alone).filter(|_| spaced >= SPACED)?;
    let paces: Vec<Duration> = crowd.iter().filter_map(|member| pace(member.recording)).collect();
    let many = median(&paces).filter(|_| paces.len() == crowd.len())?;
    let slow = (one * people).mul_f64(TURNS).max(one * MIN_SLOWER);
    (many >= slow).then(|| Finding {
        // A machine without room for more looks the same.
        severity: Severity::Warning,
        ..finding(format!(
            "with {} each text event takes {}, alone {}",
            count(crowd.len(), "stream"),
            time(many),
            time(one)
        ))
    })
}

/// How long each text event took, the wait for the first one included.
fn pace(recording: &Recording) -> Option<Duration> {
    let texts = texts(recording);
    let number = u32::try_from(texts.len()).ok().filter(|number| *number >= MIN_TEXTS)?;
    Some(texts.last()?.at / number)
}

fn finding(seen: String) -> Finding {
    Finding::error(
        "blocked-server",
        seen,
        "One user's turn stops the chat of all others: something blocks the server's event loop, \
         or there is one worker (or one slot of the model) for everybody.",
        "Look for blocking calls in async code: `time.sleep`, `requests`, a database driver that \
         is not async, heavy computation. Await async ones, or move them to a thread \
         (`asyncio.to_thread`, `spawn_blocking`). If the user's messages are echoed at once and \
         only the texts wait, raise the number of requests that the model serves at a time.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Recording,
        tape::{Tape, created, delta, whole},
    };

    fn verdict(alone: &Recording, crowd: &[(u64, Recording)]) -> Option<Finding> {
        let crowd: Vec<Member<'_>> = crowd
            .iter()
            .map(|(ms, recording)| Member { offset: Duration::from_millis(*ms), recording })
            .collect();
        check(alone, &crowd)
    }

    /// Words with a pause before each, after a wait.
    fn paced(wait: f64, pause: f64) -> Recording {
        Tape::new().wait(4.0).head().opening().wait(wait).paced(20, |_| pause).done()
    }

    #[test]
    fn streams_that_go_their_own_way_are_fine() {
        let alone = paced(0.0, 30.0);
        let crowd: Vec<_> = (0..6).map(|number| (number * 50, paced(0.0, 31.0))).collect();
        assert_eq!(verdict(&alone, &crowd), None);
    }

    #[test]
    fn a_pause_that_each_makes_for_itself_is_fine() {
        let thinking = || paced(900.0, 30.0);
        let crowd: Vec<_> = (0..4).map(|number| (number * 50, thinking())).collect();
        assert_eq!(verdict(&thinking(), &crowd), None);
    }

    #[test]
    fn one_after_another() {
        let alone = paced(0.0, 30.0);
        let crowd: Vec<_> =
            (0..4).map(|number| (number * 50, paced(number as f64 * 620.0, 30.0))).collect();
        let found = verdict(&alone, &crowd).unwrap();
        assert!(found.seen.contains("one after another"), "{found:?}");
        assert_eq!(found.severity, Severity::Error);
    }

    #[test]
    fn whole_messages_one_after_another() {
        let answer = |ms: f64| {
            let tape = Tape::new().wait(ms).head().read(&[created()]);
            tape.read(&[whole("Done.")]).end(crate::End::Complete)
        };
        let crowd: Vec<_> =
            (0..4u32).map(|number| (0, answer(1000.0 * f64::from(number + 1)))).collect();
        let found = verdict(&answer(1000.0), &crowd).unwrap();
        assert!(found.seen.contains("one after another"), "{found:?}");
        // All of them after the same second.
        let crowd: Vec<_> = (0..4).map(|number| (number * 50, answer(1010.0))).collect();
        assert_eq!(verdict(&answer(1000.0), &crowd), None);
    }

    #[test]
    fn all_stand_still_at_one_moment() {
        // The round's clock stands from 400 ms to 1400 ms.
        let frozen = |offset: f64| {
            let mut tape = Tape::new().wait(4.0).head().opening();
            let mut clock = offset + 4.0;
            for number in 0..40 {
                let pause =
                    if clock < 400.0 && clock + 30.0 >= 400.0 { 1400.0 - clock } else { 30.0 };
                clock += pause;
                tape = tape.wait(pause + f64::from(number % 3) * 0.1).read(&[delta(" word")]);
            }
            tape.done()
        };
        let alone = paced(0.0, 30.0);
        let crowd: Vec<_> = (0..4u32)
            .map(|number| (u64::from(number) * 50, frozen(f64::from(number) * 50.0)))
            .collect();
        let found = verdict(&alone, &crowd).unwrap();
        assert!(found.seen.starts_with("all 4 streams stood still"), "{found:?}");
    }

    #[test]
    fn in_turns() {
        let crowd = |slower: f64| -> Vec<_> {
            (0..6).map(|number| (number * 50, paced(0.0, 40.0 * slower))).collect()
        };
        let found = verdict(&paced(0.0, 40.0), &crowd(5.8)).unwrap();
        assert_eq!((found.code, found.severity), ("blocked-server", Severity::Warning));
        // A machine that is busy.
        assert_eq!(verdict(&paced(0.0, 40.0), &crowd(1.9)), None);
        // A server at full speed has only so much of it.
        assert_eq!(verdict(&paced(0.0, 1.0), &crowd(0.15)), None);
    }

    #[test]
    fn one_has_nobody_to_wait_for() {
        assert_eq!(verdict(&paced(0.0, 30.0), &[(0, paced(0.0, 300.0))]), None);
    }
}
