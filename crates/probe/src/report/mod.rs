//! The verdict: all that is said about a server, for machines and for people.

mod chart;
mod style;
mod summary;
mod text;

use std::time::Duration;

use serde::Serialize;

pub use style::Style;
pub use summary::{Spread, Summary};

use crate::{
    Bucket, End, Figures, Finding, FollowUp, FollowUpKind, Outcome, Plan, Recording, Round,
    Severity, Stream,
    crowd::Member,
    figures::in_ms,
    run::main_recording,
    transport,
    verdict::{self, check_crowd_members, check_follow_ups, merge},
    words::plain,
};

/// The version of the JSON document. It changes when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// All that is said about a server. As JSON it is what `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    version: u32,
    url: String,
    /// The op that was sent.
    op: String,
    errors: usize,
    warnings: usize,
    notes: usize,
    /// Whether it was told to stop before it was through.
    interrupted: bool,
    /// Whether it stopped since it keeps no more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    memory_full: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreachable: Option<String>,
    figures: Summary,
    /// The gaps between text events of all streams.
    gap_histogram: Vec<Bucket>,
    findings: Vec<Finding>,
    rounds: Vec<RoundReport>,
    follow_ups: Vec<FollowUpReport>,
    /// The threads that could not be deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    threads_left: Vec<String>,
}

/// Streams that ran at the same time.
#[derive(Debug, Clone, Serialize)]
struct RoundReport {
    /// Whether this is the one stream that a crowd is compared with.
    alone: bool,
    total_ms: f64,
    streams: Vec<StreamReport>,
}

#[derive(Debug, Clone, Serialize)]
struct StreamReport {
    /// When its request was sent, from the beginning of the round.
    offset_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(skip)]
    is_stream: bool,
    end: &'static str,
    figures: Figures,
    /// Events in equal parts of the time that its round took.
    timeline: Vec<usize>,
}

#[derive(Debug, Clone, Serialize)]
struct FollowUpReport {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    total_ms: f64,
}

impl Report {
    /// Judges what was seen of the server at a URL.
    pub fn new(url: &str, plan: &Plan, outcome: &Outcome) -> Self {
        let findings = findings(outcome);
        let number =
            |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        // The stream that ran alone is there to compare the others with.
        let watched: Vec<Figures> = outcome
            .rounds
            .iter()
            .filter(|round| !round.alone || outcome.rounds.len() == 1)
            .flat_map(|round| &round.streams)
            .map(|stream| Figures::of(&stream.recording))
            .collect();
        let left: Vec<String> = outcome.left.iter().map(|thread| plain(thread)).collect();
        Self {
            version: VERSION,
            url: url.to_owned(),
            op: plan.request["type"].as_str().map(plain).unwrap_or_default(),
            errors: number(Severity::Error),
            warnings: number(Severity::Warning),
            notes: number(Severity::Note),
            interrupted: outcome.interrupted,
            memory_full: outcome.memory_full,
            unreachable: outcome.unreachable.as_deref().map(plain),
            figures: Summary::of(&watched),
            gap_histogram: histogram(&watched),
            findings,
            rounds: outcome.rounds.iter().map(RoundReport::new).collect(),
            follow_ups: outcome.follow_ups.iter().map(FollowUpReport::new).collect(),
            threads_left: left,
        }
    }

    /// Whether any answer was an event stream.
    fn has_stream(&self) -> bool {
        self.rounds.iter().flat_map(|round| &round.streams).any(|stream| stream.is_stream)
    }

    /// Whether there was no connection to the server.
    pub fn is_unreachable(&self) -> bool {
        self.unreachable.is_some()
    }

    /// How many errors were found.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// How many warnings were found.
    pub fn warnings(&self) -> usize {
        self.warnings
    }

