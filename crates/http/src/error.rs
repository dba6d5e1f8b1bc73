//! Answers to requests that never reached an op.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

/// A failure as the client reads it: the status and a body `{"message": …}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The body is larger than allowed.
    #[error("body: expected at most {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// The body stopped arriving.
    #[error("body: nothing arrived for {seconds} s")]
    BodyTimeout {
        /// How long it paused.
        seconds: u64,
    },
    /// The connection broke while the body arrived.
    #[error("body: it did not arrive whole")]
    BodyBroken,
    /// Another method than `POST`.
    #[error("method: expected POST")]
    Method,
    /// A page that may not use the server.
    #[error("origin: it is not allowed to use this server")]
    Origin,
}

impl HttpError {
    fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Origin => StatusCode::FORBIDDEN,
        }
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let body = json!({ "message": self.to_string() }).to_string();
        let mut response =
            (self.status(), [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if self == Self::Method {
            response
                .headers_mut()
                .insert(header::ALLOW, http::HeaderValue::from_static("POST, OPTIONS"));
        }
        response
    }
}
