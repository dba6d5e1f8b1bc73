//! Threads: listed, opened, shown, deleted.

use std::io;

use chatkit_client::{Client, ClientError};
use chatkit_protocol::{Order, Page, ThreadId, ThreadItem};
use serde_json::Value;

use super::{Flow, Line, Session, turn::End};
use crate::{
    clean::one_line,
    conversation::{Conversation, Pending},
    view::View,
};

/// How many threads are listed.
const LISTED: u64 = 20;
/// How many items are shown of a thread that is opened.
const OPENED: u64 = 30;
/// How many items a page has.
const PAGE: u64 = 200;
/// The longest title that is shown, in characters.
const TITLE: usize = 60;

impl Session {
    pub(super) async fn list_threads(&mut self) -> io::Result<()> {
        let client = self.client.clone();
        let page = match self.answer(client.list_threads(LISTED, None)).await? {
            Some(Ok(page)) => page,
            Some(Err(error)) => return self.failed("the threads could not be listed", &error),
            None => return Ok(()),
        };
        self.listed.clear();
        let mut lines = Vec::new();
        for thread in &page.data {
            let Some(id) = thread["id"].as_str() else { continue };
            self.listed.push(id.into());
            let title = one_line(thread["title"].as_str().unwrap_or("(no title)"), TITLE);
            let date = one_line(thread["created_at"].as_str().unwrap_or_default(), TITLE);
            lines.push(format!("{:>3}  {title}  {date}  {id}", self.listed.len()));
        }
        if lines.is_empty() {
            return self.screen.note("there are no threads");
        }
        self.screen.lines(&lines.join("\n"))
    }

    /// A thread by its number in the list or its id.
    pub(super) fn thread_named(&self, name: &str) -> Option<ThreadId> {
        match name.parse::<usize>() {
            Ok(number) => self.listed.get(number.checked_sub(1)?).cloned(),
            Err(_) => Some(name.into()),
        }
    }

    pub(super) async fn newest_thread(&mut self) -> io::Result<Option<ThreadId>> {
        let client = self.client.clone();
        match self.answer(client.list_threads(1, None)).await? {
            None => Ok(None),
            Some(Ok(page)) => {
                let newest = page.data.first().and_then(|thread| thread["id"].as_str());
                if newest.is_none() {
                    self.screen.note("there is no thread to go on with: this is a new one")?;
                }
                Ok(newest.map(ThreadId::from))
            }
            Some(Err(error)) => {
                self.failed("the threads could not be listed", &error)?;
                Ok(None)
            }
        }
    }

    pub(super) fn begin_anew(&mut self) -> io::Result<()> {
        self.leave_thread();
        self.screen.note("the next message begins a new thread")
    }

    /// Goes on with a thread: shows its newest items and joins its turn, if one runs.
    pub(super) async fn open(&mut self, thread: ThreadId) -> io::Result<Flow> {
        let client = self.client.clone();
        let asking = client.list_items(&thread, OPENED, Order::Desc, None);
        let page = match self.answer(asking).await? {
            None => return Ok(Flow::GoOn),
            Some(Ok(page)) => page,
            Some(Err(error)) => {
                self.failed("the thread could not be opened", &error)?;
                return Ok(Flow::GoOn);
            }
        };
        self.leave_thread();
        self.conversation.thread = Some(thread.clone());
        self.screen.note(&format!("thread {thread}"))?;
        if page.has_more {
            self.screen.note("the newest items; /items shows all")?;
        }
        let mut items = known_items(page.data);
        items.reverse();
        let is_user = |item: &ThreadItem| matches!(item, ThreadItem::UserMessage(_));
        let last_user = items.iter().rposition(is_user);
        // If a turn runs, joining it shows what follows the message that it answers.
        let told = items.split_off(last_user.map_or(0, |at| at + 1));
        self.show(&items)?;
        if let Some(end) = self.join(&thread).await? {
            return self.go_on(end).await;
        }
        self.show(&told)?;
        self.see_to_questions().await
    }

    pub(super) async fn show_all_items(&mut self) -> io::Result<()> {
        let Some(thread) = self.conversation.thread.clone() else {
            return self.screen.note("there is no thread yet");
        };
        let client = self.client.clone();
        match self.answer(items_after(&client, &thread, None)).await? {
            None => Ok(()),
            Some(Ok(items)) => {
                self.view.forget();
                for item in &items {
                    self.view.show_item(item, true, &mut self.screen)?;
                }
                Ok(())
            }
            Some(Err(error)) => self.failed("the items could not be listed", &error),
        }
    }

    pub(super) async fn delete_thread(&mut self) -> io::Result<()> {
        let Some(thread) = self.conversation.thread.clone() else {
            return self.screen.note("there is no thread yet");
        };
        if self.screen.is_terminal() {
            self.screen.note(&format!("this deletes {thread} for ever"))?;
            match self.next_line("delete it? (y/n) ").await? {
                Line::Text(line) if line.trim().eq_ignore_ascii_case("y") => {}
                _ => return self.screen.note("nothing was deleted"),
            }
        }
        let client = self.client.clone();
        match self.answer(client.delete_thread(&thread)).await? {
            None => Ok(()),
            Some(Ok(())) => {
                self.leave_thread();
                self.screen.note(&format!("{thread} is deleted"))
            }
            Some(Err(error)) => self.failed("the thread could not be deleted", &error),
        }
    }

    /// Puts questions that a thread waited for when it was opened. A tool that it waits for is that
    /// of another client.
    async fn see_to_questions(&mut self) -> io::Result<Flow> {
        match self.conversation.take_pending() {
            None => Ok(Flow::GoOn),
            Some(Pending::Tool { name, .. }) => {
                self.screen.note(&format!("the thread waits for `{name}` of another client"))?;
                Ok(Flow::GoOn)
            }
            Some(pending @ Pending::Form(_)) => {
                self.conversation.restore(pending);
                self.go_on(End::Completed).await
            }
        }
    }

    fn show(&mut self, items: &[ThreadItem]) -> io::Result<()> {
        for item in items {
            self.conversation.take_item(item);
            // Questions that wait are put later.
            self.view.show_item(item, !item.is_pending(), &mut self.screen)?;
        }
        Ok(())
    }

    fn leave_thread(&mut self) {
        self.conversation = Conversation::default();
        self.view = View::default();
        self.unsent = None;
    }
}

/// All items of a thread that follow one, oldest first.
pub(super) async fn items_after(
    client: &Client,
    thread: &ThreadId,
    after: Option<&str>,
) -> Result<Vec<ThreadItem>, ClientError> {
    let mut items = Vec::new();
    let mut after = after.map(str::to_owned);
    loop {
        let Page { data, has_more, .. } =
            client.list_items(thread, PAGE, Order::Asc, after.as_deref()).await?;
        let last = data.last().and_then(|item| item["id"].as_str()).map(str::to_owned);
        items.extend(known_items(data));
        // A page that leads nowhere is the last, whatever the server says.
        if !has_more || last.is_none() || last == after {
            return Ok(items);
        }
        after = last;
    }
}

/// The items of a page that this client knows.
fn known_items(items: Vec<Value>) -> Vec<ThreadItem> {
    items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect()
}
