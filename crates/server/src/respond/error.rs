//! How a responder fails.

use std::fmt;

use chatkit_protocol::{ErrorCode, ErrorEvent};

/// Why a responder ended early. Any error converts into it with `?`.
///
/// The user sees the text of a [custom](Self::custom) error and the client's own wording of a
/// [coded](Self::coded) one. What any other error says is logged and never shown.
pub struct RespondError(Kind);

enum Kind {
    Shown(ErrorEvent),
    Unexpected(Box<dyn std::error::Error + Send + Sync>),
}

impl RespondError {
    /// An error with a text for the user, without the offer to try again.
    pub fn custom(message: impl Into<String>) -> Self {
        Self(Kind::Shown(ErrorEvent {
            code: ErrorCode::CUSTOM,
            message: Some(message.into()),
            allow_retry: false,
        }))
    }

    /// An error that the client words itself, in the user's language. The user may try again after
    /// a [`stream.error`](ErrorCode::STREAM_ERROR), and not after others.
    pub fn coded(code: ErrorCode) -> Self {
        let allow_retry = code == ErrorCode::STREAM_ERROR;
        Self(Kind::Shown(ErrorEvent { code, message: None, allow_retry }))
    }

    /// An error of any kind with a text for the log.
    pub fn unexpected(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Kind::Unexpected(error.into()))
    }

    /// The same error with or without the offer to try again. Unexpected errors always have it.
    #[must_use]
    pub fn with_retry(mut self, allow_retry: bool) -> Self {
        if let Kind::Shown(event) = &mut self.0 {
            event.allow_retry = allow_retry;
        }
        self
    }

    pub(crate) fn not_supported(what: impl fmt::Display) -> Self {
        Self::unexpected(format!("{what} is not handled by this server"))
    }

    /// The event that the user sees.
    pub fn into_event(self) -> ErrorEvent {
        match self.0 {
            Kind::Shown(event) => event,
            Kind::Unexpected(_) => {
                ErrorEvent { code: ErrorCode::STREAM_ERROR, message: None, allow_retry: true }
            }
        }
    }

    /// Whether the user sees nothing of what went wrong.
    pub fn is_unexpected(&self) -> bool {
        matches!(self.0, Kind::Unexpected(_))
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for RespondError {
    fn from(error: E) -> Self {
        Self(Kind::Unexpected(Box::new(error)))
    }
}

impl fmt::Display for RespondError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Shown(event) => match &event.message {
                Some(message) => f.write_str(message),
                None => f.write_str(event.code.as_str()),
            },
            Kind::Unexpected(error) => {
                write!(f, "{error}")?;
                let mut source = error.source();
                while let Some(cause) = source {
                    write!(f, ": {cause}")?;
                    source = cause.source();
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for RespondError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Shown(event) => f.debug_tuple("RespondError").field(event).finish(),
            Kind::Unexpected(error) => f.debug_tuple("RespondError").field(error).finish(),
        }
    }
}
