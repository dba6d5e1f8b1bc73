//! From a request to the first bytes of a stream of events, or to the provider's refusal.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use reqwest::{Body, Url};
use tokio::time::{sleep, timeout};

use super::{
    provider::{Provider, describe},
    refusal::{Refusal, html_page},
    retry,
};
use crate::model::ModelError;

/// So much is read of the body of a refusal, and no longer than this.
const MAX_REFUSAL: usize = 64 * 1024;
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(10);

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A request, as often as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) body: Bytes,
    /// What says which trace it belongs to.
    pub(super) trace: HeaderMap,
    /// How often it was sent.
    pub(super) attempts: u32,
}

/// A response that is a stream of events.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) request: Request,
    /// What was read of the body to see what it is.
    pub(super) start: Vec<u8>,
    pub(super) body: Body,
}

/// A failure before the first event.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: ModelError,
    /// Whether another attempt may help.
    pub(super) may_retry: bool,
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        let may_retry = match error {
            // A provider that has taken its time already would take it again.
            ModelError::Timeout { .. } => false,
            _ => error.is_transient(),
        };
        Self { error, may_retry }
    }
}

/// Sends a request until it is answered with a stream of events, or no further attempt is due.
pub(super) async fn open(
    provider: Arc<Provider>,
    mut request: Request,
    mut failure: Option<Failure>,
) -> Result<Opened, ModelError> {
    loop {
        if let Some(failure) = failure.take() {
            let retry_after = match &failure.error {
                ModelError::Status { retry_after, .. } => *retry_after,
                _ => None,
            };
            let delay = retry::delay(&provider.options, request.attempts, retry_after);
            let Some(delay) = delay.filter(|_| failure.may_retry) else {
                return Err(failure.error);
            };
            tracing::debug!(
                error = failure.error.for_log(),
                ?delay,
                "the model's provider is asked again"
            );
            sleep(delay).await;
        }
        request.attempts += 1;
        match attempt(&provider, &request).await {
            Ok((start, body)) => return Ok(Opened { request, start, body }),
            Err(failed) => failure = Some(failed),
        }
    }
}

async fn attempt(provider: &Provider, request: &Request) -> Result<(Vec<u8>, Body), Failure> {
    let limit = provider.options.response_timeout;
    let sending = provider
        .client
        .post(request.url.clone())
        .headers(request.trace.clone())
        .headers(provider.headers.clone())
        .body(request.body.clone())
        .send();
    let response = timeout(limit, sending)
        .await
        .map_err(|_| ModelError::Timeout { what: "did not respond", after: limit })?
        .map_err(|error| unsent(provider, error))?;
    let url = response.url().clone();
    let (head, body) = http::Response::from(response).into_parts();
    if head.status.is_success() {
        return sniff(provider, &head.headers, body).await;
    }
    let retry_after = retry::retry_after(&head.headers, SystemTime::now());
    let refusal = if head.status.is_redirection() {
        Refusal { message: redirect_target(&url, &head.headers), code: None }
    } else {
        Refusal::from_body(&read_some(Vec::new(), body).await)
    };
    let status = head.status.as_u16();
    Err(ModelError::Status {
        status,
        message: match provider.scrubber.clean(&refusal.message) {
            empty if empty.is_empty() => reason(head.status),
            message => message,
        },
        code: refusal.code.map(|code| provider.scrubber.clean(&code)),
        retry_after,
    }
    .into())
}

/// What an error of sending is.
fn unsent(provider: &Provider, error: reqwest::Error) -> Failure {
    if error.is_connect() && error.is_timeout() {
        let after = provider.options.connect_timeout;
        let error = ModelError::Timeout { what: "could not be connected to", after };
        return Failure { error, may_retry: true };
    }
    let may_retry = !error.is_builder() && !error.is_redirect();
    let error = ModelError::Transport(provider.scrubber.clean(&describe(error)));
    Failure { error, may_retry }
}

fn reason(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("no reason given").to_owned()
}

