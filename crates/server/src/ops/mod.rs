//! What each op does.

mod error;
mod json;
mod start;

pub use error::{OpError, OpErrorKind};
pub(crate) use json::answer;
pub(crate) use start::{Start, check, start};
