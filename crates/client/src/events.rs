//! The events of a streaming op.

use std::fmt;

use chatkit_sse::{Event, Parser};

use crate::{Answer, ClientError, glimpse};

/// The largest event, in bytes: images may stand in them.
const MAX_EVENT: usize = 64 * 1024 * 1024;
/// How much of another answer is read, in bytes, and shown in an error, in characters.
const READ: usize = 4096;
const SHOWN: usize = 200;

/// The events of a streaming op as they come. Dropping it closes the connection.
pub struct EventStream {
    answer: Answer,
    parser: Parser,
    has_ended: bool,
}

impl EventStream {
    /// The events of an answer.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotAStream`] when it is none of status 2xx and type `text/event-stream`.
    pub async fn of(answer: Answer) -> Result<Self, ClientError> {
        if (200..300).contains(&answer.status) && answer.is_event_stream() {
            return Ok(Self { answer, parser: Parser::new(MAX_EVENT), has_ended: false });
        }
        Err(ClientError::NotAStream {
            url: answer.shown_url(),
            status: answer.status,
            found: answer.header("content-type").unwrap_or("no content type").to_owned(),
            start: glimpse(&answer.start_of_text(READ).await, SHOWN),
        })
    }

    /// The next event; none at the end. Nothing is lost when the future is dropped before it is
    /// ready.
    ///
    /// # Errors
    ///
    /// Those of [`Answer::read`]; [`ClientError::Broken`] when the stream ends within an event;
    /// [`ClientError::TooLarge`] for one of more than 64 MiB. There is nothing more after an error.
    pub async fn next(&mut self) -> Result<Option<Event>, ClientError> {
        let next = self.read_event().await;
        if !matches!(next, Ok(Some(_))) {
            self.has_ended = true;
        }
        next
    }

    async fn read_event(&mut self) -> Result<Option<Event>, ClientError> {
        while !self.has_ended {
            let url = || self.answer.shown_url();
            match self.parser.next_event() {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => {}
                Err(_) => return Err(ClientError::TooLarge { url: url(), limit: MAX_EVENT }),
            }
            match self.answer.read().await? {
                Some(piece) => self.parser.push(&piece.data),
                None if self.parser.finish().is_some_and(|frame| frame.data.is_some()) => {
                    let reason = "the stream ended within an event".to_owned();
                    return Err(ClientError::Broken { url: self.answer.shown_url(), reason });
                }
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("answer", &self.answer)
            .field("has_ended", &self.has_ended)
            .finish_non_exhaustive()
    }
}
