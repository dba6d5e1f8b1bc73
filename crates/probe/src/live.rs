//! The picture of a probe that is under way: one line, drawn again and again.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    Plan,
    words::{count, grouped, time},
};

/// How long a column of the picture is.
const COLUMN: Duration = Duration::from_millis(100);
/// How many columns it has at most: the last four seconds.
const COLUMNS: usize = 40;
/// How long the line may be, in characters.
const WIDTH: usize = 79;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A silence that is worth a word.
const SILENCE: Duration = Duration::from_secs(1);

/// What a probe sees at the moment. It is written by the exchanges and read by whoever draws.
#[derive(Debug)]
pub struct Live(Mutex<State>);

#[derive(Debug)]
struct State {
    /// What is going on, if it is more than one stream.
    what: String,
    /// Something that is no stream.
    asking: Option<&'static str>,
    begin: Instant,
    streams: usize,
    ended: usize,
    heads: usize,
    status: u16,
    events: usize,
    characters: usize,
    heartbeats: usize,
    last_event: Option<Instant>,
    /// Events in each column from the beginning.
    columns: Vec<usize>,
}

impl Live {
    /// Nothing yet.
    pub fn new() -> Self {
        Self(Mutex::new(State::new(String::new(), 1)))
    }

    pub(crate) fn begin_round(&self, number: usize, alone: bool, people: usize, plan: &Plan) {
        let crowd = if people > 1 { format!("{people} at once, ") } else { String::new() };
        let what = if alone {
            "one alone, ".to_owned()
        } else if plan.rounds > 1 {
            // The one that ran alone is not counted.
            let number = if plan.concurrency > 1 { number } else { number + 1 };
            format!("round {number}/{}, {crowd}", plan.rounds)
        } else {
            crowd
        };
        *self.state() = State::new(what, people);
    }

    pub(crate) fn head(&self, status: u16) {
        let mut state = self.state();
        state.heads += 1;
        state.status = status;
    }

    pub(crate) fn event(&self, characters: usize) {
        let now = Instant::now();
        let mut state = self.state();
        let column = column(now.saturating_duration_since(state.begin));
        if state.columns.len() <= column {
            state.columns.resize(column + 1, 0);
        }
        if let Some(events) = state.columns.get_mut(column) {
            *events += 1;
        }
        state.events += 1;
        state.characters += characters;
        state.last_event = Some(now);
    }

    pub(crate) fn heartbeat(&self) {
        self.state().heartbeats += 1;
    }

    pub(crate) fn end_stream(&self) {
        self.state().ended += 1;
    }

    pub(crate) fn ask_on(&self) {
        self.state().asking = Some("asking for the thread, and for things that cannot be done…");
    }

    pub(crate) fn tidy_up(&self) {
        self.state().asking = Some("deleting what was made…");
    }

    /// The line, without its end.
    pub fn line(&self, now: Instant) -> String {
        self.state().line(now)
    }

    /// What is counted is right after each step, whatever happened to another thread.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn new(what: String, streams: usize) -> Self {
        Self {
            what,
            asking: None,
            begin: Instant::now(),
            streams,
            ended: 0,
            heads: 0,
            status: 0,
            events: 0,
            characters: 0,
            heartbeats: 0,
            last_event: None,
            columns: Vec::new(),
        }
    }

    fn line(&self, now: Instant) -> String {
        if let Some(asking) = self.asking {
            return format!("           {asking}");
        }
        let elapsed = now.saturating_duration_since(self.begin);
        let mut line = format!("{:>7.1} s  {}", elapsed.as_secs_f64(), self.what);
        if self.heads == 0 {
            line.push_str("waiting for headers…");
            return line;
        }
        if self.events == 0 {
            line.push_str(&format!("{} · waiting for the first event…", self.status));
            if self.heartbeats > 0 {
                line.push_str(&format!(" {}", count(self.heartbeats, "heartbeat")));
            }
            return line;
        }
        line.push_str(&count(self.events, "event"));
        if self.streams > 1 {
            let (ended, streams) = (grouped(self.ended), grouped(self.streams));
            line.push_str(&format!(" · {ended} of {streams} ended"));
        } else {
            line.push_str(&format!(" · {}", count(self.characters, "character")));
        }
        let silence = self.last_event.map(|last| now.saturating_duration_since(last));
        if let Some(silence) = silence.filter(|silence| *silence >= SILENCE) {
            line.push_str(&format!(" · silent for {}", time(silence)));
        }
        let room = WIDTH.saturating_sub(line.chars().count() + 2);
        let sparkline = self.sparkline(elapsed, room.min(COLUMNS));
        if sparkline.is_empty() { line } else { format!("{line}  {sparkline}") }
    }

    /// The events of the last columns. The highest column is the one with the most events.
    fn sparkline(&self, elapsed: Duration, columns: usize) -> String {
        let end = column(elapsed);
        let start = (end + 1).saturating_sub(columns);
        let most = self.columns.iter().copied().max().unwrap_or(1).max(1);
        (start..=end)
            .map(|column| match self.columns.get(column).copied().unwrap_or(0) {
                0 => ' ',
                events => {
                    let level = (events * LEVELS.len()).div_ceil(most) - 1;
                    LEVELS.get(level).copied().unwrap_or('█')
                }
            })
            .collect()
    }
}

fn column(elapsed: Duration) -> usize {
    usize::try_from(elapsed.as_millis() / COLUMN.as_millis()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_waited_for() {
        let live = Live::new();
        let begin = live.state().begin;
        let after = |ms| begin + Duration::from_millis(ms);
        assert_eq!(live.line(after(2300)), "    2.3 s  waiting for headers…");
        live.head(200);
        assert_eq!(live.line(after(2400)), "    2.4 s  200 · waiting for the first event…");
        live.event(0);
        live.event(5);
        let line = live.line(after(300));
        assert!(line.contains("s  2 events · 5 characters  "), "{line}");
        assert!(line.contains('█'), "{line}");
        let later = live.line(after(5000));
        assert!(later.contains(" · silent for ") && !later.contains('█'), "{later}");
    }

    #[test]
    fn it_fits_a_terminal() {
        let mut state = State::new("round 998/1000, 1,000 at once, ".to_owned(), 1000);
        (state.heads, state.events, state.characters, state.ended) = (1, 123_456, 2_345_678, 999);
        state.columns = vec![1; 100];
        let line = |state: &State| state.line(state.begin + Duration::from_millis(9950));
        let long = line(&state);
        assert!(long.contains(" 123,456 events · 999 of 1,000 ended"), "{long}");
        assert!(long.chars().count() <= WIDTH, "{long}");
        (state.what, state.streams) = ("round 2/3, ".to_owned(), 1);
        let short = line(&state);
        assert!(short.ends_with('█') && short.chars().count() == WIDTH, "{short}");
    }

    #[test]
    fn the_highest_column_is_the_fullest() {
        let mut state = State::new(String::new(), 1);
        state.columns = vec![1, 0, 8, 4];
        assert_eq!(state.sparkline(Duration::from_millis(450), COLUMNS), "▁ █▄ ");
        assert_eq!(state.sparkline(Duration::from_millis(450), 2), "▄ ");
        assert_eq!(state.sparkline(Duration::from_millis(450), 0), "");
    }
}
