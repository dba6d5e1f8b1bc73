//! How a model fails.

use std::{borrow::Cow, time::Duration};

/// Why a model did not answer, or not to its end. No text holds a key or a header of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The client is set up in a way that cannot work.
    #[error("{0}")]
    Config(String),
    /// The provider could not be reached, or the connection broke.
    #[error("the model's provider could not be reached: {0}")]
    Transport(String),
    /// The provider took too long.
    #[error("the model's provider {what} for {} s", after.as_secs_f64())]
    Timeout {
        /// What it did, for example `sent nothing`.
        what: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// The provider refused the request.
    #[error("the model's provider answered {status}: {message}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The provider's text, cut to a sane length.
        message: String,
        /// The provider's code, for example `insufficient_quota`.
        code: Option<String>,
        /// How long the provider asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The provider reported a failure in the stream.
    #[error("the model failed: {message}")]
    Failed {
        /// The provider's text, cut to a sane length.
        message: String,
        /// The provider's code.
        code: Option<String>,
    },
    /// The answer is nothing that a model's provider sends.
    #[error("the answer of the model's provider was not understood: {0}")]
    Protocol(String),
    /// The stream ended before the model had.
    #[error("the model's stream ended before its answer was complete")]
    Closed,
}

impl ModelError {
    /// Whether asking again, unchanged, may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport(_) | Self::Timeout { .. } | Self::Closed => true,
            Self::Status { status, code, .. } => {
                let out_of_quota = code.as_deref() == Some("insufficient_quota");
                matches!(status, 408 | 409 | 425 | 429 | 500..=599) && !out_of_quota
            }
            Self::Failed { code, .. } => {
                matches!(
                    code.as_deref(),
                    Some("server_error" | "rate_limit_exceeded" | "overloaded")
                )
            }
            Self::Config(_) | Self::Protocol(_) => false,
        }
    }

    /// A sentence for the user: what went wrong in plain words, and never the provider's own. Those
    /// name hosts, deployments, parameters and other things of the operator's, and are written for
    /// developers; what of them a user can do something about is said here in other words.
    pub fn user_message(&self) -> String {
        match self {
            // A redirect names hosts that are no business of the user's.
            Self::Config(_) | Self::Status { status: 300..=399, .. } => {
                "The model is not set up correctly.".to_owned()
            }
            Self::Transport(_) => "The model could not be reached.".to_owned(),
            Self::Timeout { .. } => "The model took too long to answer.".to_owned(),
            Self::Status { status: 401 | 403 | 407, .. } => {
                "The model's provider refused the server's credentials.".to_owned()
            }
            Self::Status { status: 402, .. } => {
                "The quota of the model's provider is used up.".to_owned()
            }
            Self::Status { status: 404, .. } => "The model does not exist.".to_owned(),
            Self::Status { status: 429, code, .. } if is_quota(code) => {
                "The quota of the model's provider is used up.".to_owned()
            }
            Self::Status { status: 429, .. } => {
                "The model is busy. Please try again in a moment.".to_owned()
            }
            Self::Status { status: 500..=599, .. } => {
                "The model's provider has a problem. Please try again in a moment.".to_owned()
            }
            Self::Status { message, code, .. } => about_input(message, code.as_deref())
                .unwrap_or("The model's provider refused the request.")
                .to_owned(),
            Self::Failed { code, .. } if is_quota(code) => {
                "The quota of the model's provider is used up.".to_owned()
            }
            Self::Failed { code: Some(code), .. } if code == "rate_limit_exceeded" => {
                "The model is busy. Please try again in a moment.".to_owned()
            }
            Self::Failed { .. } if self.is_transient() => {
                "The model's provider has a problem. Please try again in a moment.".to_owned()
            }
            Self::Failed { message, code } => about_input(message, code.as_deref())
                .unwrap_or("The model failed to answer.")
                .to_owned(),
            Self::Protocol(_) => "The model's answer was not understood.".to_owned(),
            Self::Closed => "The model's answer broke off.".to_owned(),
        }
    }
}

impl ModelError {
    /// The kind of it in one word, for traces: `429`, `timeout`, …
    pub(crate) fn kind(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Config(_) => "config",
            Self::Transport(_) => "transport",
            Self::Timeout { .. } => "timeout",
            Self::Status { status, .. } => return status.to_string().into(),
            Self::Failed { code: Some(code), .. } if is_word(code) => return code.clone().into(),
            Self::Failed { .. } => "failed",
            Self::Protocol(_) => "protocol",
            Self::Closed => "closed",
        })
    }

    /// What the log may say of it: without texts of the provider, which may quote what it was asked
    /// or has answered. What it says of the operator's account, and no user is told, stays.
    pub(crate) fn for_log(&self) -> String {
        let code = |code: &Option<String>| match code {
            Some(code) if is_word(code) => format!(" ({code})"),
            _ => String::new(),
        };
        match self {
            Self::Status { status: 300..=399 | 401..=404 | 407 | 429, .. } => self.to_string(),
            Self::Status { status, code: of, .. } => {
                format!("the model's provider answered {status}{}", code(of))
            }
            Self::Failed { code: of, .. } => format!("the model failed{}", code(of)),
            Self::Protocol(_) => "the answer of the model's provider was not understood".to_owned(),
            Self::Config(_) | Self::Transport(_) | Self::Timeout { .. } | Self::Closed => {
                self.to_string()
            }
        }
    }
}

