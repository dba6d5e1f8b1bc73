//! `PUT` and `GET /attachments/{id}`.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::put,
};
use bytes::Bytes;
use chatkit_server::{
    RequestContext as _, StoreError,
    protocol::{Attachment, AttachmentId},
};
use serde_json::json;

use super::{Attachments, MAX_SIZE};

/// Images that browsers show without running anything in them.
const SHOWN: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// The routes that upload descriptors and previews point to.
pub(crate) fn routes(attachments: Attachments) -> Router {
    let limit = usize::try_from(MAX_SIZE).unwrap_or(usize::MAX);
    Router::new()
        .route("/attachments/{id}", put(upload).get(download))
        .layer(DefaultBodyLimit::max(limit))
        .with_state(attachments)
}

async fn upload(
    State(attachments): State<Attachments>,
    Path(id): Path<AttachmentId>,
    bytes: Bytes,
) -> Response {
    let mut attachment = match load(&attachments, &id).await {
        Ok(attachment) => attachment,
        Err(refused) => return refused,
    };
    if attachment.upload_descriptor.take().is_none() {
        return refuse(StatusCode::CONFLICT, "the attachment was uploaded already");
    }
    if let Err(error) = attachments.shared.blobs.put(&id, bytes).await {
        tracing::error!(attachment = %id, %error, "an upload was not stored");
        return refuse(StatusCode::INSUFFICIENT_STORAGE, "the upload could not be stored");
    }
    match attachments.shared.store.save_attachment(&().owner(), &attachment).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => store_failed(&id, &error),
    }
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

fn store_failed(id: &AttachmentId, error: &StoreError) -> Response {
    tracing::error!(attachment = %id, %error, "the record of an attachment was not reached");
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "the server failed to handle the request")
}

fn refuse(status: StatusCode, message: &str) -> Response {
    let body = json!({ "message": message }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
