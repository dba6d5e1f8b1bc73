//! What a stream of a ChatKit server was like, and what is wrong with it.
//!
//! A [`Recording`] holds all that was seen of one exchange, with its times. Everything that is
//! said about it is a pure function of the recording: a list of [`Finding`]s and a few figures.

mod arrivals;
mod crowd;
mod figures;
mod finding;
mod follow_up;
mod live;
mod numbers;
mod recording;
mod report;
mod rules;
mod run;
#[cfg(test)]
mod tape;
pub mod terminal;
mod timing;
mod transport;
mod verdict;
mod words;

pub use crowd::{Member, check_crowd};
pub use figures::{Bucket, Figures, Gaps};
pub use finding::{Finding, Severity};
pub use follow_up::{FollowUp, FollowUpKind};
pub use live::Live;
pub use recording::{End, Frame, FrameKind, Head, Read, Recording};
pub use report::{Report, Spread, Style, Summary};
pub use run::{
    Limits, Outcome, Plan, Round, Stop, Stream, client, create_thread, is_streaming, run,
};
pub use verdict::{check, check_follow_ups, merge};
