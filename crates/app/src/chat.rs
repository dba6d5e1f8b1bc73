//! `chatkit chat`.

use std::{error::Error, process::ExitCode};

use chatkit_chat::Outcome;

use crate::cli::ChatArgs;

/// Chats until the user leaves. The exit code says whether each turn came to its end.
pub(crate) async fn chat(args: ChatArgs) -> Result<ExitCode, Box<dyn Error>> {
    match chatkit_chat::run(args.into_options()?).await? {
        Outcome::Completed => Ok(ExitCode::SUCCESS),
        Outcome::Failed => Ok(ExitCode::FAILURE),
    }
}
