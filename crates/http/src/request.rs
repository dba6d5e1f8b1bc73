//! Reading request bodies to their end.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::HttpError;

/// How many times the limit is read and thrown away of a body that is too large, so that the
/// client gets to read the answer instead of a broken connection.
const DRAIN_FACTOR: usize = 4;

/// Reads a whole body. A connection notices that its client is gone only when nothing of the
/// request is left to be read, so no answer may start earlier.
///
/// # Errors
///
/// When the body has more than `limit` bytes, pauses for longer than `pause`, or breaks off.
pub async fn read_body(mut body: Body, limit: usize, pause: Duration) -> Result<Bytes, HttpError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut whole = BytesMut::with_capacity(announced.min(64 * 1024).min(limit));
    let mut first: Option<Bytes> = None;
    let mut size = 0_usize;
    loop {
        let frame = timeout(pause, body.frame())
            .await
            .map_err(|_| HttpError::BodyTimeout { seconds: pause.as_secs() })?;
        let Some(frame) = frame else {
            break;
        };
        let Ok(data) = frame.map_err(|_| HttpError::BodyBroken)?.into_data() else {
            continue;
        };
        size = size.saturating_add(data.len());
        if size > limit {
            (whole, first) = (BytesMut::new(), None);
            if size > limit.saturating_mul(DRAIN_FACTOR) {
                break;
            }
        } else if size == data.len() {
            first = Some(data);
        } else {
            if let Some(first) = first.take() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&data);
        }
    }
    if size > limit {
        return Err(HttpError::TooLarge { limit });
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}
