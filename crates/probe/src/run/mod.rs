//! The exchanges with a server.

mod exchange;
mod limits;
mod requests;
mod room;

use std::time::{Duration, Instant};

use chatkit_client::{Client, ClientBuilder, ClientError, Header};
use chatkit_protocol::Op;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::sleep;

pub use limits::{Limits, Stop};
use requests::op;
pub use requests::{create_thread, is_streaming};

use crate::{End, FollowUp, FollowUpKind, Live, Recording, arrivals::events, transport};
use exchange::{Watching, exchange, preflight};
use room::Room;

/// How much memory all streams may take, in bytes, and what is asked afterwards.
const MAX_KEPT: usize = 512 * 1024 * 1024;
const MAX_ASKED: usize = 64 * 1024 * 1024;
/// The most time between the beginnings of two streams of a crowd.
const APART: Duration = Duration::from_millis(50);
/// The most time until the last stream of a crowd is begun.
const ALL_BEGUN: Duration = Duration::from_secs(2);
/// How long the deletion of what was made may take when the probe was told to leave.
const LEAVING: Duration = Duration::from_secs(2);

/// What to send, how often, and for how long to watch.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The body of the request that is watched.
    pub request: Value,
    /// How many rounds, one after another.
    pub rounds: usize,
    /// How many streams at the same time in each round. Beyond one, a stream runs alone first, to
    /// compare with.
    pub concurrency: usize,
    /// How long to watch.
    pub limits: Limits,
    /// Whether to ask for the thread afterwards, and for things that cannot be done, if there was a
    /// stream at all.
    pub follow_up: bool,
    /// Whether to leave the threads that were made.
    pub keep: bool,
}

/// All that was seen.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The streams, round by round.
    pub rounds: Vec<Round>,
    /// What was asked afterwards.
    pub follow_ups: Vec<FollowUp>,
    /// The threads that were made and are still there, by id, though they should not be.
    pub left: Vec<String>,
    /// Whether it was told to stop before it was through.
    pub interrupted: bool,
    /// Whether it stopped since it keeps no more of so many streams.
    pub memory_full: bool,
    /// Why there was no connection to the server, if there was none.
    pub unreachable: Option<String>,
}

/// Streams that ran at the same time.
#[derive(Debug, Clone)]
pub struct Round {
    /// Whether this is the one stream that a crowd is compared with.
    pub alone: bool,
    /// The streams.
    pub streams: Vec<Stream>,
}

/// One stream of a round.
#[derive(Debug, Clone)]
pub struct Stream {
    /// When its request was sent, from the beginning of the round.
    pub offset: Duration,
    /// What was seen of it.
    pub recording: Recording,
}

/// A client that sends the headers of the stock client, and others that may replace them.
///
/// # Errors
///
/// [`ClientError`] when the URL or a header cannot be used, or there is no HTTP client.
pub fn client(url: &str, headers: &[Header]) -> Result<Client, ClientError> {
    let stock: ClientBuilder = Client::builder(url)
        .header("chatkit-frame-instance-id", requests::FRAME_INSTANCE)
        .header("accept-language", "en");
    headers.iter().fold(stock, |client, Header { name, value }| client.header(name, value)).build()
}

/// Sends what the plan says and watches what comes, until it is through or told to stop.
pub async fn run(client: &Client, plan: &Plan, live: &Live, stop: &Stop) -> Outcome {
    let mut outcome = Outcome {
        rounds: Vec::new(),
        follow_ups: Vec::new(),
        left: Vec::new(),
        interrupted: false,
        memory_full: false,
        unreachable: None,
    };
    let quiet = Live::new();
    let crowds = std::iter::repeat_n((false, plan.concurrency), plan.rounds);
    let alone = (plan.concurrency > 1).then_some((true, 1));
    let answers = plan.rounds * plan.concurrency + usize::from(alone.is_some());
    let room = Room::new(MAX_KEPT, answers);
    let watching = Watching { limits: plan.limits, room: &room, live, stop };
    for (number, (alone, people)) in alone.into_iter().chain(crowds).enumerate() {
        live.begin_round(number, alone, people, plan);
        let one = outcome.rounds.first().and_then(|round| round.streams.first());
        let apart = apart(one.map(|stream| stream.recording.end.at()), people);
        let seen = watch(client, plan, people, apart, watching).await;
        outcome.rounds.push(Round { alone, streams: seen.streams });
        outcome.memory_full = seen.memory_full;
        outcome.unreachable = seen.unreachable;
        if outcome.unreachable.is_some() || outcome.memory_full || stop.is_set() {
            break;
        }
    }
    if outcome.unreachable.is_some() {
        return outcome;
    }
    let room = Room::new(MAX_ASKED, 1);
    let watching = Watching { room: &room, live: &quiet, ..watching };
    // Where there is no such server, each of its answers would be another finding.
    let mut streams = outcome.rounds.iter().flat_map(|round| &round.streams);
    let is_there = streams.any(|stream| transport::is_stream(&stream.recording));
    if plan.follow_up && is_there && !stop.is_set() {
        live.ask_on();
        outcome.follow_ups = follow_up(client, &outcome.rounds, watching).await;
    }
    outcome.interrupted = stop.is_set();
    if !plan.keep {
        live.tidy_up();
        outcome.left = delete_threads(client, &outcome, watching).await;
    }
    outcome
}

