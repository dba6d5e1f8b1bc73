//! Short calls for the common events.

use std::{fmt, pin::pin, sync::Arc};

use chatkit_protocol::{
    Annotation, AssistantMessageContent, AssistantMessageItem, Icon, ItemId, JsonObject,
    NoticeEvent, NoticeLevel, ThreadItem, ThreadItemUpdate, ThreadMetadata, ThreadStreamEvent,
    Timestamp, WidgetItem, WidgetRoot,
};
use chatkit_widgets::WidgetStream;
use futures_core::Stream;
use futures_util::StreamExt as _;

use super::{RespondError, ThreadHandle, Yielded, queue::Queue};
use crate::{IdKind, Store};

/// Sends the events of a response. Cheap to clone; clones may go to other tasks.
///
/// Events are taken in order and soon, but a call that returned only means that its event waits to
/// be taken: the item may not be in the store yet. Each call waits while too many events wait, and
/// fails once the turn is over.
#[derive(Clone)]
pub struct Emitter {
    thread: ThreadHandle,
    store: Arc<dyn Store>,
    queue: Arc<Queue<Yielded>>,
}

/// The turn is over: nobody listens any more.
#[derive(Debug, thiserror::Error)]
#[error("the turn is over")]
struct TurnOver;

type Sent = Result<(), RespondError>;

impl Emitter {
    pub(super) fn new(
        thread: ThreadHandle,
        store: Arc<dyn Store>,
        queue: Arc<Queue<Yielded>>,
    ) -> Self {
        Self { thread, store, queue }
    }

    /// Sends any event.
    pub async fn send(&self, event: ThreadStreamEvent) -> Sent {
        self.queue.send(Yielded::Event(event)).await.map_err(|_| TurnOver.into())
    }

    /// Sends all events of a stream, until it ends or fails.
    pub async fn forward<E>(
        &self,
        events: impl Stream<Item = Result<ThreadStreamEvent, E>> + Send,
    ) -> Sent
    where
        E: Into<RespondError>,
    {
        let mut events = pin!(events);
        while let Some(event) = events.next().await {
            self.send(event.map_err(Into::into)?).await?;
        }
        Ok(())
    }

    /// Shows what is going on, until the next progress or until output starts. An empty text
    /// clears it.
    pub async fn progress(&self, icon: impl Into<Icon>, text: impl Into<String>) -> Sent {
        self.send(ThreadStreamEvent::progress(Some(icon.into()), text)).await
    }

    /// Sends a whole assistant message.
    pub async fn message(&self, text: impl Into<String>) -> Sent {
        let mut message = self.empty_message();
        message.content.push(AssistantMessageContent::text(text));
        self.item(ThreadItem::AssistantMessage(message)).await
    }

    /// Begins an assistant message that is written piece by piece.
    ///
    /// ```
    /// # use chatkit_server::{Emitter, RespondError};
    /// # async fn respond(events: Emitter) -> Result<(), RespondError> {
    /// let mut reply = events.stream_message().await?;
    /// for word in ["Hello", ", ", "world"] {
    ///     reply.text(word).await?;
    /// }
    /// reply.done().await
    /// # }
    /// ```
    pub async fn stream_message(&self) -> Result<MessageWriter, RespondError> {
        let message = self.empty_message();
        self.send(ThreadStreamEvent::added(ThreadItem::AssistantMessage(message.clone()))).await?;
        let mut writer = MessageWriter { emitter: self.clone(), message };
        writer.next_part().await?;
        Ok(writer)
    }

    /// Sends a finished item of any kind.
    pub async fn item(&self, item: ThreadItem) -> Sent {
        self.send(ThreadStreamEvent::done(item)).await
    }

    /// Sends a finished widget.
    pub async fn widget(&self, root: WidgetRoot) -> Sent {
        self.item(ThreadItem::Widget(self.widget_item(root))).await
    }

    /// Begins a widget that changes while it is shown; only the differences are sent.
    pub async fn stream_widget(&self, root: WidgetRoot) -> Result<WidgetWriter, RespondError> {
        let stream = WidgetStream::new(self.widget_item(root));
        self.send(stream.added()).await?;
        Ok(WidgetWriter { emitter: self.clone(), stream })
    }

    /// Has the page do something, without waiting for it.
    pub async fn effect(&self, name: impl Into<String>, data: JsonObject) -> Sent {
        self.send(ThreadStreamEvent::ClientEffect { name: name.into(), data }).await
    }

