//! The conversion, one method per kind of item.

use async_trait::async_trait;
use chatkit_protocol::{
    AssistantMessageItem, Attachment, ClientToolCallItem, ClientToolCallStatus, EndOfTurnItem,
    GeneratedImageItem, HiddenContextItem, SdkHiddenContextItem, StructuredInputItem, TaskItem,
    ThreadItem, UserMessageContent, UserMessageItem, UserMessageTag, WidgetItem, WorkflowItem,
};
use chatkit_server::StoreError;
use serde_json::Value;

use super::{
    AttachmentRoom, DefaultConverter,
    budget::{Filling, turns},
    repair_pairs, texts,
};
use crate::model::{FunctionCall, FunctionCallOutput, InputContent, InputItem, InputMessage, Role};

/// Converts the items of a thread to what a model reads.
///
/// The defaults give the model the same texts as the reference's `ThreadItemConverter`, and more
/// where that has none: tags and attachments are converted too. JSON inside texts is compact and
/// its fields are in the order of their names.
///
/// A converter of one's own overrides methods and keeps the rest, with a [`DefaultConverter`] for
/// attachments and the token budget:
///
/// ```
/// use chatkit_agents::{
///     ConvertError, DefaultConverter, ThreadItemConverter,
///     model::{InputItem, Role},
/// };
/// use chatkit_server::{async_trait, protocol::WidgetItem};
///
/// struct Converter {
///     base: DefaultConverter,
/// }
///
/// #[async_trait]
/// impl ThreadItemConverter for Converter {
///     fn base(&self) -> &DefaultConverter {
///         &self.base
///     }
///
///     async fn widget_to_input(&self, item: &WidgetItem) -> Result<Vec<InputItem>, ConvertError> {
///         let seen = item.copy_text.as_deref().unwrap_or("a widget");
///         Ok(vec![InputItem::text(Role::Developer, format!("The user was shown: {seen}"))])
///     }
/// }
/// ```
#[async_trait]
pub trait ThreadItemConverter: Send + Sync {
    /// Where the defaults get their options from: attachments, limits, the token budget. Without
    /// an override there are none.
    fn base(&self) -> &DefaultConverter {
        DefaultConverter::plain()
    }

    /// Converts items, oldest first.
    ///
    /// With a [token budget](DefaultConverter::token_budget) the oldest turns that it does not hold
    /// are left out whole, and so are tool calls without their output. Turns are converted newest
    /// first, so that nothing is read for those that are left out.
    ///
    /// # Errors
    ///
    /// None by default; what an overridden method fails with.
    async fn to_agent_input(&self, items: &[ThreadItem]) -> Result<Vec<InputItem>, ConvertError> {
        let mut filling = Filling::new(self.base());
        let mut is_newest = true;
        for turn in turns(items).rev() {
            let converted = convert(self, turn, is_newest, filling.room()).await?;
            is_newest = false;
            if !filling.add(converted) {
                break;
            }
        }
        let mut input = filling.finish();
        if self.base().budget().is_some() {
            repair_pairs(&mut input);
        }
        Ok(input)
    }

    /// A message of the user's: its text with tags as `@text` and its attachments, then the quoted
    /// text, then what the tags stand for. As in the reference, quoted text only counts in the last
    /// of all items, whatever their kind.
    async fn user_message_to_input(
        &self,
        item: &UserMessageItem,
        is_last_message: bool,
        room: &mut AttachmentRoom,
    ) -> Result<Vec<InputItem>, ConvertError> {
        let mut content = vec![InputContent::Text(texts::user_text(item))];
        for attachment in &item.attachments {
            content.push(self.attachment_to_message_content(attachment, room).await?);
        }
        let mut input = vec![user_message(content)];
        if let Some(quoted) = item.quoted_text.as_deref().filter(|quoted| !quoted.is_empty())
            && is_last_message
        {
            input.push(InputItem::user(texts::quoted(quoted)));
        }
        let tags = mentioned(item);
        if !tags.is_empty() {
            let mut content = vec![InputContent::Text(texts::MENTIONS.to_owned())];
            for tag in tags {
                content.push(self.tag_to_message_content(tag).await?);
            }
            input.push(user_message(content));
        }
        Ok(input)
    }

