//! The report for people.

use std::time::Duration;

use super::{
    FollowUpReport, Report, RoundReport, Spread, StreamReport, chart,
    style::{Ink, Style},
};
use crate::{
    Finding, Severity,
    words::{count, grouped, time},
};

/// The width of the names before figures and findings.
const NAMES: usize = 15;
/// The most timelines of streams that ran at the same time.
const MAX_ROWS: usize = 12;

/// What a figure counts.
#[derive(Clone, Copy)]
enum Unit {
    Time,
    Number,
    Rate,
}

const FIGURES: [(&str, &str, Unit); 13] = [
    ("connect_ms", "connection", Unit::Time),
    ("headers_ms", "headers", Unit::Time),
    ("first_event_ms", "first event", Unit::Time),
    ("first_text_ms", "first text", Unit::Time),
    ("total_ms", "total", Unit::Time),
    ("events", "events", Unit::Number),
    ("text_events", "text events", Unit::Number),
    ("characters", "characters", Unit::Number),
    ("heartbeats", "heartbeats", Unit::Number),
    ("events_per_second", "text events/s", Unit::Rate),
    ("characters_per_second", "characters/s", Unit::Rate),
    ("gap_p50_ms", "median gap", Unit::Time),
    ("longest_gap_ms", "longest gap", Unit::Time),
];

pub(super) fn text(report: &Report, style: Style) -> String {
    let mut text = Page { style, text: String::new() };
    text.line(&style.paint(Ink::Strong, &format!("{}  {}", report.url, report.op)));
    if report.unreachable.is_none() {
        head(&mut text, report);
        figures(&mut text, report);
        timelines(&mut text, &report.rounds);
        histogram(&mut text, report);
        follow_ups(&mut text, &report.follow_ups);
    }
    for finding in &report.findings {
        text.line("");
        self::finding(&mut text, finding);
    }
    text.line("");
    closing(&mut text, report);
    text.text
}

struct Page {
    style: Style,
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn named(&mut self, name: &str, value: &str) {
        let name = self.style.paint(Ink::Faint, &format!("{name:<NAMES$}"));
        self.line(&format!("  {name}{value}"));
    }
}

fn head(page: &mut Page, report: &Report) {
    let streams: Vec<&StreamReport> =
        report.rounds.iter().flat_map(|round| &round.streams).collect();
    let Some(first) = streams.first() else { return };
    let mut words = Vec::new();
    match first.status {
        Some(status) => words.push(status.to_string()),
        None => words.push("no response".to_owned()),
    }
    words.extend(first.http.clone());
    words.extend(first.content_type.clone());
    if report.figures.streams > 1 {
        words.push(count(report.figures.streams, "stream"));
    }
    if streams.len() > report.figures.streams {
        words.push("and one alone before".to_owned());
    }
    if report.interrupted {
        words.push("interrupted".to_owned());
    }
    page.line(&words.join(" · "));
}

fn figures(page: &mut Page, report: &Report) {
    page.line("");
    let several = report.figures.streams > 1;
    if several {
        page.named("", &format!("{:>10} {:>10} {:>10}", "min", "median", "max"));
    }
    for (name, label, unit) in FIGURES {
        let Some(spread) = report.figures.get(name) else { continue };
        let is_empty = matches!(unit, Unit::Number) && spread.max == 0.0;
        if is_empty && (name == "heartbeats" || !report.has_stream()) {
            continue;
        }
        let mut line = columns(spread, unit, several);
        if !several && name == "gap_p50_ms" {
            line.push_str(&gaps_in_words(report));
        }
        if !several && name == "longest_gap_ms" {
            line.push_str(&where_in_words(report));
        }
        page.named(label, &line);
    }
}

fn columns(spread: Spread, unit: Unit, several: bool) -> String {
    if several {
        let cells = [spread.min, spread.median, spread.max].map(|value| written(value, unit));
        let [min, median, max] = cells;
        format!("{min:>10} {median:>10} {max:>10}")
    } else {
        format!("{:>10}", written(spread.median, unit))
    }
}

fn written(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Time => time(Duration::from_secs_f64((value / 1000.0).max(0.0))),
        Unit::Rate if value < 100.0 => format!("{value:.1}"),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts and rates are positive and small"
        )]
        Unit::Number | Unit::Rate => grouped(value.round() as usize),
    }
}

fn gaps_in_words(report: &Report) -> String {
    let part =
        |name: &str| report.figures.get(name).map(|spread| written(spread.median, Unit::Time));
    match (part("gap_p90_ms"), part("gap_p99_ms")) {
        (Some(p90), Some(p99)) => format!("  90 %: {p90} · 99 %: {p99}"),
        _ => String::new(),
    }
}

