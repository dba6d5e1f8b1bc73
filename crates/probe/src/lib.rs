//! What a stream of a ChatKit server was like, and what is wrong with it.
//!
//! A [`Recording`] holds all that was seen of one exchange, with its times. Everything that is
//! said about it is a pure function of the recording: a list of [`Finding`]s and a few figures.

mod finding;
mod follow_up;
mod recording;
#[expect(dead_code, reason = "called with the verdict")]
mod rules;

pub use finding::{Finding, Severity};
pub use follow_up::{FollowUp, FollowUpKind};
pub use recording::{End, Frame, FrameKind, Head, Read, Recording};