/// Where a redirect leads that is not followed, without path and query.
fn redirect_target(url: &Url, headers: &HeaderMap) -> String {
    let target = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    match target.and_then(|target| url.join(target).ok()) {
        Some(target) => {
            let origin = target.origin().ascii_serialization();
            format!("a redirect to {origin}, which is not followed")
        }
        None => "a redirect to nowhere".to_owned(),
    }
}

/// Reads until it can be told whether the body is a stream of events, whatever it is called: some
/// providers leave the content type out or call it plain text, and some call an error page a stream.
async fn sniff(
    provider: &Provider,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<(Vec<u8>, Body), Failure> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut start = Vec::new();
    let limit = provider.options.idle_timeout;
    loop {
        match looks_like_events(&start, is_event_stream(content_type)) {
            Some(true) => return Ok((start, body)),
            Some(false) => break,
            None => {}
        }
        match timeout(limit, read(&mut body)).await {
            Err(_) => return Err(ModelError::Timeout { what: "sent nothing", after: limit }.into()),
            Ok(None) => return Ok((start, body)),
            Ok(Some(Ok(data))) => start.extend_from_slice(&data),
            Ok(Some(Err(error))) => return Err(broken(provider, error).into()),
        }
    }
    let content = read_some(start, body).await;
    Err(no_stream(provider, content_type, &content).into())
}

/// Whether a body that begins so is a stream of events, if that can be told already.
fn looks_like_events(start: &[u8], is_called_so: bool) -> Option<bool> {
    if BOM.starts_with(start) {
        return None;
    }
    let text = start.strip_prefix(BOM).unwrap_or(start).trim_ascii_start();
    match text.first() {
        None => (start.len() > MAX_REFUSAL).then_some(false),
        Some(b'{' | b'[' | b'<') => Some(false),
        Some(b':') => Some(true),
        Some(_) if is_called_so => Some(true),
        Some(_) => {
            let fields = [b"data".as_slice(), b"event", b"id", b"retry"];
            if fields.iter().any(|field| text.starts_with(field)) {
                return Some(true);
            }
            fields.iter().all(|field| !field.starts_with(text)).then_some(false)
        }
    }
}

fn is_event_stream(content_type: &str) -> bool {
    content_type.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}

/// The error of a successful response that is no stream of events.
fn no_stream(provider: &Provider, content_type: &str, content: &[u8]) -> ModelError {
    let text = String::from_utf8_lossy(content);
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Some(page) = html_page(text) {
        return protocol(provider, &format!("{page} came instead of a stream of events"));
    }
    if let Ok(document) = serde_json::from_str(text) {
        return match Refusal::from_json(&document) {
            Some(Refusal { message, code }) => ModelError::Failed {
                message: provider.scrubber.clean(&message),
                code: code.map(|code| provider.scrubber.clean(&code)),
            },
            None => protocol(provider, "a JSON document came instead of a stream of events"),
        };
    }
    let kind = if content_type.is_empty() { "text without a type" } else { content_type };
    protocol(provider, &format!("{kind} came instead of a stream of events: {text}"))
}

fn protocol(provider: &Provider, message: &str) -> ModelError {
    ModelError::Protocol(provider.scrubber.clean(message))
}

/// The error of a connection that broke.
pub(super) fn broken(provider: &Provider, error: reqwest::Error) -> ModelError {
    ModelError::Transport(provider.scrubber.clean(&describe(error)))
}

/// The next bytes of a body.
async fn read(body: &mut Body) -> Option<Result<Bytes, reqwest::Error>> {
    loop {
        match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await? {
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
}

/// As much of a body as is needed for an error, and comes in time.
async fn read_some(mut content: Vec<u8>, mut body: Body) -> Vec<u8> {
    let reading = async {
        while content.len() < MAX_REFUSAL {
            match read(&mut body).await {
                Some(Ok(data)) => content.extend_from_slice(&data),
                Some(Err(_)) | None => break,
            }
        }
    };
    // What has come by then must do.
    let _ = timeout(REFUSAL_TIMEOUT, reading).await;
    content.truncate(MAX_REFUSAL);
    content
}
