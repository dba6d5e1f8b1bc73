//! Changes to an item that is still in the making.

use serde::{Deserialize, Serialize};

use crate::{
    Annotation, AssistantMessageContent, GeneratedImage, Task, WidgetComponent, WidgetRoot,
};

/// A change to an item that was added and is not done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum ThreadItemUpdate {
    /// A part of an assistant message begins. It must precede the part's deltas and annotations.
    #[serde(rename = "assistant_message.content_part.added")]
    AssistantMessageContentPartAdded {
        /// The part.
        content_index: usize,
        /// What it begins with, normally an empty text.
        content: AssistantMessageContent,
    },
    /// Text is appended to a part.
    #[serde(rename = "assistant_message.content_part.text_delta")]
    AssistantMessageContentPartTextDelta {
        /// The part.
        content_index: usize,
        /// The text.
        delta: String,
    },
    /// A reference is added to a part.
    #[serde(rename = "assistant_message.content_part.annotation_added")]
    AssistantMessageContentPartAnnotationAdded {
        /// The part.
        content_index: usize,
        /// Where among the part's annotations.
        annotation_index: usize,
        /// The reference.
        annotation: Box<Annotation>,
    },
    /// A part of an assistant message is complete.
    #[serde(rename = "assistant_message.content_part.done")]
    AssistantMessageContentPartDone {
        /// The part.
        content_index: usize,
        /// The whole part.
        content: AssistantMessageContent,
    },
    /// Text is appended to a `Text` or `Markdown` component.
    #[serde(rename = "widget.streaming_text.value_delta")]
    WidgetStreamingTextValueDelta {
        /// The component's id.
        component_id: String,
        /// The text.
        delta: String,
        /// Whether the component's text is complete.
        done: bool,
    },
    /// A component of a widget is replaced.
    #[serde(rename = "widget.component.updated")]
    WidgetComponentUpdated {
        /// The component's id.
        component_id: String,
        /// The component as it is now.
        component: WidgetComponent,
    },
    /// A whole widget is replaced.
    #[serde(rename = "widget.root.updated")]
    WidgetRootUpdated {
        /// The widget as it is now.
        widget: WidgetRoot,
    },
    /// A task is appended to a workflow.
    #[serde(rename = "workflow.task.added")]
    WorkflowTaskAdded {
        /// The task's place.
        task_index: usize,
        /// The task.
        task: Box<Task>,
    },
    /// A task of a workflow is replaced.
    #[serde(rename = "workflow.task.updated")]
    WorkflowTaskUpdated {
        /// The task's place.
        task_index: usize,
        /// The task as it is now.
        task: Box<Task>,
    },
    /// A generated image is replaced by a better one.
    #[serde(rename = "generated_image.updated")]
    GeneratedImageUpdated {
        /// The image as it is now.
        image: GeneratedImage,
        /// How much is done, from 0 to 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        progress: Option<f64>,
    },
}