    /// A message of the assistant's, without its annotations. One without any part is left out.
    async fn assistant_message_to_input(
        &self,
        item: &AssistantMessageItem,
    ) -> Result<Vec<InputItem>, ConvertError> {
        let content: Vec<_> =
            item.content.iter().map(|part| InputContent::Text(part.text.clone())).collect();
        if content.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![InputItem::Message(InputMessage { role: Role::Assistant, content })])
    }

    /// A client tool's call and its output, as JSON. A call that still waits for its output is left
    /// out.
    async fn client_tool_call_to_input(
        &self,
        item: &ClientToolCallItem,
    ) -> Result<Vec<InputItem>, ConvertError> {
        if item.status == ClientToolCallStatus::Pending {
            return Ok(Vec::new());
        }
        let call = FunctionCall {
            call_id: item.call_id.clone(),
            name: item.name.clone(),
            arguments: texts::json(&item.arguments),
        };
        let output = FunctionCallOutput {
            call_id: item.call_id.clone(),
            output: texts::json(item.output.as_ref().unwrap_or(&Value::Null)),
        };
        Ok(vec![InputItem::FunctionCall(call), InputItem::FunctionCallOutput(output)])
    }

    /// A widget, as its JSON.
    async fn widget_to_input(&self, item: &WidgetItem) -> Result<Vec<InputItem>, ConvertError> {
        Ok(vec![InputItem::user(texts::widget(item))])
    }

    /// A workflow: its custom tasks, one message each.
    async fn workflow_to_input(&self, item: &WorkflowItem) -> Result<Vec<InputItem>, ConvertError> {
        Ok(item.workflow.tasks.iter().filter_map(texts::task).map(InputItem::user).collect())
    }

    /// A task, if it is a custom one with a title or content.
    async fn task_to_input(&self, item: &TaskItem) -> Result<Vec<InputItem>, ConvertError> {
        Ok(texts::task(&item.task).map(InputItem::user).into_iter().collect())
    }

    /// Questions to the user, with the answers.
    async fn structured_input_to_input(
        &self,
        item: &StructuredInputItem,
    ) -> Result<Vec<InputItem>, ConvertError> {
        Ok(vec![InputItem::user(texts::structured_input(item))])
    }

    /// An image that the assistant made: by its address or, when the attachment store keeps it, by
    /// its bytes, as the address need not be one that a provider can reach.
    async fn generated_image_to_input(
        &self,
        item: &GeneratedImageItem,
        room: &mut AttachmentRoom,
    ) -> Result<Vec<InputItem>, ConvertError> {
        let Some(image) = &item.image else { return Ok(Vec::new()) };
        let Some(url) = self.base().generated_image(&image.url, room).await else {
            return Ok(vec![InputItem::user(texts::GENERATED_IMAGE_LEFT_OUT)]);
        };
        Ok(vec![user_message(vec![
            InputContent::Text(texts::GENERATED_IMAGE.to_owned()),
            InputContent::Image { url, detail: Some("auto".to_owned()) },
        ])])
    }

    /// Context that the application keeps for the model: a string as it is, anything else as JSON.
    async fn hidden_context_to_input(
        &self,
        item: &HiddenContextItem,
    ) -> Result<Vec<InputItem>, ConvertError> {
        Ok(vec![InputItem::user(match &item.content {
            Value::String(content) => texts::hidden_context(content),
            content => texts::hidden_context(&texts::json(content)),
        })])
    }

    /// Context that the server keeps for the model.
    async fn sdk_hidden_context_to_input(
        &self,
        item: &SdkHiddenContextItem,
    ) -> Result<Vec<InputItem>, ConvertError> {
        Ok(vec![InputItem::user(texts::hidden_context(&item.content))])
    }

    /// The end of the assistant's turn, which the model is not told of.
    async fn end_of_turn_to_input(
        &self,
        item: &EndOfTurnItem,
    ) -> Result<Vec<InputItem>, ConvertError> {
        let _ = item;
        Ok(Vec::new())
    }

    /// An attachment of a user message: an image or a file with its bytes, the text of a text file,
    /// or a note that says why the model cannot have it. See [`DefaultConverter::attachments`].
    ///
    /// `room` is what all attachments of the conversation may still take. The newest messages are
    /// converted first.
    async fn attachment_to_message_content(
        &self,
        attachment: &Attachment,
        room: &mut AttachmentRoom,
    ) -> Result<InputContent, ConvertError> {
        Ok(self.base().attachment(attachment, room).await)
    }

    /// What a tag stands for: its text, id, group and data, as JSON. Asked for once per text.
    async fn tag_to_message_content(
        &self,
        tag: &UserMessageTag,
    ) -> Result<InputContent, ConvertError> {
        Ok(InputContent::Text(texts::tag(tag)))
    }
}

