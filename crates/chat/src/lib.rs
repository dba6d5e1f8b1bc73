//! A chat with any ChatKit server in a terminal, or through pipes.
//!
//! [`run`] reads lines from the standard input and prints what the server streams as it comes. The
//! standard output has the conversation; when it is no terminal, everything about it (progress,
//! notices, errors) goes to the standard error output.

mod clean;
mod command;
mod conversation;
mod form;
mod input;
mod screen;
mod session;
mod view;

use std::io::{self, IsTerminal as _};

use chatkit_client::Client;
use chatkit_protocol::ThreadId;
use tokio::sync::mpsc;

use crate::{input::Input, screen::Screen, session::Session};

/// What to chat with.
#[derive(Debug)]
pub struct Options {
    /// The server.
    pub client: Client,
    /// The thread to go on with.
    pub thread: Option<ThreadId>,
    /// Goes on with the newest thread, if none is named.
    pub resumes_newest: bool,
}

/// How a chat went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Each turn came to its end or was stopped by the user.
    Completed,
    /// A turn ended with an error, or could not be asked for.
    Failed,
}

/// Why a chat ended before its time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChatError {
    /// Nothing more can be printed.
    #[error("the output is closed: {0}")]
    Output(#[from] io::Error),
}

/// Chats until the input ends or the user leaves.
///
/// # Errors
///
/// [`ChatError::Output`].
pub async fn run(options: Options) -> Result<Outcome, ChatError> {
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let screen = Screen::standard(is_terminal);
    let input = Input::of(io::stdin());
    let session = Session::new(options.client, screen, input, interrupts());
    Ok(session.run(options.thread, options.resumes_newest).await?)
}

/// A message for each Ctrl-C.
fn interrupts() -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            // One that is not taken yet means the same.
            if let Err(mpsc::error::TrySendError::Closed(())) = sender.try_send(()) {
                break;
            }
        }
    });
    receiver
}
