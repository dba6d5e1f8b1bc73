//! What events and items look like.

mod message;
mod text;
mod widget;

use std::{collections::HashMap, io};

use chatkit_protocol::{
    ErrorEvent, ItemId, NoticeEvent, NoticeLevel, Thread, ThreadItem, ThreadItemUpdate,
    ThreadStreamEvent, WidgetRoot,
};
use chatkit_widgets::apply_widget_update;

use self::message::Message;
use crate::screen::Screen;

/// How much of a client effect's data is shown, in characters.
const MAX_DATA: usize = 200;

/// Prints events as they come. What was printed is not printed again, however often it comes.
#[derive(Debug, Default)]
pub(crate) struct View {
    items: HashMap<ItemId, Seen>,
    /// The item whose text the output's line has.
    speaking: Option<ItemId>,
    title: Option<String>,
}

/// What is known of an item.
#[derive(Debug)]
enum Seen {
    Message(Message),
    Widget(WidgetRoot),
    /// Printed as a whole.
    Done,
}

impl View {
    /// Prints what an event says.
    pub(crate) fn show(&mut self, event: &ThreadStreamEvent, to: &mut Screen) -> io::Result<()> {
        match event {
            ThreadStreamEvent::ThreadCreated { thread } => {
                to.note(&format!("thread {}", thread.id))?;
                self.show_title(thread, to)
            }
            ThreadStreamEvent::ThreadUpdated { thread } => self.show_title(thread, to),
            ThreadStreamEvent::ThreadItemAdded { item } => self.add(item, to),
            ThreadStreamEvent::ThreadItemUpdated { item_id, update } => {
                self.update(item_id, update, to)
            }
            ThreadStreamEvent::ThreadItemDone { item } => self.show_item(item, false, to),
            ThreadStreamEvent::ThreadItemReplaced { item } => {
                if matches!(self.items.get(item.id()), Some(Seen::Done)) {
                    self.items.remove(item.id());
                }
                self.show_item(item, false, to)
            }
            ThreadStreamEvent::ThreadItemRemoved { item_id } => match self.items.remove(item_id) {
                Some(Seen::Done) => to.note("the server took an item back"),
                Some(Seen::Message(message)) if message.has_printed() => {
                    to.end_line()?;
                    to.note("the server took this message back")
                }
                _ => to.status(""),
            },
            ThreadStreamEvent::ProgressUpdate { text, .. } => show_progress(text, to),
            ThreadStreamEvent::ClientEffect { name, data } => {
                let data: String = serde_json::to_string(data)
                    .unwrap_or_default()
                    .chars()
                    .take(MAX_DATA)
                    .collect();
                to.note(&format!("the page is asked to do `{name}`: {data}"))
            }
            ThreadStreamEvent::Error(error) => to.error(&error_text(error)),
            ThreadStreamEvent::Notice(notice) => to.note(&notice_text(notice)),
            _ => Ok(()),
        }
    }

    /// Prints an item that is done; those of the user only as history, since who wrote them knows.
    pub(crate) fn show_item(
        &mut self,
        item: &ThreadItem,
        is_history: bool,
        to: &mut Screen,
    ) -> io::Result<()> {
        let seen = self.items.insert(item.id().clone(), Seen::Done);
        if matches!(seen, Some(Seen::Done)) {
            return Ok(());
        }
        match item {
            ThreadItem::UserMessage(message) if is_history => to.said(&text::user(message)),
            ThreadItem::UserMessage(_) => Ok(()),
            ThreadItem::AssistantMessage(done) => {
                let message = match seen {
                    Some(Seen::Message(message)) => message,
                    _ => Message::default(),
                };
                if message.has_printed() && self.speaking.as_ref() != Some(item.id()) {
                    to.end_line()?;
                }
                self.speaking = None;
                message.finish(&done.content, to)
            }
            ThreadItem::Widget(widget) => {
                let text = widget::text(&widget.widget);
                if text.is_empty() { to.note("an empty widget") } else { to.lines(&text) }
            }
            item => match text::item(item, is_history) {
                Some(text) => to.lines(&text),
                None => to.status(""),
            },
        }
    }

