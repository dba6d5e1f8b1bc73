//! What is asked of a model.

use std::collections::BTreeMap;

use chatkit_protocol::JsonObject;
use serde_json::Value;

use super::InputItem;

/// A request of a model.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ModelRequest {
    /// What the model is told before all input.
    pub instructions: Option<String>,
    /// The conversation, oldest first.
    pub input: Vec<InputItem>,
    /// The tools it may call.
    pub tools: Vec<ToolSpec>,
    /// The shape that its last message must have.
    pub output: Option<OutputSchema>,
    /// How it answers.
    pub settings: ModelSettings,
    /// The provider's id of the answer that this request goes on from: then `input` is only what is
    /// new. For providers that keep conversations.
    pub previous_response_id: Option<String>,
}

impl ModelRequest {
    /// A request without instructions and tools.
    pub fn new(input: Vec<InputItem>) -> Self {
        Self { input, ..Self::default() }
    }
}

/// A tool as a model sees it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ToolSpec {
    /// A function of the application's.
    Function {
        /// Its name: letters, digits, `_` and `-`.
        name: String,
        /// What it does, for the model.
        description: String,
        /// JSON Schema of its arguments.
        parameters: Value,
        /// Whether the provider holds the model to the schema.
        strict: bool,
    },
    /// A tool on the provider's side, as the Responses API wants it: `{"type": "web_search"}`.
    Hosted(JsonObject),
}

impl ToolSpec {
    /// A tool on the provider's side by its type, for example `web_search`.
    pub fn hosted(kind: &str) -> Self {
        Self::Hosted([("type".to_owned(), kind.into())].into_iter().collect())
    }

    /// The function's name, or the type of a tool on the provider's side.
    pub fn name(&self) -> &str {
        match self {
            Self::Function { name, .. } => name,
            Self::Hosted(spec) => spec.get("type").and_then(Value::as_str).unwrap_or_default(),
        }
    }
}

/// The shape of a structured answer.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputSchema {
    /// A name for it.
    pub name: String,
    /// JSON Schema.
    pub schema: Value,
    /// Whether the provider holds the model to the schema.
    pub strict: bool,
}

/// How a model answers. What is `None` is the provider's to decide.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ModelSettings {
    /// How free it is, from 0 to 2.
    pub temperature: Option<f64>,
    /// Nucleus sampling, from 0 to 1.
    pub top_p: Option<f64>,
    /// Tokens that it may write at most, reasoning included.
    pub max_output_tokens: Option<u64>,
    /// Which tools it must or may call.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several tools at once.
    pub parallel_tool_calls: Option<bool>,
    /// How it thinks.
    pub reasoning: Option<ReasoningSettings>,
    /// Whether it writes much or little: `low`, `medium`, `high`.
    pub verbosity: Option<String>,
    /// Whether the provider keeps the answer.
    pub store: Option<bool>,
    /// Notes that the provider keeps with the answer.
    pub metadata: BTreeMap<String, String>,
    /// Further fields of the request's body, which win over all others.
    pub extra_body: JsonObject,
}

impl ModelSettings {
    /// These settings, with those of another where it has any.
    #[must_use]
    pub fn overridden_by(mut self, other: &Self) -> Self {
        fn put<T: Clone>(mine: &mut Option<T>, theirs: &Option<T>) {
            if theirs.is_some() {
                mine.clone_from(theirs);
            }
        }
        put(&mut self.temperature, &other.temperature);
        put(&mut self.top_p, &other.top_p);
        put(&mut self.max_output_tokens, &other.max_output_tokens);
        put(&mut self.tool_choice, &other.tool_choice);
        put(&mut self.parallel_tool_calls, &other.parallel_tool_calls);
        put(&mut self.reasoning, &other.reasoning);
        put(&mut self.verbosity, &other.verbosity);
        put(&mut self.store, &other.store);
        self.metadata.extend(other.metadata.clone());
        self.extra_body.extend(other.extra_body.clone());
        self
    }
}

/// How a model thinks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReasoningSettings {
    /// How hard: `none`, `minimal`, `low`, `medium`, `high`.
    pub effort: Option<String>,
    /// Whether and how it sums up its thoughts: `auto`, `concise`, `detailed`.
    pub summary: Option<String>,
}

/// Which tools a model must or may call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// Those it likes.
    Auto,
    /// At least one.
    Required,
    /// None.
    None,
    /// This one: a function's name, or the type of a tool on the provider's side.
    Named(String),
}
