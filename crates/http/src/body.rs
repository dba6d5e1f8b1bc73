//! The body of a stream.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use chatkit_server::Subscription;
use futures_util::Stream as _;
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep_until};

const PING: Bytes = Bytes::from_static(b": ping\n\n");

/// Server-sent events from a subscription, with a comment now and then while it is silent.
///
/// All events that are ready go out as one chunk. Dropped with the connection, it leaves the run.
pub struct EventBody {
    subscription: Option<Subscription>,
    heartbeat: Option<Heartbeat>,
}

impl EventBody {
    /// A body that is never silent for longer than `heartbeat`; zero, or longer than the clock
    /// can tell: it may be.
    pub fn new(subscription: Subscription, heartbeat: Duration) -> Self {
        let heartbeat = (!heartbeat.is_zero()).then(|| Heartbeat::new(heartbeat)).flatten();
        Self { subscription: Some(subscription), heartbeat }
    }
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(subscription) = &mut self.subscription else {
            return Poll::Ready(None);
        };
        match Pin::new(subscription).poll_next(cx) {
            Poll::Ready(Some(frames)) => {
                if let Some(heartbeat) = &mut self.heartbeat {
                    heartbeat.last = Instant::now();
                }
                Poll::Ready(Some(Ok(Frame::data(frames))))
            }
            Poll::Ready(None) => {
                self.subscription = None;
                Poll::Ready(None)
            }
            Poll::Pending => match &mut self.heartbeat {
                Some(heartbeat) => heartbeat.poll(cx).map(|()| Some(Ok(Frame::data(PING)))),
                None => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.subscription.is_none()
    }
}

impl fmt::Debug for EventBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBody")
            .field("subscription", &self.subscription)
            .finish_non_exhaustive()
    }
}

struct Heartbeat {
    interval: Duration,
    /// When something was last sent. The timer is not moved with every frame, only when it fires.
    last: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Heartbeat {
    /// None when the first one would be due after the end of time.
    fn new(interval: Duration) -> Option<Self> {
        let last = Instant::now();
        let due = last.checked_add(interval)?;
        Some(Self { interval, last, timer: Box::pin(sleep_until(due)) })
    }

    /// Ready when nothing was sent for an interval.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let silent = now.saturating_duration_since(self.last);
            let is_due = silent >= self.interval;
            if is_due {
                self.last = now;
            }
            let Some(due) = self.last.checked_add(self.interval) else {
                return Poll::Pending;
            };
            self.timer.as_mut().reset(due);
            if is_due {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_interval_beyond_the_clock_is_none() {
        assert!(Heartbeat::new(Duration::MAX).is_none());
        assert!(Heartbeat::new(Duration::from_secs(15)).is_some());
    }
}