fn where_in_words(report: &Report) -> String {
    let stream = report.rounds.first().and_then(|round| round.streams.first());
    let gaps = stream.and_then(|stream| stream.figures.gaps.as_ref());
    gaps.map(|gaps| {
        format!("  after frame {}, at {}", gaps.longest_after_frame, time(gaps.longest_at))
    })
    .unwrap_or_default()
}

/// A row for each stream. Those that ran at the same time stand below each other on one clock.
fn timelines(page: &mut Page, rounds: &[RoundReport]) {
    let mut rows = Vec::new();
    for round in rounds {
        let total = written(round.total_ms, Unit::Time);
        for (number, stream) in round.streams.iter().enumerate() {
            let row = page.style.paint(Ink::Bar, &chart::row(&stream.timeline));
            rows.push(match number {
                0 if round.alone => format!("  0 s |{row}| {total} alone"),
                0 => format!("  0 s |{row}| {total}"),
                _ => format!("      |{row}|"),
            });
        }
    }
    let has_events = |stream: &StreamReport| stream.figures.events > 0;
    if !rounds.iter().flat_map(|round| &round.streams).any(has_events) {
        return;
    }
    page.line("");
    for row in rows.iter().take(MAX_ROWS) {
        page.line(row);
    }
    if rows.len() > MAX_ROWS {
        page.line(&format!("  … and {} more", grouped(rows.len() - MAX_ROWS)));
    }
}

fn histogram(page: &mut Page, report: &Report) {
    let bars = chart::histogram(&report.gap_histogram);
    if bars.is_empty() {
        return;
    }
    page.line("");
    for (number, bar) in bars.iter().enumerate() {
        let name = if number == 0 { "gaps" } else { "" };
        let drawn = page.style.paint(Ink::Bar, &bar.bar);
        page.named(name, &format!("{:>10} {drawn} {}", bar.label, bar.count));
    }
}

fn follow_ups(page: &mut Page, follow_ups: &[FollowUpReport]) {
    if follow_ups.is_empty() {
        return;
    }
    page.line("");
    let words: Vec<String> = follow_ups
        .iter()
        .map(|asked| match asked.status {
            Some(status) => format!("{} {status}", asked.kind),
            None => format!("{} no response", asked.kind),
        })
        .collect();
    let indent = NAMES + 2;
    for (number, line) in page.style.wrap(&words.join(" · "), indent).iter().enumerate() {
        page.named(if number == 0 { "afterwards" } else { "" }, line);
    }
}

fn finding(page: &mut Page, finding: &Finding) {
    let (word, ink) = match finding.severity {
        Severity::Error => ("error", Ink::Bad),
        Severity::Warning => ("warning", Ink::Warning),
        Severity::Note => ("note", Ink::Strong),
    };
    let mut title = page.style.paint(ink, &format!("{word}: {}", finding.code));
    let mut place = Vec::new();
    place.extend(finding.frame.map(|frame| format!("frame {frame}")));
    if finding.count > 1 {
        place.push(format!("{} times", grouped(finding.count)));
    }
    if !place.is_empty() {
        title.push_str(&page.style.paint(Ink::Faint, &format!("  {}", place.join(", "))));
    }
    page.line(&title);
    for (name, text) in [("seen", &finding.seen), ("why", &finding.why), ("fix", &finding.fix)] {
        for (number, line) in page.style.wrap(text, 8).iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            let name = page.style.paint(Ink::Faint, &format!("{name:<6}"));
            page.line(&format!("  {name}{line}"));
        }
    }
}

fn closing(page: &mut Page, report: &Report) {
    if report.memory_full {
        page.line(
            "stopped early: the streams fill the memory that a probe may take; ask for fewer",
        );
    }
    if !report.threads_left.is_empty() {
        let threads = report.threads_left.join(", ");
        page.line(&format!("threads that could not be deleted: {threads}"));
    }
    let counts = [(report.errors, "error"), (report.warnings, "warning"), (report.notes, "note")];
    let found: Vec<String> = counts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| count(number, noun))
        .collect();
    let ink = match (report.errors, report.warnings) {
        (0, 0) => Ink::Good,
        (0, _) => Ink::Warning,
        _ => Ink::Bad,
    };
    let words = if found.is_empty() { "no problems found".to_owned() } else { found.join(", ") };
    let line = page.style.paint(ink, &words);
    page.line(&line);
}
