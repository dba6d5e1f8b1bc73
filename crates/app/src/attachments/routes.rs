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

use super::{Attachments, MAX_SIZE};

/// Images that browsers show without running anything in them.
const SHOWN: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// How long an upload may pause while it arrives.
const PAUSE: Duration = Duration::from_secs(30);

/// The routes that upload descriptors and previews point to.
pub(crate) fn routes(attachments: Attachments) -> Router {
    Router::new().route("/attachments/{id}", put(upload).get(download)).with_state(attachments)
}

async fn upload(
    State(attachments): State<Attachments>,
    Path(id): Path<AttachmentId>,
    body: Body,
) -> Response {
    store_upload(&attachments, &id, body).await.unwrap_or_else(|refused| refused)
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

async fn download(
    State(attachments): State<Attachments>,
    Path(id): Path<AttachmentId>,
) -> Response {
    let attachment = match load(&attachments, &id).await {
        Ok(attachment) => attachment,
        Err(refused) => return refused,
    };
    match attachments.shared.blobs.get(&id).await {
        Ok(Some(bytes)) => (headers(&attachment), bytes).into_response(),
        Ok(None) => refuse(StatusCode::NOT_FOUND, "the attachment was not uploaded yet"),
        Err(error) => {
            tracing::error!(attachment = %id, %error, "an attachment was not read");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "the attachment could not be read")
        }
    }
}

async fn load(attachments: &Attachments, id: &AttachmentId) -> Result<Attachment, Response> {
    let found = attachments.shared.store.load_attachment(&().owner(), id).await;
    found.map_err(|error| match error {
        StoreError::NotFound { .. } => refuse(StatusCode::NOT_FOUND, &error.to_string()),
        error => store_failed(id, &error),
    })
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
