//! `PUT` and `GET /attachments/{id}`.

use std::{io, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::put,
};
use chatkit_http::read_body;
use chatkit_server::{
    RequestContext as _, StoreError,
    protocol::{Attachment, AttachmentId},
};
use serde_json::json;
use tracing::{Instrument as _, Span, field::Empty};

use super::{Attachments, MAX_SIZE};

const ROUTE: &str = "/attachments/{id}";

/// Images that browsers show without running anything in them.
const SHOWN: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// How long an upload may pause while it arrives.
const PAUSE: Duration = Duration::from_secs(30);

/// The routes that upload descriptors and previews point to.
pub(crate) fn routes(attachments: Attachments) -> Router {
    Router::new().route(ROUTE, put(upload).get(download)).with_state(attachments)
}

pub(super) async fn upload(
    State(attachments): State<Attachments>,
    Path(id): Path<AttachmentId>,
    body: Body,
) -> Response {
    let answer =
        async { store_upload(&attachments, &id, body).await.unwrap_or_else(|refused| refused) };
    within("PUT", answer).await
}

async fn store_upload(
    attachments: &Attachments,
    id: &AttachmentId,
    body: Body,
) -> Result<Response, Response> {
    // Nothing is read for an attachment that takes nothing.
    load_expected(attachments, id).await?;
    let limit = usize::try_from(MAX_SIZE).unwrap_or(usize::MAX);
    let bytes = read_body(body, limit, PAUSE).await.map_err(IntoResponse::into_response)?;
    Span::current().record("http.request.body.size", bytes.len());
    let shared = &attachments.shared;
    let staged = shared.blobs.stage(id, bytes).await.map_err(|error| not_stored(id, &error))?;

    // A message may have taken the attachment, or another upload come first, while this one
    // arrived: the record is as it is now. What happens between here and the save is up to the
    // store, whose last save wins.
    let _saving = shared.saving.lock().await;
    let mut attachment = load_expected(attachments, id).await?;
    shared.blobs.commit(staged).await.map_err(|error| not_stored(id, &error))?;
    attachment.upload_descriptor = None;
    let saved = shared.store.save_attachment(&().owner(), &attachment).await;
    saved.map_err(|error| store_failed(id, &error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The record of an attachment whose bytes are still to come.
async fn load_expected(
    attachments: &Attachments,
    id: &AttachmentId,
) -> Result<Attachment, Response> {
    let attachment = load(attachments, id).await?;
    if attachment.upload_descriptor.is_none() {
        return Err(refuse(StatusCode::CONFLICT, "the attachment was uploaded already"));
    }
    Ok(attachment)
}

pub(super) async fn download(
    State(attachments): State<Attachments>,
    Path(id): Path<AttachmentId>,
) -> Response {
    let answer = async { read(&attachments, &id).await.unwrap_or_else(|refused| refused) };
    within("GET", answer).await
}

async fn read(attachments: &Attachments, id: &AttachmentId) -> Result<Response, Response> {
    let attachment = load(attachments, id).await?;
    match attachments.shared.blobs.get(id).await {
        Ok(Some(bytes)) => {
            Span::current().record("http.response.body.size", bytes.len());
            Ok((headers(&attachment), bytes).into_response())
        }
        Ok(None) => Err(refuse(StatusCode::NOT_FOUND, "the attachment was not uploaded yet")),
        Err(error) => {
            tracing::error!(attachment = %id, %error, "an attachment was not read");
            Err(refuse(StatusCode::INTERNAL_SERVER_ERROR, "the attachment could not be read"))
        }
    }
}

/// Answers a request in a span with the attributes of the HTTP conventions of OpenTelemetry. What
/// comes from outside is not in it before it is known to be an attachment's.
async fn within(method: &'static str, answer: impl Future<Output = Response>) -> Response {
    let span = tracing::info_span!(
        "request",
        attachment = Empty,
        otel.name = format_args!("{method} {ROUTE}"),
        otel.kind = "server",
        "http.request.method" = method,
        "http.route" = ROUTE,
        "http.request.body.size" = Empty,
        "http.response.body.size" = Empty,
        "http.response.status_code" = Empty,
        "url.path" = Empty,
    );
    let response = answer.instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    response
}

async fn load(attachments: &Attachments, id: &AttachmentId) -> Result<Attachment, Response> {
    let found = attachments.shared.store.load_attachment(&().owner(), id).await;
    found.inspect(|_| identify(id)).map_err(|error| match error {
        StoreError::NotFound { .. } => refuse(StatusCode::NOT_FOUND, &error.to_string()),
        error => store_failed(id, &error),
    })
}

/// Which attachment the request is about.
fn identify(id: &AttachmentId) {
    let span = Span::current();
    span.record("attachment", tracing::field::display(id));
    span.record("url.path", tracing::field::display(format_args!("/attachments/{id}")));
}

/// What users upload must never run with the page's rights.
fn headers(attachment: &Attachment) -> [(header::HeaderName, HeaderValue); 4] {
    let shown = SHOWN.contains(&attachment.mime_type.as_str());
    let media_type = Some(&attachment.mime_type).filter(|_| shown);
    let media_type = media_type.and_then(|media_type| HeaderValue::from_str(media_type).ok());
    let disposition = if shown { "inline" } else { "attachment" };
    [
        (
            header::CONTENT_TYPE,
            media_type.unwrap_or(HeaderValue::from_static("application/octet-stream")),
        ),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ]
}

fn not_stored(id: &AttachmentId, error: &io::Error) -> Response {
    tracing::error!(attachment = %id, %error, "an upload was not stored");
    refuse(StatusCode::INSUFFICIENT_STORAGE, "the upload could not be stored")
}

fn store_failed(id: &AttachmentId, error: &StoreError) -> Response {
    tracing::error!(attachment = %id, %error, "the record of an attachment was not reached");
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "the server failed to handle the request")
}

fn refuse(status: StatusCode, message: &str) -> Response {
    let body = json!({ "message": message }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
