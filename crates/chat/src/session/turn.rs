//! One turn: asked for, followed to its end, stopped, joined again when the connection is lost.

use std::{io, time::Duration};

use chatkit_client::{Client, ClientError, EventStream};
use chatkit_protocol::{
    ErrorCode, ItemId, StructuredInputSubmission, ThreadId, ThreadItem, ThreadStreamEvent,
    UserMessageInput,
};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::{Next, Session};
use crate::clean::one_line;

/// How long a server may take to stop a turn.
const STOPPING: Duration = Duration::from_secs(10);
/// How often a lost turn is looked for, and how long before the second time; then twice as long
/// each time.
const TRIES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// What is said when a server could not be told to stop.
const LEFT: &str = "left: the reply may go on without this client";
/// How much of an event is shown that this client does not know, in characters.
const SHOWN: usize = 120;

/// What to ask the server for.
#[derive(Debug)]
pub(super) enum Ask {
    Say(UserMessageInput),
    Retry(ItemId),
    ToolOutput(Value),
    Answer(ItemId, StructuredInputSubmission),
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Completed,
    Failed,
    Stopped,
}

/// A stream that is followed.
struct Following {
    stream: EventStream,
    /// The id of the last event, if the server gives ids.
    last_id: Option<String>,
    has_failed: bool,
    /// Whether it was joined after a connection was lost.
    was_lost: bool,
    /// How often in a row it was lost.
    tries: u32,
    /// Whether the server has said that it may not be stopped.
    is_unstoppable: bool,
}

/// What became of the way back to a lost turn.
enum Joining {
    Joined,
    Lost,
    /// The user did not want to wait.
    Stopped,
}

impl Session {
    /// Asks for a turn and follows it to its end.
    pub(super) async fn turn(&mut self, ask: Ask) -> io::Result<End> {
        self.screen.status("…")?;
        let client = self.client.clone();
        let thread = self.conversation.thread.clone();
        match self.unless_interrupted(request(&client, thread.as_ref(), &ask)).await {
            Next::Ready(Ok(stream)) => self.follow(stream).await,
            Next::Ready(Err(error)) => {
                let what = format!("{error} (retry with /retry)");
                self.screen.error(&what)?;
                Ok(End::Failed)
            }
            Next::Interrupted => {
                self.screen.interrupted()?;
                if let Some(thread) = thread {
                    // The server may have begun, and would go on for a client that comes back.
                    let _ = timeout(STOPPING, client.stop(&thread)).await;
                }
                self.screen.note("stopped before the server answered")?;
                Ok(End::Stopped)
            }
        }
    }

    /// Joins the turn of the thread that is running, if one is. None: there is none.
    pub(super) async fn join(&mut self, thread: &ThreadId) -> io::Result<Option<End>> {
        let client = self.client.clone();
        let joining = async {
            let mut stream = client.attach(thread, None).await.ok()?;
            let first = stream.next().await.ok()??;
            Some((stream, first))
        };
        let Next::Ready(Some((stream, first))) = self.unless_interrupted(joining).await else {
            return Ok(None);
        };
        if matches!(parse(&first.data), Some(ThreadStreamEvent::Error(_))) {
            return Ok(None);
        }
        self.screen.note("a reply is under way")?;
        let mut following = Following::new(stream);
        self.take(&mut following, first)?;
        self.follow_on(following).await.map(Some)
    }

    async fn follow(&mut self, stream: EventStream) -> io::Result<End> {
        self.follow_on(Following::new(stream)).await
    }