/// What users are told of a refusal that is about what they have said or sent. Providers tell of it
/// by codes, the servers of open models only in words.
fn about_input(message: &str, code: Option<&str>) -> Option<&'static str> {
    const TOO_LONG: [&str; 6] = [
        "context_length_exceeded",
        "string_above_max_length",
        "context length",
        "context window",
        "context size",
        "prompt is too long",
    ];
    const NOT_ALLOWED: [&str; 5] = [
        "content_policy_violation",
        "content_filter",
        "moderation_blocked",
        "content policy",
        "content management policy",
    ];
    let message = message.to_ascii_lowercase();
    let code = code.unwrap_or_default();
    let tells = |words: &[&str]| words.iter().any(|it| code.contains(it) || message.contains(it));
    if tells(&TOO_LONG) {
        Some("The conversation is too long for the model.")
    } else if tells(&NOT_ALLOWED) {
        Some("The model's provider does not allow this content.")
    } else if code.contains("image") {
        Some("The model's provider could not use an image.")
    } else {
        None
    }
}

/// Whether a provider's code is one, and no sentence.
fn is_word(code: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !code.is_empty() && code.len() <= 64 && code.bytes().all(is_part)
}

fn is_quota(code: &Option<String>) -> bool {
    code.as_deref() == Some("insufficient_quota")
}

#[cfg(test)]
mod tests {
    use super::ModelError;

    fn shown(status: u16) -> String {
        let message = "see http://10.0.0.7/account".to_owned();
        ModelError::Status { status, message, code: None, retry_after: None }.user_message()
    }

    #[test]
    fn the_log_has_no_text_of_the_providers() {
        let (text, code) = (|| "you said so".to_owned(), |code: &str| Some(code.to_owned()));
        let status =
            |code| ModelError::Status { status: 400, message: text(), code, retry_after: None };
        for (error, kind, logged) in [
            (
                ModelError::Status { status: 403, message: text(), code: None, retry_after: None },
                "403",
                "the model's provider answered 403: you said so",
            ),
            (status(code("bad_request")), "400", "the model's provider answered 400 (bad_request)"),
            (status(code("you said so")), "400", "the model's provider answered 400"),
            (
                ModelError::Failed { message: text(), code: code("overloaded") },
                "overloaded",
                "the model failed (overloaded)",
            ),
            (
                ModelError::Failed { message: text(), code: code("you said so") },
                "failed",
                "the model failed",
            ),
            (
                ModelError::Protocol(text()),
                "protocol",
                "the answer of the model's provider was not understood",
            ),
        ] {
            assert_eq!((&*error.kind(), &*error.for_log()), (kind, logged));
        }
    }

    #[test]
    fn what_is_the_operators_business_is_not_shown() {
        for status in [301, 307, 400, 401, 402, 403, 404, 407, 413, 422, 429, 500] {
            assert!(!shown(status).contains("10.0.0.7"), "{status}");
        }
        let failed =
            ModelError::Failed { message: "upstream http://10.0.0.7".to_owned(), code: None };
        assert_eq!(failed.user_message(), "The model failed to answer.");
    }

    #[test]
    fn what_users_can_do_something_about_is_said() {
        let too_long = "The conversation is too long for the model.";
        let not_allowed = "The model's provider does not allow this content.";
        let refused = "The model's provider refused the request.";
        for (message, code, expected) in [
            ("no", Some("context_length_exceeded"), too_long),
            ("This model's maximum context length is 4096 tokens.", Some("400"), too_long),
            ("the request exceeds the available context size", None, too_long),
            ("no", Some("content_policy_violation"), not_allowed),
            ("no", Some("image_content_policy_violation"), not_allowed),
            ("Azure OpenAI's content management policy", Some("400"), not_allowed),
            ("no", Some("invalid_image_format"), "The model's provider could not use an image."),
            ("Unsupported parameter: 'top_p'", Some("unsupported_parameter"), refused),
            ("This model cannot read images.", Some("invalid_value"), refused),
        ] {
            let (message, code) = (message.to_owned(), code.map(str::to_owned));
            let failed = ModelError::Failed { message: message.clone(), code: code.clone() };
            let status = ModelError::Status { status: 400, message, code, retry_after: None };
            assert_eq!(status.user_message(), expected);
            if expected != refused {
                assert_eq!(failed.user_message(), expected);
            }
        }
        let failed = |code: &str| {
            ModelError::Failed { message: "no".to_owned(), code: Some(code.to_owned()) }
                .user_message()
        };
        assert!(failed("server_error").starts_with("The model's provider has a problem."));
        assert!(failed("rate_limit_exceeded").starts_with("The model is busy."));
    }
}
