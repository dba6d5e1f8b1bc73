//! `chatkit chat`.

use chatkit_chat::Options;
use chatkit_client::{Client, ClientError, Header};
use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "In the chat, /help lists the commands. Ctrl-C stops a reply, and ends the chat at the \
                  prompt."
)]
pub(crate) struct ChatArgs {
    /// The server: `http(s)://HOST[:PORT][/PATH]`; without a path, `/chatkit`
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8000")]
    url: String,

    /// The thread to go on with [default: a new one]
    #[arg(long, value_name = "ID", conflicts_with = "resume")]
    thread: Option<String>,

    /// Go on with the newest thread
    #[arg(long)]
    resume: bool,

    /// A header to send with each request, such as `Authorization: Bearer …`; repeatable
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<Header>,
}

impl ChatArgs {
    /// What to chat with.
    ///
    /// # Errors
    ///
    /// When the URL or a header cannot be used.
    pub(crate) fn into_options(self) -> Result<Options, ClientError> {
        let client = Client::builder(&self.url);
        let headers = self.header.into_iter();
        let client =
            headers.fold(client, |client, Header { name, value }| client.header(name, value));
        Ok(Options {
            client: client.build()?,
            thread: self.thread.map(Into::into),
            resumes_newest: self.resume,
        })
    }
}