    async fn follow_on(&mut self, mut following: Following) -> io::Result<End> {
        let end = loop {
            let next = self.unless_interrupted(following.stream.next()).await;
            let lost = match next {
                Next::Interrupted => match self.stop(&mut following).await? {
                    Some(end) => break end,
                    None => continue,
                },
                Next::Ready(Ok(Some(event))) => {
                    if following.was_lost && is_over(&event.data) {
                        // It ended while nobody was there: the thread has all of it.
                        let is_read = self.read_again().await?;
                        break if is_read { End::Completed } else { End::Failed };
                    }
                    following.tries = 0;
                    self.take(&mut following, event)?;
                    continue;
                }
                Next::Ready(Ok(None)) if following.has_failed => break End::Failed,
                Next::Ready(Ok(None)) if self.conversation.is_open() => {
                    "the stream ended before the reply".to_owned()
                }
                Next::Ready(Ok(None)) => break End::Completed,
                Next::Ready(Err(_)) if following.has_failed => break End::Failed,
                Next::Ready(Err(error @ ClientError::Broken { .. })) => error.to_string(),
                Next::Ready(Err(error)) => {
                    self.screen.error(&error.to_string())?;
                    break End::Failed;
                }
            };
            match self.resume(&mut following, &lost).await? {
                Joining::Joined => continue,
                Joining::Stopped => break End::Stopped,
                Joining::Lost => {}
            }
            if self.read_again().await? {
                self.screen
                    .note("this is what the server has of the reply; /retry asks for it again")?;
            }
            break End::Failed;
        };
        self.conversation.close();
        self.screen.end_line()?;
        Ok(end)
    }

    /// Takes an event of a stream that is followed.
    fn take(&mut self, following: &mut Following, event: chatkit_client::Event) -> io::Result<()> {
        if let Some(id) = event.id.filter(|id| !id.is_empty()) {
            following.last_id = Some(id);
        }
        let Some(parsed) = parse(&event.data) else {
            let data = one_line(&event.data, SHOWN);
            return self.screen.note(&format!("an event that this client does not know: {data}"));
        };
        match &parsed {
            ThreadStreamEvent::Error(_) => following.has_failed = true,
            ThreadStreamEvent::ThreadItemAdded { item }
            | ThreadStreamEvent::ThreadItemDone { item }
                if matches!(**item, ThreadItem::UserMessage(_)) =>
            {
                self.unsent = None;
            }
            _ => {}
        }
        self.conversation.take(&parsed);
        self.view.show(&parsed, &mut self.screen)
    }

    /// Stops a turn. None: the server does not allow it, and it goes on.
    async fn stop(&mut self, following: &mut Following) -> io::Result<Option<End>> {
        self.screen.interrupted()?;
        let Some(thread) = self.conversation.thread.clone() else {
            self.screen.note("stopped by closing the connection")?;
            return Ok(Some(End::Stopped));
        };
        if following.is_unstoppable {
            self.screen.note(LEFT)?;
            return Ok(Some(End::Stopped));
        }
        let client = self.client.clone();
        let stopping = timeout(STOPPING, client.stop(&thread));
        match self.unless_interrupted(stopping).await {
            Next::Ready(Ok(Ok(_))) => {
                // What was kept of the reply still comes.
                let draining = timeout(STOPPING, self.drain(following)).await;
                draining.unwrap_or(Ok(()))?;
                self.screen.note("stopped")?;
            }
            Next::Ready(Ok(Err(ClientError::Refused { status: 409, message, .. }))) => {
                following.is_unstoppable = true;
                self.screen.note(&format!("{message}; Ctrl-C again leaves it"))?;
                return Ok(None);
            }
            // The server has no such op, and takes a closed connection for it.
            Next::Ready(Ok(Err(error))) if !is_passing(&error) => {
                self.screen.note("stopped by closing the connection")?;
            }
            _ => self.screen.note(LEFT)?,
        }
        Ok(Some(End::Stopped))
    }

    async fn drain(&mut self, following: &mut Following) -> io::Result<()> {
        while let Ok(Some(event)) = following.stream.next().await {
            self.take(following, event)?;
        }
        Ok(())
    }

