//! What a stream of a ChatKit server was like, and what is wrong with it.
//!
//! [`run`](run()) makes the exchanges that a [`Plan`] asks for, and gives a [`Recording`] of each:
//! all that was seen of it, with its times. Everything that is said about them is a pure function
//! of the recordings: [`Figures`], and a list of [`Finding`]s, each with what was seen, why it
//! matters and what to change. A [`Report`] is all of it, for people or as JSON.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use chatkit_probe::{Limits, Live, Plan, Report, Stop, Style, client, create_thread, run};
//!
//! # async fn probe() -> Result<(), chatkit_client::ClientError> {
//! let client = client("http://localhost:8000", &[])?;
//! let plan = Plan {
//!     request: create_thread("Hello!"),
//!     rounds: 1,
//!     concurrency: 1,
//!     limits: Limits { silence: Duration::from_secs(60), total: Duration::from_secs(600) },
//!     follow_up: true,
//!     keep: false,
//! };
//! let outcome = run(&client, &plan, &Live::new(), &Stop::new()).await;
//! print!("{}", Report::new(&client.url(), &plan, &outcome).text(Style::plain()));
//! # Ok(())
//! # }
//! ```

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

pub use figures::{Bucket, Figures, Gaps};
pub use finding::{Finding, Severity};
pub use follow_up::{FollowUp, FollowUpKind};
pub use live::Live;
pub use recording::{End, Frame, FrameKind, Head, Read, Recording};
pub use report::{Report, Spread, Style, Summary};
pub use run::{
    Limits, Outcome, Plan, Round, Stop, Stream, client, create_thread, is_streaming, run,
};
pub use verdict::{check, check_follow_ups};
