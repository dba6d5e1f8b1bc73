//! A reply on its way.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::reply::{Part, Template};
use crate::stamp::{Clock, Stamper};

/// One chunk after the other; with a gap, one a tick.
#[derive(Debug, Default)]
pub(super) struct ReplyBody {
    chunks: Chunks,
    at: usize,
    ticks: Option<Interval>,
}

#[derive(Debug, Default)]
enum Chunks {
    #[default]
    None,
    Encoded(Arc<[Bytes]>),
    Stamped {
        template: Arc<Template>,
        deltas: u32,
        stamper: Stamper,
        text: Vec<u8>,
    },
}

impl ReplyBody {
    pub(super) fn encoded(chunks: Arc<[Bytes]>, gap: Duration) -> Self {
        Self { chunks: Chunks::Encoded(chunks), at: 0, ticks: ticks(gap) }
    }

    pub(super) fn stamped(
        template: Arc<Template>,
        deltas: u32,
        gap: Duration,
        clock: Clock,
    ) -> Self {
        let stamper = Stamper::new(clock);
        let chunks = Chunks::Stamped { template, deltas, stamper, text: Vec::new() };
        Self { chunks, at: 0, ticks: ticks(gap) }
    }
}

/// Late ticks are made up for.
fn ticks(gap: Duration) -> Option<Interval> {
    (!gap.is_zero()).then(|| {
        let mut ticks = interval_at(Instant::now(), gap);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        ticks
    })
}

impl Chunks {
    /// The n-th chunk.
    fn chunk(&mut self, at: usize) -> Option<Bytes> {
        match self {
            Self::None => None,
            Self::Encoded(chunks) => chunks.get(at).cloned(),
            Self::Stamped { template, deltas, stamper, text } => {
                let place = template.place(at, *deltas)?;
                let mut out = Vec::with_capacity(256);
                match place.part {
                    Part::Opening(_) => template.write(place, &[], 0, &mut out),
                    Part::Delta => {
                        let stamp = stamper.now();
                        text.extend_from_slice(&stamp);
                        template.write(place, &stamp, 1, &mut out);
                    }
                    Part::Closing(_) => template.write(place, text, 1, &mut out),
                }
                Some(out.into())
            }
        }
    }

    /// Whether the n-th chunk waits for its time.
    fn waits(&self, at: usize) -> bool {
        match self {
            Self::Stamped { template, deltas, .. } => {
                template.place(at, *deltas).is_some_and(|place| place.part == Part::Delta)
            }
            Self::Encoded(chunks) => at < chunks.len(),
            Self::None => false,
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if let Some(ticks) = &mut this.ticks
            && this.chunks.waits(this.at)
        {
            ready!(ticks.poll_tick(cx));
        }
        let chunk = this.chunks.chunk(this.at);
        this.at += 1;
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}
