//! A chat: lines in, turns out.

mod attach;
mod threads;
mod turn;

use std::{collections::BTreeMap, future::Future, io};

use chatkit_client::{Client, ClientError};
use chatkit_protocol::{
    Attachment, InferenceOptions, StructuredInputItem, StructuredInputSubmission, SubmissionStatus,
    ThreadId, UserMessageContent, UserMessageInput,
};
use serde_json::json;
use tokio::sync::mpsc;

use self::turn::{Ask, End};
use crate::{
    Outcome,
    command::{self, Command},
    conversation::{Conversation, Pending},
    form,
    input::Input,
    screen::Screen,
    view::View,
};

/// How many turns may follow a message by themselves, since a tool was called.
const MAX_FOLLOWING: usize = 8;
const PROMPT: &str = "> ";

/// A chat.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    screen: Screen,
    view: View,
    conversation: Conversation,
    input: Input,
    interrupts: mpsc::Receiver<()>,
    /// Files that go with the next message.
    attachments: Vec<Attachment>,
    /// The last message, until the server is known to have it.
    unsent: Option<UserMessageInput>,
    /// The threads that were listed last.
    listed: Vec<ThreadId>,
    has_failed: bool,
}

/// A line of the user's, or why there is none.
enum Line {
    Text(String),
    Interrupted,
    End,
}

/// What comes next.
enum Next<T> {
    Interrupted,
    Ready(T),
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
enum Flow {
    GoOn,
    Leave,
}

impl Session {
    pub(crate) fn new(
        client: Client,
        screen: Screen,
        input: Input,
        interrupts: mpsc::Receiver<()>,
    ) -> Self {
        Self {
            client,
            screen,
            view: View::default(),
            conversation: Conversation::default(),
            input,
            interrupts,
            attachments: Vec::new(),
            unsent: None,
            listed: Vec::new(),
            has_failed: false,
        }
    }

    /// Chats until the input ends or the user leaves.
    pub(crate) async fn run(
        mut self,
        thread: Option<ThreadId>,
        resumes_newest: bool,
    ) -> io::Result<Outcome> {
        if self.screen.is_terminal() {
            let url = self.client.url();
            self.screen.note(&format!("{url}: /help lists the commands, /quit leaves"))?;
        }
        let thread = match thread {
            None if resumes_newest => self.newest_thread().await?,
            thread => thread,
        };
        let mut flow = match thread {
            Some(thread) => self.open(thread).await?,
            None => Flow::GoOn,
        };
        while flow == Flow::GoOn {
            flow = match self.next_line(PROMPT).await? {
                Line::Text(line) => self.obey(&line).await?,
                Line::Interrupted | Line::End => Flow::Leave,
            };
        }
        self.screen.end_line()?;
        Ok(if self.has_failed { Outcome::Failed } else { Outcome::Completed })
    }

    async fn obey(&mut self, line: &str) -> io::Result<Flow> {
        let mut line = line.to_owned();
        while line.ends_with('\\') {
            line.pop();
            match self.next_line("… ").await? {
                Line::Text(more) => line = format!("{line}\n{more}"),
                Line::Interrupted => return Ok(Flow::GoOn),
                Line::End => break,
            }
        }
        let Some(command) = command::parse(&line) else { return Ok(Flow::GoOn) };
        match command {
            Command::Say(text) => return self.say(&text).await,
            Command::Retry => return self.retry().await,
            Command::Open(which) => match self.thread_named(&which) {
                Some(thread) => return self.open(thread).await,
                None => self.screen.error(&format!("there is no thread {which} in the list"))?,
            },
            Command::Quit => return Ok(Flow::Leave),
            Command::Help => self.screen.note(command::HELP)?,
            Command::Threads => self.list_threads().await?,
            Command::New => self.begin_anew()?,
            Command::Items => self.show_all_items().await?,
            Command::Attach(path) => self.attach_file(&path).await?,
            Command::Delete => self.delete_thread().await?,
            Command::Wrong(what) => self.screen.error(&what)?,
        }
        Ok(Flow::GoOn)
    }

    async fn say(&mut self, text: &str) -> io::Result<Flow> {
        let attachments = std::mem::take(&mut self.attachments);
        let input = UserMessageInput {
            content: vec![UserMessageContent::text(text)],
            attachments: attachments.into_iter().map(|attachment| attachment.id).collect(),
            quoted_text: None,
            inference_options: InferenceOptions::default(),
        };
        self.unsent = Some(input.clone());
        self.talk(Ask::Say(input)).await
    }

