//! The events of an answer, from the connection straight to whoever polls.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use chatkit_sse::{Frame, Parser};
use futures_core::Stream;
use http::HeaderMap;
use http_body::Body as _;
use reqwest::{Body, Url};
use serde_json::Value;
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use tracing::Span;

use super::{
    SseEvent,
    opening::{Failure, Opened, Request, broken, open},
    provider::Provider,
};
use crate::model::ModelError;

/// What may come behind a complete answer, and for how long it is waited for.
const MAX_TAIL: usize = 64 * 1024;
const TAIL_TIMEOUT: Duration = Duration::from_millis(50);

/// The events of an answer. Dropping it closes the connection, unless the body has ended.
pub(crate) struct Events {
    state: State,
    deadline: Option<(Duration, Option<Pin<Box<Sleep>>>)>,
}

enum State {
    Failed(ModelError),
    New { provider: Arc<Provider>, url: Url, body: Value, trace: HeaderMap },
    Opening { provider: Arc<Provider>, opening: Opening },
    Open(Box<Reader>),
    Ended,
}

type Opening = Pin<Box<dyn Future<Output = Result<Opened, ModelError>> + Send>>;

impl Events {
    /// The answer to a request that is sent with the first poll. It belongs to the trace of the span
    /// that is the current one now.
    pub(super) fn new(provider: Arc<Provider>, path: &str, body: Value) -> Self {
        let deadline = provider.options.total_timeout.map(|limit| (limit, None));
        let url = provider.url(path);
        let propagator = provider.options.propagator.as_ref();
        let trace = propagator.map(|it| it.headers(&Span::current())).unwrap_or_default();
        Self { state: State::New { provider, url, body, trace }, deadline }
    }

    /// A request that cannot be sent.
    pub(super) fn failed(error: ModelError) -> Self {
        Self { state: State::Failed(error), deadline: None }
    }

    /// Reads what is left of a body whose answer is complete, for a moment at most, so that the
    /// connection can be used again. Then there are no more events.
    pub(crate) fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Open(reader) = &mut self.state {
            ready!(reader.poll_drained(cx));
        }
        self.state = State::Ended;
        Poll::Ready(())
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<SseEvent, ModelError>>> {
        loop {
            match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Opening { provider, opening } => {
                    let provider = Arc::clone(provider);
                    match ready!(opening.as_mut().poll(cx)) {
                        Ok(opened) => {
                            self.state = State::Open(Box::new(Reader::new(provider, opened)));
                        }
                        Err(error) => return self.end(error),
                    }
                }
                State::Open(reader) => match ready!(reader.poll_event(cx)) {
                    Some(Ok(event)) => return Poll::Ready(Some(Ok(event))),
                    Some(Err(failure)) if failure.may_retry => {
                        let (provider, request) = (&reader.provider, &reader.request);
                        self.state = State::opening(provider, request.clone(), Some(failure));
                    }
                    Some(Err(failure)) => return self.end(failure.error),
                    None => self.state = State::Ended,
                },
                State::Failed(_) | State::New { .. } => {
                    match std::mem::replace(&mut self.state, State::Ended) {
                        State::New { provider, url, body, trace } => {
                            let body = body.to_string().into();
                            let request = Request { url, body, trace, attempts: 0 };
                            self.state = State::opening(&provider, request, None);
                        }
                        State::Failed(error) => return self.end(error),
                        _ => {}
                    }
                }
            }
        }
    }

    fn end(&mut self, error: ModelError) -> Poll<Option<Result<SseEvent, ModelError>>> {
        self.state = State::Ended;
        Poll::Ready(Some(Err(error)))
    }

    /// Whether all of it has taken too long.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<ModelError> {
        let Some((limit, timer)) = &mut self.deadline else { return Poll::Pending };
        let limit = *limit;
        ready!(timer.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx));
        self.deadline = None;
        Poll::Ready(ModelError::Timeout { what: "was at work", after: limit })
    }
}

