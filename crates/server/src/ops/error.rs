//! How an op fails.

use chatkit_protocol::{ErrorCode, ErrorEvent, RequestError, RequestErrorKind};

use crate::{AttachmentError, EndReason, StoreError};

/// An op that failed, with a text for the caller.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct OpError {
    /// What kind of failure it is.
    pub kind: OpErrorKind,
    /// What the caller may know.
    pub message: String,
    /// The code of the failure when it comes at the start of a stream.
    code: ErrorCode,
    /// What only the operator may know.
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The kind of a failure; it decides the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpErrorKind {
    /// The body is no request, or asks for what this server does not offer: 400.
    BadRequest,
    /// What the request names does not exist, or not for this caller: 404.
    NotFound,
    /// The request is at odds with the state of things: 409.
    Conflict,
    /// Something is larger than allowed: 413.
    TooLarge,
    /// A field is missing or wrong: 422.
    Invalid,
    /// The server failed: 500.
    Internal,
    /// The server is shutting down: 503.
    Unavailable,
}

impl OpErrorKind {
    /// The HTTP status of an answer (RFC 9110, section 15).
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::Invalid => 422,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

impl OpError {
    /// A failure with a text for the caller.
    pub fn new(kind: OpErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), code: ErrorCode::CUSTOM, source: None }
    }

    /// A field is missing or wrong; the text should name it.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(OpErrorKind::Invalid, message)
    }

    /// The server failed. The error is logged and never shown.
    pub fn unexpected(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            kind: OpErrorKind::Internal,
            message: "the server failed to handle the request".to_owned(),
            code: ErrorCode::STREAM_ERROR,
            source: Some(error.into()),
        }
    }

    pub(crate) fn not_supported(op: &str) -> Self {
        Self::new(OpErrorKind::BadRequest, format!("type: `{op}` is not offered by this server"))
    }

    /// The same failure, in the client's own words at the start of a stream.
    pub(crate) fn coded(mut self) -> Self {
        self.code = ErrorCode::STREAM_ERROR;
        self
    }

    /// There is no turn to join.
    pub(crate) fn not_running() -> Self {
        let message = "no response is being written: load the thread to see what there is";
        Self { code: ErrorCode::NOT_RUNNING, ..Self::new(OpErrorKind::Conflict, message) }
    }

    /// The same failure at the start of a stream, where HTTP has no say any more.
    pub(crate) fn into_event(self) -> ErrorEvent {
        let allow_retry = matches!(self.kind, OpErrorKind::Internal | OpErrorKind::Unavailable);
        let is_worded_by_client = self.code == ErrorCode::STREAM_ERROR;
        let message = (!is_worded_by_client).then_some(self.message);
        ErrorEvent { code: self.code, message, allow_retry }
    }

    /// How a run ends that comes to no more than this.
    pub(crate) fn end(&self) -> EndReason {
        match self.kind {
            OpErrorKind::Internal => EndReason::Failed,
            _ => EndReason::Refused,
        }
    }

    /// Logs what only the operator may know.
    pub(crate) fn log(&self, op: &str) {
        if let Some(error) = &self.source {
            tracing::error!(op, %error, "the request failed");
        }
    }
}

impl From<RequestError> for OpError {
    fn from(error: RequestError) -> Self {
        let kind = match error.kind {
            RequestErrorKind::Field { .. } => OpErrorKind::Invalid,
            _ => OpErrorKind::BadRequest,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<StoreError> for OpError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. } => Self::new(OpErrorKind::NotFound, error.to_string()),
            StoreError::Conflict(message) => Self::new(OpErrorKind::Conflict, message),
            StoreError::Backend(error) => Self::unexpected(error),
        }
    }
}

impl From<AttachmentError> for OpError {
    fn from(error: AttachmentError) -> Self {
        match error {
            AttachmentError::TooLarge { .. } => Self::new(OpErrorKind::TooLarge, error.to_string()),
            AttachmentError::UnsupportedType(_) => Self::invalid(error.to_string()),
            AttachmentError::Backend(error) => Self::unexpected(error),
        }
    }
}

impl From<serde_json::Error> for OpError {
    fn from(error: serde_json::Error) -> Self {
        Self::unexpected(error)
    }
}