    /// Forgets what was printed, so that it is printed again.
    pub(crate) fn forget(&mut self) {
        self.items.clear();
        self.speaking = None;
    }

    fn add(&mut self, item: &ThreadItem, to: &mut Screen) -> io::Result<()> {
        match (self.items.get_mut(item.id()), item) {
            (Some(Seen::Done), _) => Ok(()),
            // It comes from its beginning once more.
            (Some(Seen::Message(message)), ThreadItem::AssistantMessage(item)) => {
                message.restart(&item.content);
                Ok(())
            }
            (_, ThreadItem::AssistantMessage(item)) => {
                let mut message = Message::default();
                message.restart(&item.content);
                self.speak(&item.id, to)?;
                message.print(to)?;
                self.items.insert(item.id.clone(), Seen::Message(message));
                Ok(())
            }
            (_, ThreadItem::Widget(item)) => {
                self.items.insert(item.id.clone(), Seen::Widget(item.widget.clone()));
                to.status("a widget is coming")
            }
            (_, ThreadItem::Workflow(item)) => to.status(&text::workflow_now(&item.workflow)),
            (_, ThreadItem::GeneratedImage(_)) => to.status("an image is coming"),
            _ => Ok(()),
        }
    }

    fn update(
        &mut self,
        id: &ItemId,
        update: &ThreadItemUpdate,
        to: &mut Screen,
    ) -> io::Result<()> {
        match (self.items.get_mut(id), update) {
            (Some(Seen::Done), _) => Ok(()),
            (Some(Seen::Message(message)), update) => {
                message.apply(update);
                if !message.has_more() {
                    return Ok(());
                }
                self.speak(id, to)?;
                match self.items.get_mut(id) {
                    Some(Seen::Message(message)) => message.print(to),
                    _ => Ok(()),
                }
            }
            (Some(Seen::Widget(widget)), update) => {
                apply_widget_update(widget, update);
                // A large widget is not written out for each of its updates if nobody sees it.
                if to.is_terminal() { to.status(&widget::text(widget)) } else { Ok(()) }
            }
            (
                _,
                ThreadItemUpdate::WorkflowTaskAdded { task, .. }
                | ThreadItemUpdate::WorkflowTaskUpdated { task, .. },
            ) => to.status(&text::task_now(task)),
            (_, ThreadItemUpdate::GeneratedImageUpdated { progress, .. }) => match progress {
                // No progress is a number that anybody could mind rounded.
                Some(progress) => to.status(&format!("an image: {:.0} %", progress * 100.0)),
                None => to.status("an image is coming"),
            },
            _ => Ok(()),
        }
    }

    /// A text begins a line of its own, unless it goes on where the output stands.
    fn speak(&mut self, id: &ItemId, to: &mut Screen) -> io::Result<()> {
        if self.speaking.as_ref() != Some(id) {
            to.end_line()?;
            self.speaking = Some(id.clone());
        }
        Ok(())
    }

    fn show_title(&mut self, thread: &Thread, to: &mut Screen) -> io::Result<()> {
        if thread.title.is_none() || thread.title == self.title {
            return Ok(());
        }
        self.title.clone_from(&thread.title);
        to.note(&format!("title: {}", thread.title.as_deref().unwrap_or_default()))
    }
}

/// A terminal shows the last progress only, in a line that is replaced.
fn show_progress(text: &str, to: &mut Screen) -> io::Result<()> {
    if to.is_terminal() || text.is_empty() { to.status(text) } else { to.note(text) }
}

fn error_text(error: &ErrorEvent) -> String {
    let mut text = match &error.message {
        Some(message) if !message.is_empty() => message.clone(),
        _ => format!("the reply failed ({})", error.code.as_str()),
    };
    if error.allow_retry {
        text.push_str(" (retry with /retry)");
    }
    text
}

fn notice_text(notice: &NoticeEvent) -> String {
    let level = match notice.level {
        NoticeLevel::Info => "notice",
        NoticeLevel::Warning => "warning",
        NoticeLevel::Danger => "danger",
    };
    match &notice.title {
        Some(title) => format!("{level}: {title}: {}", notice.message),
        None => format!("{level}: {}", notice.message),
    }
}

#[cfg(test)]
mod tests;