    /// Shows a message beside the conversation, Markdown.
    pub async fn notice(&self, level: NoticeLevel, message: impl Into<String>) -> Sent {
        let notice = NoticeEvent { level, message: message.into(), title: None };
        self.send(ThreadStreamEvent::Notice(notice)).await
    }

    /// Changes the thread and lets clients know, after the events sent before.
    pub async fn update_thread(
        &self,
        change: impl FnOnce(&mut ThreadMetadata) + Send + 'static,
    ) -> Sent {
        let change = Yielded::ChangeThread(Box::new(change));
        self.queue.send(change).await.map_err(|_| TurnOver.into())
    }

    /// A new id for an item of the thread.
    pub fn new_item_id(&self, kind: IdKind) -> ItemId {
        self.store.generate_item_id(kind, self.thread.id())
    }

    fn widget_item(&self, widget: WidgetRoot) -> WidgetItem {
        WidgetItem {
            id: self.new_item_id(IdKind::Message),
            thread_id: self.thread.id().clone(),
            created_at: Timestamp::now(),
            widget,
            copy_text: None,
        }
    }

    fn empty_message(&self) -> AssistantMessageItem {
        AssistantMessageItem {
            id: self.new_item_id(IdKind::Message),
            thread_id: self.thread.id().clone(),
            created_at: Timestamp::now(),
            content: Vec::new(),
        }
    }
}

impl fmt::Debug for Emitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emitter").field("thread", self.thread.id()).finish_non_exhaustive()
    }
}

/// An assistant message in the making.
///
/// When the response ends before [`done`](Self::done), in whatever way, what the user saw is kept.
#[derive(Debug)]
#[must_use = "a message is stored when it is done"]
pub struct MessageWriter {
    emitter: Emitter,
    message: AssistantMessageItem,
}

impl MessageWriter {
    /// The message's id.
    pub fn id(&self) -> &ItemId {
        &self.message.id
    }

    /// Appends text to the current part.
    pub async fn text(&mut self, delta: impl Into<String>) -> Sent {
        let delta = delta.into();
        let content_index = self.last_index();
        if let Some(part) = self.message.content.last_mut() {
            part.text.push_str(&delta);
        }
        self.update(ThreadItemUpdate::AssistantMessageContentPartTextDelta { content_index, delta })
            .await
    }

    /// Adds a reference to the current part.
    pub async fn annotation(&mut self, annotation: Annotation) -> Sent {
        let content_index = self.last_index();
        let mut annotation_index = 0;
        if let Some(part) = self.message.content.last_mut() {
            annotation_index = part.annotations.len();
            part.annotations.push(annotation.clone());
        }
        self.update(ThreadItemUpdate::AssistantMessageContentPartAnnotationAdded {
            content_index,
            annotation_index,
            annotation: Box::new(annotation),
        })
        .await
    }

    /// Completes the current part and begins another.
    pub async fn new_part(&mut self) -> Sent {
        self.part_done().await?;
        self.next_part().await
    }

    /// Completes the message, which then is stored.
    pub async fn done(self) -> Sent {
        self.part_done().await?;
        self.emitter.item(ThreadItem::AssistantMessage(self.message)).await
    }

    async fn next_part(&mut self) -> Sent {
        let content_index = self.message.content.len();
        let content = AssistantMessageContent::default();
        self.message.content.push(content.clone());
        self.update(ThreadItemUpdate::AssistantMessageContentPartAdded { content_index, content })
            .await
    }

    async fn part_done(&self) -> Sent {
        let Some(content) = self.message.content.last().cloned() else {
            return Ok(());
        };
        let content_index = self.last_index();
        self.update(ThreadItemUpdate::AssistantMessageContentPartDone { content_index, content })
            .await
    }

    fn last_index(&self) -> usize {
        self.message.content.len().saturating_sub(1)
    }

    async fn update(&self, update: ThreadItemUpdate) -> Sent {
        self.emitter.send(ThreadStreamEvent::updated(self.message.id.clone(), update)).await
    }
}

/// A widget in the making.
///
/// When the response ends before [`done`](Self::done), in whatever way, what the user saw is kept.
#[derive(Debug)]
#[must_use = "a widget is stored when it is done"]
pub struct WidgetWriter {
    emitter: Emitter,
    stream: WidgetStream,
}

impl WidgetWriter {
    /// Shows the widget as it is now; only the differences are sent.
    pub async fn update(&mut self, root: WidgetRoot) -> Sent {
        for event in self.stream.next(root) {
            self.emitter.send(event).await?;
        }
        Ok(())
    }

    /// Completes the widget, which then is stored.
    pub async fn done(self) -> Sent {
        self.emitter.send(self.stream.finish()).await
    }
}
