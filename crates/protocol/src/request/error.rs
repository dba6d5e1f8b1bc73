//! Why a request was refused.

use std::fmt;

use super::Op;

/// A request that does not follow the protocol.
///
/// Its text names the field and what was expected there, fit to be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError {
    /// The op, when the request named one: a streaming op is answered with an error event even
    /// when its parameters are wrong.
    pub op: Option<Op>,
    /// What is wrong.
    pub kind: RequestErrorKind,
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestErrorKind {
    /// The body is not JSON.
    NotJson {
        /// What the parser met, and where.
        problem: String,
    },
    /// The `type` names no op.
    UnknownType {
        /// What was found instead, as JSON.
        found: String,
    },
    /// A field is missing or wrong.
    Field {
        /// The path to the field, for example `params.input.content[0].text`.
        field: String,
        /// What was expected.
        problem: String,
    },
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            RequestErrorKind::NotJson { problem } => {
                write!(f, "body: expected a JSON object: {problem}")
            }
            RequestErrorKind::UnknownType { found } => {
                write!(
                    f,
                    "type: expected the name of an op such as `threads.create`, found {found}"
                )
            }
            RequestErrorKind::Field { field, problem } => write!(f, "{field}: {problem}"),
        }
    }
}

impl std::error::Error for RequestError {}
