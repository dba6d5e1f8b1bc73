//! Asking the model, with the guardrails beside it.

use std::{future::poll_fn, task::Poll, time::Instant};

use super::{
    RunError, RunEvent,
    collect::{Answer, Collector},
    guards::Guards,
    stream::Events,
};
use crate::{
    model::{Model, ModelError, ModelRequest},
    spans::ChatSpan,
};

/// The model's answer. Its events are seen while it comes; a guardrail that finds something ends it.
pub(super) async fn ask(
    model: &dyn Model,
    request: ModelRequest,
    turn: usize,
    guards: &mut Guards,
    events: &Events,
    span: &ChatSpan,
) -> Result<Answer, RunError> {
    let mut stream = span.in_scope(|| model.stream(request));
    let mut collector = Collector::default();
    let mut asked = Some(Instant::now());
    loop {
        let next = poll_fn(|cx| {
            if let Poll::Ready(Err(error)) = guards.poll(cx) {
                return Poll::Ready(Err(error));
            }
            stream.as_mut().poll_next(cx).map(Ok)
        });
        let failure = match next.await? {
            Some(Ok(event)) => {
                if let Some(asked) = asked.take() {
                    span.first_chunk(asked.elapsed().as_secs_f64());
                }
                let complete = collector.add(&event);
                events.send(RunEvent::Model(event)).await;
                if complete {
                    return Ok(collector.finish(turn));
                }
                continue;
            }
            Some(Err(error)) => error,
            None => ModelError::Closed,
        };
        drop(stream);
        // What was shown stays only if the guardrails say nothing against it. That one fails too, as
        // the model did, does not matter.
        return match guards.pass().await {
            Err(error) if error.is_tripwire() => Err(error),
            _ => Err(failure.into()),
        };
    }
}