    /// Has the last message answered again, or sends it again if the server never had it.
    async fn retry(&mut self) -> io::Result<Flow> {
        let ask = match (&self.unsent, &self.conversation) {
            (Some(input), _) => Ask::Say(input.clone()),
            (None, Conversation { thread: Some(_), last_user: Some(item), .. }) => {
                // What comes now takes the place of what came then, perhaps by the same ids.
                self.view.forget();
                Ask::Retry(item.clone())
            }
            _ => {
                self.screen.error("there is no message to answer again")?;
                return Ok(Flow::GoOn);
            }
        };
        self.talk(ask).await
    }

    /// A turn, and those that follow from it.
    async fn talk(&mut self, ask: Ask) -> io::Result<Flow> {
        let end = self.turn(ask).await?;
        self.go_on(end).await
    }

    /// Sees to what the thread waits for when a turn has ended.
    async fn go_on(&mut self, mut end: End) -> io::Result<Flow> {
        for _ in 0..MAX_FOLLOWING {
            self.screen.end_line()?;
            let pending = self.conversation.take_pending();
            match end {
                End::Completed => {}
                End::Stopped => return Ok(Flow::GoOn),
                End::Failed => {
                    self.has_failed = true;
                    return Ok(Flow::GoOn);
                }
            }
            let ask = match pending {
                None => return Ok(Flow::GoOn),
                Some(Pending::Tool { name, .. }) => {
                    self.screen.note(&format!(
                        "this client has no tools: the server is told that `{name}` is not available"
                    ))?;
                    Ask::ToolOutput(json!({"error": "not available in a terminal"}))
                }
                Some(Pending::Form(form)) => match self.fill_in(&form).await? {
                    Some(submission) => Ask::Answer(form.id, submission),
                    None => {
                        self.screen.note("the questions stay unanswered")?;
                        return Ok(Flow::GoOn);
                    }
                },
            };
            end = self.turn(ask).await?;
        }
        self.screen.error("the server goes on asking for tools; say something to go on")?;
        self.has_failed = true;
        Ok(Flow::GoOn)
    }

    /// Puts questions to the user. None: the user did not answer them.
    async fn fill_in(
        &mut self,
        item: &StructuredInputItem,
    ) -> io::Result<Option<StructuredInputSubmission>> {
        let mut answers = BTreeMap::new();
        self.screen.note("the assistant asks (/skip skips all of it)")?;
        for input in &item.inputs {
            self.screen.lines(&form::question(input))?;
            loop {
                let line = match self.next_line("answer: ").await? {
                    Line::Text(line) => line,
                    Line::Interrupted | Line::End => return Ok(None),
                };
                if line.trim() == "/skip" {
                    let status = SubmissionStatus::Skipped;
                    return Ok(Some(StructuredInputSubmission {
                        status,
                        answers: BTreeMap::new(),
                    }));
                }
                match form::answer(input, &line) {
                    Ok(answer) => {
                        answers.insert(input.id().to_owned(), answer);
                        break;
                    }
                    Err(expected) => self.screen.error(&expected)?,
                }
            }
        }
        Ok(Some(StructuredInputSubmission { status: SubmissionStatus::Answered, answers }))
    }

    async fn next_line(&mut self, prompt: &str) -> io::Result<Line> {
        // One that came too late for a reply is not meant for the prompt.
        while self.interrupts.try_recv().is_ok() {}
        self.screen.prompt(prompt)?;
        let line = tokio::select! {
            line = self.input.next() => line.map_or(Line::End, Line::Text),
            Some(()) = self.interrupts.recv() => Line::Interrupted,
        };
        if !matches!(line, Line::Text(_)) {
            self.screen.interrupted()?;
        }
        Ok(line)
    }

    /// Waits for an answer that is no turn. None: the user did not want to wait.
    async fn answer<T>(&mut self, asking: impl Future<Output = T>) -> io::Result<Option<T>> {
        match self.unless_interrupted(asking).await {
            Next::Ready(answer) => Ok(Some(answer)),
            Next::Interrupted => {
                self.screen.interrupted()?;
                self.screen.note("not waiting for the server any longer")?;
                Ok(None)
            }
        }
    }

    async fn unless_interrupted<T>(&mut self, what: impl Future<Output = T>) -> Next<T> {
        tokio::select! {
            biased;
            Some(()) = self.interrupts.recv() => Next::Interrupted,
            ready = what => Next::Ready(ready),
        }
    }

    /// Says that something could not be asked for.
    fn failed(&mut self, what: &str, error: &ClientError) -> io::Result<()> {
        self.has_failed = true;
        self.screen.error(&format!("{what}: {error}"))
    }
}
