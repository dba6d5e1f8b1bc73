//! Questions that an assistant puts to the user as a form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ItemId, ThreadId, Timestamp, null::or_default};

/// An item that asks the user for answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StructuredInputItem {
    /// The item's id.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it still waits for answers.
    #[serde(default)]
    pub status: StructuredInputStatus,
    /// The questions.
    pub inputs: Vec<StructuredInput>,
}

/// Whether a structured input still waits for answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StructuredInputStatus {
    /// It waits.
    #[default]
    Pending,
    /// It was answered.
    Answered,
    /// The user skipped it.
    Skipped,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StructuredInput {
    /// Choose one or more of several options.
    MultipleChoice(StructuredInputMultipleChoice),
    /// Answer in free text.
    Freeform(StructuredInputFreeform),
}

impl StructuredInput {
    /// The question's id.
    pub fn id(&self) -> &str {
        match self {
            Self::MultipleChoice(input) => &input.id,
            Self::Freeform(input) => &input.id,
        }
    }

    /// The answer given, if any.
    pub fn answer(&self) -> Option<&StructuredInputAnswer> {
        match self {
            Self::MultipleChoice(input) => input.answer.as_ref(),
            Self::Freeform(input) => input.answer.as_ref(),
        }
    }
}

/// A question answered by choosing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StructuredInputMultipleChoice {
    /// Stable id of the question.
    pub id: String,
    /// The question.
    pub question: String,
    /// The answer, once given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<StructuredInputAnswer>,
    /// What can be chosen.
    pub options: Vec<StructuredInputOption>,
    /// Whether more than one may be chosen.
    #[serde(default)]
    pub multiple: bool,
}

/// A question answered in free text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StructuredInputFreeform {
    /// Stable id of the question.
    pub id: String,
    /// The question.
    pub question: String,
    /// The answer, once given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<StructuredInputAnswer>,
    /// Shown beside the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StructuredInputOption {
    /// The text shown and submitted.
    pub value: String,
}

/// The recorded answer to a question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StructuredInputAnswer {
    /// The chosen or written values.
    #[serde(default)]
    pub values: Vec<String>,
    /// Whether the question was skipped.
    #[serde(default)]
    pub skipped: bool,
}

/// The answers that a client submits for an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StructuredInputSubmission {
    /// Whether the whole item was answered or skipped.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<SubmissionStatus>"))]
    pub status: SubmissionStatus,
    /// Answers by question id.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<BTreeMap<String, StructuredInputAnswerSubmission>>")
    )]
    pub answers: BTreeMap<String, StructuredInputAnswerSubmission>,
}

/// Whether a submission answers or skips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubmissionStatus {
    /// Answered.
    #[default]
    Answered,
    /// Skipped.
    Skipped,
}

/// A submitted answer to one question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StructuredInputAnswerSubmission {
    /// The chosen or written values.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>"))]
    pub values: Vec<String>,
    /// Whether the question was skipped.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    pub skipped: bool,
}

impl StructuredInputItem {
    /// The item with a submission recorded in it.
    ///
    /// Answers to unknown questions are ignored, questions without an answer count as skipped, and
    /// a single choice keeps only its first value.
    #[must_use]
    pub fn answered(mut self, submission: &StructuredInputSubmission) -> Self {
        for input in &mut self.inputs {
            let (id, answer, single) = match input {
                StructuredInput::MultipleChoice(input) => {
                    (&input.id, &mut input.answer, !input.multiple)
                }
                StructuredInput::Freeform(input) => (&input.id, &mut input.answer, false),
            };
            let given = match submission.status {
                SubmissionStatus::Skipped => None,
                SubmissionStatus::Answered => submission.answers.get(id),
            };
            *answer = Some(match given {
                Some(given) if !given.skipped && !given.values.is_empty() => {
                    let kept = if single { 1 } else { given.values.len() };
                    StructuredInputAnswer {
                        values: given.values.iter().take(kept).cloned().collect(),
                        skipped: false,
                    }
                }
                _ => StructuredInputAnswer { values: Vec::new(), skipped: true },
            });
        }
        self.status = match submission.status {
            SubmissionStatus::Answered => StructuredInputStatus::Answered,
            SubmissionStatus::Skipped => StructuredInputStatus::Skipped,
        };
        self
    }
}
