//! What a stream of a ChatKit server was like, and what is wrong with it.
//!
//! A [`Recording`] holds all that was seen of one exchange, with its times. Everything that is
//! said about it is a pure function of the recording: a list of [`Finding`]s and a few figures.

mod arrivals;
mod crowd;
mod figures;
mod finding;
mod follow_up;
mod numbers;
mod recording;
mod rules;
#[cfg(test)]
mod tape;
mod timing;
mod transport;
mod verdict;
mod words;

pub use crowd::{Member, check_crowd};
pub use figures::{Bucket, Figures, Gaps};
pub use finding::{Finding, Severity};
pub use follow_up::{FollowUp, FollowUpKind};
pub use recording::{End, Frame, FrameKind, Head, Read, Recording};
pub use verdict::{check, check_follow_ups, merge};
