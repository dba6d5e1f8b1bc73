//! One stream: asked for, read and checked.

use std::{
    io,
    time::{Duration, Instant},
};

use crate::{
    board::Board,
    check::{Expected, Reply, Wrong},
    connection::{Connection, ConnectionError},
    events::Events,
    line::Line,
    script::Post,
    stamp::Clock,
    stats::Delivery,
};

/// Why a stream is not counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Connection(#[from] ConnectionError),
    #[error("{0}")]
    Http2(#[from] h2::Error),
    #[error("the request cannot be sent")]
    Request,
    #[error("status {0} instead of 200")]
    Status(u16),
    #[error("the response is no event stream")]
    ContentType,
    #[error("the stream ends within an event")]
    Cut,
    #[error("{0}")]
    Wrong(#[from] Wrong),
    #[error("no end after {0:?}")]
    Timeout(Duration),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Connection(error.into())
    }
}

/// What is asked for, and what must come.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) post: Post,
    pub(crate) expected: Expected,
    /// Tells how old stamps are.
    pub(crate) clock: Clock,
}

/// Asks for a stream and reads it to its end. What it gives is written on the board as it comes;
/// times count from `since`.
pub(crate) async fn whole(
    line: &mut Line,
    question: &Question,
    since: Instant,
    board: &Board,
) -> Result<(), Failure> {
    let mut bytes = line.bytes();
    line.begin(&question.post).await?;
    board.note(|stats| stats.first_byte(line.read_at().saturating_duration_since(since)));
    let mut reply = Reply::new(&question.expected);
    let mut events = Events::default();
    let mut last_text = None;
    let mut longest_gap = Duration::ZERO;
    let mut goes_on = true;
    while goes_on {
        let (before, texts, text) = (reply.events, reply.text_deltas, reply.text_bytes());
        goes_on = line.body(|data| events.feed(data, |event| reply.event(event))).await?;
        let now = line.read_at();
        let delivery = Delivery {
            events: reply.events - before,
            texts: reply.text_deltas - texts,
            text_bytes: reply.text_bytes() - text,
            bytes: line.bytes() - bytes,
        };
        bytes = line.bytes();
        let arrived = question.clock.at(now);
        let times = reply.times.drain(..);
        board.note(|stats| {
            stats.delivery(&delivery);
            times.for_each(|time| stats.emitted(arrived.saturating_sub(time)));
            if delivery.texts > 0 {
                match last_text {
                    None => stats.first_text(now.saturating_duration_since(since)),
                    Some(last) => stats.gap(now - last),
                }
                stats.no_gaps(delivery.texts - 1);
            }
        });
        if delivery.texts > 0 {
            longest_gap = longest_gap.max(last_text.map_or(Duration::ZERO, |last| now - last));
            last_text = Some(now);
        }
    }
    if !events.is_complete() {
        return Err(Failure::Cut);
    }
    reply.end()?;
    let total = line.read_at().saturating_duration_since(since);
    board.note(|stats| stats.stream(reply.is_merged(), longest_gap, total));
    Ok(())
}

/// Asks for a stream and reads it until the message is done; the stream stays open.
pub(crate) async fn until_done(
    connection: &mut Connection,
    request: &[u8],
    expected: &Expected,
) -> Result<(), Failure> {
    begin(connection, request).await?;
    let mut reply = Reply::new(expected);
    let mut events = Events::default();
    while !(reply.is_done() && events.is_complete()) {
        let goes_on = connection.body(|data| events.feed(data, |event| reply.event(event))).await?;
        if !goes_on {
            return Err(ConnectionError::Closed.into());
        }
    }
    Ok(reply.end()?)
}

/// Asks for a stream and reads the head of the response.
pub(crate) async fn begin(connection: &mut Connection, request: &[u8]) -> Result<(), Failure> {
    connection.send(request).await?;
    let head = connection.head().await?;
    if head.status != 200 {
        return Err(Failure::Status(head.status));
    }
    if head.is_event_stream { Ok(()) } else { Err(Failure::ContentType) }
}