    /// What was found, the worst first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The report as a JSON document on one line.
    pub fn json(&self) -> String {
        // Nothing in it can fail to be written: all keys are strings.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The report for people, each line ended.
    pub fn text(&self, style: Style) -> String {
        text::text(self, style)
    }
}

fn findings(outcome: &Outcome) -> Vec<Finding> {
    let alone = outcome.rounds.iter().find(|round| round.alone);
    let mut streams: Vec<Vec<Finding>> = Vec::new();
    for round in &outcome.rounds {
        let recordings = || round.streams.iter().map(|stream| &stream.recording);
        match alone.filter(|_| !round.alone).and_then(main_of) {
            Some(alone) => {
                let members: Vec<Member<'_>> = round.streams.iter().map(member).collect();
                streams.extend(check_crowd_members(alone, &members));
            }
            None => streams.extend(recordings().map(verdict::check)),
        }
    }
    if let Some(main) = main_recording(&outcome.rounds) {
        streams.push(check_follow_ups(main, &outcome.follow_ups));
    }
    merge(streams)
}

fn main_of(round: &Round) -> Option<&Recording> {
    Some(&round.streams.first()?.recording)
}

fn member(stream: &Stream) -> Member<'_> {
    Member { offset: stream.offset, recording: &stream.recording }
}

fn histogram(all: &[Figures]) -> Vec<Bucket> {
    let mut sum: Vec<Bucket> = Vec::new();
    for gaps in all.iter().filter_map(|figures| figures.gaps.as_ref()) {
        if sum.is_empty() {
            sum.clone_from(&gaps.histogram);
            continue;
        }
        for (bucket, more) in sum.iter_mut().zip(&gaps.histogram) {
            bucket.count += more.count;
        }
    }
    sum
}

impl RoundReport {
    fn new(round: &Round) -> Self {
        let ends = round.streams.iter().map(|stream| stream.offset + stream.recording.end.at());
        // A stream that ran by itself began when its request was sent.
        let total = match &round.streams[..] {
            [stream] => stream.recording.end.at(),
            _ => ends.max().unwrap_or_default(),
        };
        let streams = round.streams.iter().map(|stream| StreamReport::new(stream, round, total));
        Self { alone: round.alone, total_ms: in_ms(total), streams: streams.collect() }
    }
}

impl StreamReport {
    fn new(stream: &Stream, round: &Round, total: Duration) -> Self {
        let recording = &stream.recording;
        let begun = if round.streams.len() > 1 { stream.offset } else { Duration::ZERO };
        let head = recording.head.as_ref();
        let content_type = head.and_then(|head| head.header("content-type")).map(plain);
        Self {
            offset_ms: in_ms(stream.offset),
            status: head.map(|head| head.status),
            http: head.map(|head| plain(&head.version)),
            content_type,
            is_stream: transport::is_stream(recording),
            end: end(&recording.end),
            figures: Figures::of(recording),
            timeline: chart::timeline(recording, begun, total),
        }
    }
}

impl FollowUpReport {
    fn new(follow_up: &FollowUp) -> Self {
        Self {
            kind: kind(follow_up.kind),
            status: follow_up.recording.head.as_ref().map(|head| head.status),
            total_ms: in_ms(follow_up.recording.end.at()),
        }
    }
}

fn end(end: &End) -> &'static str {
    match end {
        End::Complete(_) => "complete",
        End::CutFrame(_) => "cut-frame",
        End::NotConnected(..) => "not-connected",
        End::Broken(..) => "broken",
        End::Undecodable(..) => "undecodable",
        End::TooLarge(_) => "too-large",
        End::TimedOut(_) => "timed-out",
        End::Left(_) => "left",
    }
}

fn kind(kind: FollowUpKind) -> &'static str {
    match kind {
        FollowUpKind::GetThread => "threads.get_by_id",
        FollowUpKind::ListItems => "items.list",
        FollowUpKind::WrongStream => "wrong streaming op",
        FollowUpKind::WrongJson => "wrong JSON op",
        FollowUpKind::Preflight => "preflight",
    }
}