/// Why a thread was not converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The thread's items could not be loaded.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A converter of the application's failed.
    #[error("an item could not be converted for the model: {0}")]
    Application(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ConvertError {
    /// A failure of the application's.
    pub fn application(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Application(error.into())
    }
}

/// Converts items, newest first, and returns what came of them oldest first.
pub(super) async fn convert<T: ThreadItemConverter + ?Sized>(
    converter: &T,
    items: &[ThreadItem],
    is_newest: bool,
    room: &mut AttachmentRoom,
) -> Result<Vec<InputItem>, ConvertError> {
    let mut input = Vec::with_capacity(items.len());
    let mut is_last = is_newest;
    for item in items.iter().rev() {
        input.extend(convert_item(converter, item, is_last, room).await?.into_iter().rev());
        is_last = false;
    }
    input.reverse();
    Ok(input)
}

async fn convert_item<T: ThreadItemConverter + ?Sized>(
    converter: &T,
    item: &ThreadItem,
    is_last: bool,
    room: &mut AttachmentRoom,
) -> Result<Vec<InputItem>, ConvertError> {
    match item {
        ThreadItem::UserMessage(item) => converter.user_message_to_input(item, is_last, room).await,
        ThreadItem::AssistantMessage(item) => converter.assistant_message_to_input(item).await,
        ThreadItem::ClientToolCall(item) => converter.client_tool_call_to_input(item).await,
        ThreadItem::Widget(item) => converter.widget_to_input(item).await,
        ThreadItem::GeneratedImage(item) => converter.generated_image_to_input(item, room).await,
        ThreadItem::StructuredInput(item) => converter.structured_input_to_input(item).await,
        ThreadItem::Workflow(item) => converter.workflow_to_input(item).await,
        ThreadItem::Task(item) => converter.task_to_input(item).await,
        ThreadItem::HiddenContext(item) => converter.hidden_context_to_input(item).await,
        ThreadItem::SdkHiddenContext(item) => converter.sdk_hidden_context_to_input(item).await,
        ThreadItem::EndOfTurn(item) => converter.end_of_turn_to_input(item).await,
        _ => Ok(Vec::new()),
    }
}

/// The tags of a message, the first of each text.
fn mentioned(item: &UserMessageItem) -> Vec<&UserMessageTag> {
    let mut seen = std::collections::HashSet::new();
    let tags = item.content.iter().filter_map(|content| match content {
        UserMessageContent::Tag(tag) => Some(&**tag),
        UserMessageContent::Text { .. } => None,
    });
    tags.filter(|tag| seen.insert(tag.text.as_str())).collect()
}

fn user_message(content: Vec<InputContent>) -> InputItem {
    InputItem::Message(InputMessage { role: Role::User, content })
}
