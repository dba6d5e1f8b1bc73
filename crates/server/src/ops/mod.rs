//! What each op does.

mod attach;
mod error;
mod items;
mod json;
mod start;

pub(crate) use attach::attach;

pub use error::{OpError, OpErrorKind};
pub(crate) use json::answer;
pub(crate) use start::{Start, check, start};