    /// Joins a lost turn after the last event that was seen.
    async fn resume(&mut self, following: &mut Following, lost: &str) -> io::Result<Joining> {
        self.screen.note(lost)?;
        let (Some(thread), Some(after)) = (&self.conversation.thread, &following.last_id) else {
            return Ok(Joining::Lost);
        };
        let (thread, after) = (thread.clone(), after.clone());
        let client = self.client.clone();
        while following.tries < TRIES {
            self.screen.note("joining the reply again")?;
            let is_patient = self.pause(following.tries).await;
            following.tries += 1;
            let attaching = client.attach(&thread, Some(&after));
            let attached = match is_patient {
                true => self.unless_interrupted(attaching).await,
                false => Next::Interrupted,
            };
            match attached {
                Next::Ready(Ok(stream)) => {
                    following.stream = stream;
                    following.was_lost = true;
                    return Ok(Joining::Joined);
                }
                Next::Ready(Err(error)) if is_passing(&error) => {
                    self.screen.note(&error.to_string())?;
                }
                // The server has no such op.
                Next::Ready(Err(_)) => return Ok(Joining::Lost),
                Next::Interrupted => {
                    self.screen.interrupted()?;
                    let is_stopped = timeout(STOPPING, client.stop(&thread)).await;
                    let note = match is_stopped {
                        Ok(Ok(_)) => "stopped",
                        _ => LEFT,
                    };
                    self.screen.note(note)?;
                    return Ok(Joining::Stopped);
                }
            }
        }
        Ok(Joining::Lost)
    }

    /// Prints what the server has of the turn and was not printed yet; whether it could be read.
    async fn read_again(&mut self) -> io::Result<bool> {
        let Some(thread) = self.conversation.thread.clone() else {
            self.screen.note("there is no thread to read again; /retry sends the message again")?;
            return Ok(false);
        };
        self.screen.note("reading the thread again")?;
        let client = self.client.clone();
        let after = self.conversation.last_user.clone();
        for tries in 0..TRIES {
            if !self.pause(tries).await {
                return Ok(false);
            }
            let reading = super::threads::items_after(&client, &thread, after.as_deref());
            match self.unless_interrupted(reading).await {
                Next::Ready(Ok(items)) => {
                    for item in items {
                        self.conversation.take_item(&item);
                        self.view.show_item(&item, false, &mut self.screen)?;
                    }
                    return Ok(true);
                }
                Next::Ready(Err(error)) => {
                    self.screen.error(&error.to_string())?;
                    if !is_passing(&error) {
                        return Ok(false);
                    }
                }
                Next::Interrupted => return Ok(false),
            }
        }
        Ok(false)
    }

    /// Waits before the next try: not at all before the first one. Whether the user let it.
    async fn pause(&mut self, tries: u32) -> bool {
        let Some(doublings) = tries.checked_sub(1) else { return true };
        let pause = sleep(FIRST_PAUSE * 2_u32.saturating_pow(doublings));
        matches!(self.unless_interrupted(pause).await, Next::Ready(()))
    }
}

impl Following {
    fn new(stream: EventStream) -> Self {
        Self {
            stream,
            last_id: None,
            has_failed: false,
            was_lost: false,
            tries: 0,
            is_unstoppable: false,
        }
    }
}

async fn request(
    client: &Client,
    thread: Option<&ThreadId>,
    ask: &Ask,
) -> Result<EventStream, ClientError> {
    match (ask, thread) {
        (Ask::Say(input), Some(thread)) => client.add_user_message(thread, input).await,
        (Ask::Say(input), None) => client.create_thread(input).await,
        (Ask::Retry(item), Some(thread)) => client.retry_after_item(thread, item).await,
        (Ask::ToolOutput(result), Some(thread)) => {
            client.add_client_tool_output(thread, result).await
        }
        (Ask::Answer(item, input), Some(thread)) => {
            client.add_structured_input(thread, item, input).await
        }
        (_, None) => {
            let reason = "the server never named the thread".to_owned();
            Err(ClientError::Broken { url: client.url(), reason })
        }
    }
}

/// Whether an error may be gone the next time.
fn is_passing(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::NotConnected { .. }
            | ClientError::Broken { .. }
            | ClientError::NotAStream { status: 502..=504, .. }
            | ClientError::Refused { status: 502..=504, .. }
    )
}

/// Whether an event says that the turn to join is over.
fn is_over(data: &str) -> bool {
    matches!(parse(data), Some(ThreadStreamEvent::Error(error)) if error.code == ErrorCode::NOT_RUNNING)
}

fn parse(data: &str) -> Option<ThreadStreamEvent> {
    serde_json::from_str(data).ok()
}
