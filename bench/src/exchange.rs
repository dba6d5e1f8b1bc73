//! One stream: asked for, read and checked.

use std::{io, time::Duration, time::Instant};

use crate::{
    check::{Expected, Reply, Wrong},
    connection::{Connection, ConnectionError},
    events::Events,
    stats::Sample,
};

/// Why a stream is not counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Connection(#[from] ConnectionError),
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

/// Asks for a stream and reads it to its end.
pub(crate) async fn whole(
    connection: &mut Connection,
    request: &[u8],
    expected: &Expected,
) -> Result<Sample, Failure> {
    let bytes_before = connection.bytes;
    let start = Instant::now();
    begin(connection, request).await?;
    let mut sample = Sample { first_byte: start.elapsed(), ..Sample::default() };
    let mut reply = Reply::new(expected);
    let mut events = Events::default();
    let mut last_text = None;
    let mut goes_on = true;
    while goes_on {
        let texts = reply.text_deltas;
        goes_on = connection.body(|data| events.feed(data, |event| reply.event(event))).await?;
        if reply.text_deltas > texts {
            let now = Instant::now();
            match last_text {
                None => sample.first_text = now - start,
                Some(last) => sample.longest_gap = sample.longest_gap.max(now - last),
            }
            last_text = Some(now);
        }
    }
    sample.total = start.elapsed();
    if !events.is_complete() {
        return Err(Failure::Cut);
    }
    reply.end()?;
    sample.events = reply.events;
    sample.merged = reply.is_merged();
    sample.bytes = connection.bytes - bytes_before;
    Ok(sample)
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