impl Stream for Events {
    type Item = Result<SseEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !matches!(self.state, State::Ended)
            && let Poll::Ready(error) = self.poll_deadline(cx)
        {
            return self.end(error);
        }
        self.poll_event(cx)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl State {
    fn opening(provider: &Arc<Provider>, request: Request, failure: Option<Failure>) -> Self {
        let opening = Box::pin(open(Arc::clone(provider), request, failure));
        Self::Opening { provider: Arc::clone(provider), opening }
    }
}

/// Reads a body.
struct Reader {
    provider: Arc<Provider>,
    request: Request,
    body: Body,
    parser: Parser,
    has_ended: bool,
    had_event: bool,
    /// Since when there is nothing to read.
    waiting_since: Option<Instant>,
    /// One timer for all waits: it is only set anew when it fires too early for the current one.
    timer: Option<Pin<Box<Sleep>>>,
    drained: usize,
    tail_timer: Option<Pin<Box<Sleep>>>,
}

impl Reader {
    fn new(provider: Arc<Provider>, opened: Opened) -> Self {
        let mut parser = Parser::new(provider.options.max_event_size);
        parser.push(&opened.start);
        Self {
            provider,
            request: opened.request,
            body: opened.body,
            parser,
            has_ended: false,
            had_event: false,
            waiting_since: None,
            timer: None,
            drained: 0,
            tail_timer: None,
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<SseEvent, Failure>>> {
        loop {
            match self.parser.next_event() {
                Ok(Some(event)) => {
                    self.had_event = true;
                    return Poll::Ready(Some(Ok(event)));
                }
                Ok(None) if self.has_ended => {
                    return Poll::Ready(self.parser.finish().and_then(Frame::into_event).map(Ok));
                }
                Ok(None) => {}
                Err(_) => {
                    let limit = self.provider.options.max_event_size;
                    let message = format!("an event is larger than {limit} bytes");
                    return Poll::Ready(Some(Err(ModelError::Protocol(message).into())));
                }
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(frame) => {
                    self.waiting_since = None;
                    match frame {
                        Some(Ok(frame)) => {
                            if let Some(data) = frame.data_ref() {
                                self.parser.push(data);
                            }
                        }
                        Some(Err(error)) => return Poll::Ready(Some(Err(self.broken(error)))),
                        None => self.has_ended = true,
                    }
                }
                Poll::Pending => {
                    let limit = self.provider.options.idle_timeout;
                    ready!(self.poll_waited(cx, limit));
                    let error = ModelError::Timeout { what: "sent nothing", after: limit };
                    return Poll::Ready(Some(Err(error.into())));
                }
            }
        }
    }

    /// What a broken connection means: before the first event a reason to ask again, later the end
    /// of an answer that is not complete.
    fn broken(&self, error: reqwest::Error) -> Failure {
        let error = broken(&self.provider, error);
        if self.had_event {
            tracing::debug!(
                error = error.for_log(),
                "the connection to the model's provider broke"
            );
            return Failure { error: ModelError::Closed, may_retry: false };
        }
        error.into()
    }

    /// Ready when there has been nothing to read for so long.
    fn poll_waited(&mut self, cx: &mut Context<'_>, limit: Duration) -> Poll<()> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        // A time that no clock reaches never comes.
        let Some(due) = since.checked_add(limit) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        loop {
            ready!(timer.as_mut().poll(cx));
            if Instant::now() >= due {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
    }

    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.has_ended && self.drained < MAX_TAIL {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.drained += frame.data_ref().map_or(0, bytes::Bytes::len);
                }
                Poll::Ready(_) => self.has_ended = true,
                Poll::Pending => {
                    let timer =
                        self.tail_timer.get_or_insert_with(|| Box::pin(sleep(TAIL_TIMEOUT)));
                    ready!(timer.as_mut().poll(cx));
                    break;
                }
            }
        }
        Poll::Ready(())
    }
}