/// The time between the beginnings of two streams, so that their own pauses do not coincide.
fn apart(one: Option<Duration>, people: usize) -> Duration {
    let people = u32::try_from(people).unwrap_or(u32::MAX).max(1);
    let all = one.map_or(ALL_BEGUN, |one| (one / 2).min(ALL_BEGUN));
    (all / people).min(APART)
}

/// What was seen of a round.
struct Watched {
    streams: Vec<Stream>,
    /// Why there was no connection, if there was none at all.
    unreachable: Option<String>,
    memory_full: bool,
}

async fn watch(
    client: &Client,
    plan: &Plan,
    people: usize,
    apart: Duration,
    watching: Watching<'_>,
) -> Watched {
    let begin = Instant::now();
    let streams = (0..people).map(|number| async move {
        // Beyond what a u32 counts nobody waits.
        sleep(apart * u32::try_from(number).unwrap_or_default()).await;
        let streams = is_streaming(&plan.request);
        let begun = begin.elapsed();
        let seen = exchange(client, &plan.request, streams, watching).await;
        watching.live.end_stream();
        (begun, seen)
    });
    let seen = join_all(streams).await;
    // Some connections of a crowd may be refused: that is an answer.
    let is_reached = seen.iter().any(|(_, seen)| seen.unreachable.is_none());
    let reasons = || seen.iter().filter_map(|(_, seen)| seen.unreachable.clone());
    Watched {
        unreachable: if is_reached { None } else { reasons().next() },
        memory_full: seen.iter().any(|(_, seen)| seen.memory_full),
        streams: seen.into_iter().map(|(begun, seen)| Stream::new(begun, seen.recording)).collect(),
    }
}

impl Stream {
    /// A stream that was begun at a time of its round.
    fn new(begun: Duration, recording: Recording) -> Self {
        let offset = begun + recording.connect.unwrap_or_default();
        Self { offset, recording }
    }
}

async fn follow_up(client: &Client, rounds: &[Round], watching: Watching<'_>) -> Vec<FollowUp> {
    let Some(main) = main_recording(rounds) else { return Vec::new() };
    let mut asked: Vec<(FollowUpKind, Value)> = Vec::new();
    if let Some(thread) = thread_of(main) {
        asked.push((FollowUpKind::GetThread, requests::get_thread(thread)));
        asked.push((FollowUpKind::ListItems, requests::list_items(thread)));
    }
    asked.push((FollowUpKind::WrongStream, requests::wrong_stream()));
    asked.push((FollowUpKind::WrongJson, requests::wrong_json()));
    let mut follow_ups = Vec::new();
    for (kind, request) in asked {
        let streams = kind == FollowUpKind::WrongStream;
        let mut seen = exchange(client, &request, streams, watching).await;
        // A connection that was kept may be closed by the server in the very moment it is used
        // again. Browsers then ask once more on a new one (RFC 9112, section 9.3.1).
        if seen.recording.head.is_none() && matches!(seen.recording.end, End::Broken(..)) {
            seen = exchange(client, &request, streams, watching).await;
        }
        follow_ups.push(FollowUp { kind, recording: seen.recording });
    }
    let recording = preflight(client, watching).await;
    follow_ups.push(FollowUp { kind: FollowUpKind::Preflight, recording });
    // What was cut short says nothing.
    if watching.stop.is_set() { Vec::new() } else { follow_ups }
}

/// The recording that the follow-ups are compared with: that of the last stream, since a retry
/// deletes what the one before it has made.
pub(crate) fn main_recording(rounds: &[Round]) -> Option<&Recording> {
    Some(&rounds.last()?.streams.last()?.recording)
}

/// The thread that a stream is about.
fn thread_of(recording: &Recording) -> Option<&str> {
    made_thread(recording).or_else(|| recording.request["params"]["thread_id"].as_str())
}

/// The thread that a stream has made. Any other op is about a thread that was there before.
fn made_thread(recording: &Recording) -> Option<&str> {
    if op(&recording.request) != Some(Op::ThreadsCreate) {
        return None;
    }
    events(recording)
        .find(|event| event.json["type"] == "thread.created")
        .and_then(|event| event.json["thread"]["id"].as_str())
}

async fn delete_threads(client: &Client, outcome: &Outcome, watching: Watching<'_>) -> Vec<String> {
    let streams = outcome.rounds.iter().flat_map(|round| &round.streams);
    let mut threads = streams.filter_map(|stream| made_thread(&stream.recording));
    let stray = outcome.follow_ups.iter().any(was_accepted).then_some(requests::NO_THREAD);
    let limits = match watching.stop.is_set() {
        true => Limits { silence: LEAVING, total: LEAVING },
        false => watching.limits,
    };
    let watching = Watching { limits, stop: &Stop::new(), ..watching };
    let mut left = Vec::new();
    for thread in threads.by_ref().chain(stray) {
        let request = requests::delete_thread(thread);
        let seen = exchange(client, &request, false, watching).await;
        let status = seen.recording.head.map(|head| head.status);
        if !status.is_some_and(|status| (200..300).contains(&status)) {
            left.push(thread.to_owned());
        }
        if status.is_none() {
            // It does not answer any more: nobody wants to wait for each of them.
            break;
        }
    }
    left.extend(threads.map(str::to_owned));
    left
}

/// Whether a message for a thread that does not exist was taken: some servers make it then.
fn was_accepted(asked: &FollowUp) -> bool {
    asked.kind == FollowUpKind::WrongStream
        && events(&asked.recording).any(|event| event.json["item"].is_object())
}
