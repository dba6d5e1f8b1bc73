//! What a run was like.

use std::time::Duration;

use chatkit_protocol::{Op, ThreadId, ThreadItemUpdate, ThreadStreamEvent};
use tokio::time::Instant;

use super::{EndReason, Gaps, RunId};
use crate::spans;

/// What a run was like, for [`stream_ended`](crate::ChatKitServer::stream_ended) and the log.
/// Durations count from the request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StreamStats {
    /// What was asked for.
    pub op: Op,
    /// The thread.
    pub thread_id: ThreadId,
    /// The run.
    pub run_id: RunId,
    /// How it ended.
    pub end: EndReason,
    /// When the responder gave its first event, if it gave any.
    pub first_event: Option<Duration>,
    /// When the first text of a reply was sent, if any was.
    pub first_text: Option<Duration>,
    /// The longest silence of the responder: before its first event, between two, or until it was
    /// cancelled or ended.
    pub longest_gap: Duration,
    /// The responder's silences between two events.
    pub gaps: Gaps,
    /// How long it took as a whole.
    pub total: Duration,
    /// Events sent to clients, each counted once.
    pub events: u64,
    /// Bytes of these events as they stand on the wire, each counted once.
    pub bytes: u64,
    /// How often the responder blocked its thread for too long.
    pub blocked_polls: u32,
}

/// Takes the time of a run.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    begun: Instant,
    /// When the responder was heard of last, or began.
    heard: Instant,
    first_event: Option<Instant>,
    first_text: Option<Instant>,
    longest_gap: Duration,
    gaps: Gaps,
    pub(super) blocked_polls: u32,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Self {
            begun: now,
            heard: now,
            first_event: None,
            first_text: None,
            longest_gap: Duration::ZERO,
            gaps: Gaps::default(),
            blocked_polls: 0,
        }
    }

    /// The responder starts.
    pub(super) fn responding(&mut self) {
        self.heard = Instant::now();
    }

    /// The responder gave an event, after a silence whose length the caller may know. Says whether
    /// it is the first.
    pub(super) fn heard(&mut self, now: Instant, gap: Option<Duration>) -> bool {
        let gap = gap.unwrap_or_else(|| now.saturating_duration_since(self.heard));
        self.longest_gap = self.longest_gap.max(gap);
        self.heard = now;
        if self.first_event.is_some() {
            self.gaps.add(gap);
            return false;
        }
        self.first_event = Some(now);
        true
    }

    /// Takes note of a text that is about to be sent.
    pub(super) fn sends(&mut self, event: &ThreadStreamEvent) {
        if self.first_text.is_none() && has_text(event) {
            self.first_text = Some(self.heard);
        }
    }

    /// The responder was silent so far.
    pub(super) fn silent_until(&mut self, now: Instant) {
        let gap = now.saturating_duration_since(self.heard);
        self.longest_gap = self.longest_gap.max(gap);
    }

    /// How long ago the run began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// When the responder was heard of last, and whether it ever was.
    pub(super) fn last_heard(&self) -> (Instant, bool) {
        (self.heard, self.first_event.is_some())
    }

    pub(crate) fn stop(
        &self,
        (op, thread_id, run_id): (Op, ThreadId, RunId),
        end: EndReason,
        (events, bytes): (u64, u64),
    ) -> StreamStats {
        let since = |at: Instant| at.saturating_duration_since(self.begun);
        StreamStats {
            op,
            thread_id,
            run_id,
            end,
            first_event: self.first_event.map(since),
            first_text: self.first_text.map(since),
            longest_gap: self.longest_gap,
            gaps: self.gaps,
            total: self.begun.elapsed(),
            events,
            bytes,
            blocked_polls: self.blocked_polls,
        }
    }
}

/// Whether a user sees text of a reply for the first time by an event.
fn has_text(event: &ThreadStreamEvent) -> bool {
    use chatkit_protocol::ThreadItem::AssistantMessage;
    match event {
        ThreadStreamEvent::ThreadItemUpdated { update, .. } => match update {
            ThreadItemUpdate::AssistantMessageContentPartTextDelta { delta, .. } => {
                !delta.is_empty()
            }
            ThreadItemUpdate::AssistantMessageContentPartAdded { content, .. } => {
                !content.text.is_empty()
            }
            ThreadItemUpdate::WidgetStreamingTextValueDelta { delta, .. } => !delta.is_empty(),
            _ => false,
        },
        ThreadStreamEvent::ThreadItemAdded { item }
        | ThreadStreamEvent::ThreadItemDone { item } => {
            matches!(&**item, AssistantMessage(message) if !message.is_blank())
        }
        _ => false,
    }
}

/// A duration for the log.
pub(super) fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e4).round() / 10.0
}

impl StreamStats {
    /// One line for whoever watches the log.
    pub(crate) fn log(&self) {
        tracing::info!(
            op = %self.op,
            thread = spans::start(&self.thread_id),
            run = %self.run_id,
            end = %self.end,
            first_event_ms = self.first_event.map(millis),
            first_text_ms = self.first_text.map(millis),
            longest_gap_ms = millis(self.longest_gap),
            total_ms = millis(self.total),
            events = self.events,
            bytes = self.bytes,
            blocked_polls = self.blocked_polls,
            "the turn ended"
        );
    }
}
