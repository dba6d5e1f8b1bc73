//! How a responder fails.

use std::fmt;

use chatkit_protocol::{ErrorCode, ErrorEvent};

/// Why a responder ended early. Any error converts into it with `?`.
///
/// The user sees the text of a [custom](Self::custom) error and the client's own wording of a
/// [coded](Self::coded) one. What any other error says is logged and never shown.
pub struct RespondError {
    kind: Kind,
    /// What the log says instead of the causes.
    logged: Option<Box<str>>,
}

enum Kind {
    Shown(ErrorEvent, Option<Cause>),
    Unexpected(Cause),
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl RespondError {
    /// An error with a text for the user, without the offer to try again.
    pub fn custom(message: impl Into<String>) -> Self {
        let message = Some(message.into());
        let event = ErrorEvent { code: ErrorCode::CUSTOM, message, allow_retry: false };
        Kind::Shown(event, None).into()
    }

    /// An error that the client words itself, in the user's language. The user may try again after
    /// a [`stream.error`](ErrorCode::STREAM_ERROR), and not after others.
    pub fn coded(code: ErrorCode) -> Self {
        let allow_retry = code == ErrorCode::STREAM_ERROR;
        Kind::Shown(ErrorEvent { code, message: None, allow_retry }, None).into()
    }

    /// An error of any kind with a text for the log.
    pub fn unexpected(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Kind::Unexpected(error.into()).into()
    }

    /// The same error with or without the offer to try again. Unexpected errors always have it.
    #[must_use]
    pub fn with_retry(mut self, allow_retry: bool) -> Self {
        if let Kind::Shown(event, _) = &mut self.kind {
            event.allow_retry = allow_retry;
        }
        self
    }

    /// The same error with what is behind it, for the log and for
    /// [`downcast_ref`](Self::downcast_ref). Users see nothing of it.
    #[must_use]
    pub fn caused_by(mut self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        match &mut self.kind {
            Kind::Shown(_, cause) => *cause = Some(error.into()),
            Kind::Unexpected(cause) => *cause = error.into(),
        }
        self
    }

    /// The same error with what the log says of what is behind it, instead of the causes' own texts:
    /// for causes that may quote what a user wrote or a model said.
    #[must_use]
    pub fn logged_as(mut self, text: impl Into<String>) -> Self {
        self.logged = Some(text.into().into_boxed_str());
        self
    }

    /// What is behind the error, if it is of this type.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match &self.kind {
            Kind::Shown(_, cause) => cause.as_ref()?.downcast_ref(),
            Kind::Unexpected(cause) => cause.downcast_ref(),
        }
    }

    pub(crate) fn not_supported(what: impl fmt::Display) -> Self {
        Self::unexpected(format!("{what} is not handled by this server"))
    }

    /// The event that the user sees.
    pub fn into_event(self) -> ErrorEvent {
        match self.kind {
            Kind::Shown(event, _) => event,
            Kind::Unexpected(_) => {
                ErrorEvent { code: ErrorCode::STREAM_ERROR, message: None, allow_retry: true }
            }
        }
    }

    /// What the log may say of it. Without content these are the causes, in other words if there are
    /// any, and no text that the user sees.
    pub(crate) fn for_log(&self, with_content: bool) -> ForLog<'_> {
        ForLog { error: self, with_content }
    }

    /// Whether there is more behind the error than the user sees.
    pub(crate) fn has_cause(&self) -> bool {
        matches!(self.kind, Kind::Shown(_, Some(_)) | Kind::Unexpected(_))
    }

    /// Whether the user sees nothing of what went wrong.
    pub fn is_unexpected(&self) -> bool {
        matches!(self.kind, Kind::Unexpected(_))
    }
}

impl From<Kind> for RespondError {
    fn from(kind: Kind) -> Self {
        Self { kind, logged: None }
    }
}

pub(crate) struct ForLog<'a> {
    error: &'a RespondError,
    with_content: bool,
}

impl fmt::Display for ForLog<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RespondError { kind, logged } = self.error;
        match (kind, logged) {
            _ if self.with_content => fmt::Display::fmt(self.error, f),
            (_, Some(logged)) => f.write_str(logged),
            (Kind::Shown(_, Some(cause)) | Kind::Unexpected(cause), None) => {
                write_chain(f, "", &**cause)
            }
            (Kind::Shown(event, None), None) => f.write_str(event.code.as_str()),
        }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for RespondError {
    fn from(error: E) -> Self {
        Kind::Unexpected(Box::new(error)).into()
    }
}

impl fmt::Display for RespondError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Shown(event, cause) => {
                f.write_str(event.message.as_deref().unwrap_or(event.code.as_str()))?;
                cause.as_ref().map_or(Ok(()), |cause| write_chain(f, ": ", &**cause))
            }
            Kind::Unexpected(cause) => write_chain(f, "", &**cause),
        }
    }
}

fn write_chain(
    f: &mut fmt::Formatter<'_>,
    before: &str,
    error: &(dyn std::error::Error + 'static),
) -> fmt::Result {
    write!(f, "{before}{error}")?;
    let mut source = error.source();
    while let Some(cause) = source {
        write!(f, ": {cause}")?;
        source = cause.source();
    }
    Ok(())
}

impl fmt::Debug for RespondError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Shown(event, cause) => {
                f.debug_tuple("RespondError").field(event).field(cause).finish()
            }
            Kind::Unexpected(cause) => f.debug_tuple("RespondError").field(cause).finish(),
        }
    }
}
