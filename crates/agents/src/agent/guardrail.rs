//! Checks of what goes into a run and of what comes out.

use std::{fmt, future::Future, sync::Arc};

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::{
    BoxError,
    model::{InputContent, InputItem, Role},
};

/// What a guardrail found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GuardrailResult {
    /// Whether the run must end.
    pub tripwire: bool,
    /// What the guardrail has to say, for the application.
    pub info: Value,
}

impl GuardrailResult {
    /// Nothing is wrong.
    pub fn pass() -> Self {
        Self::default()
    }

    /// The run must end.
    pub fn trip(info: impl Into<Value>) -> Self {
        Self { tripwire: true, info: info.into() }
    }
}

/// What the closure of a guardrail may return: a [`GuardrailResult`], or a `Result` of one.
pub trait IntoGuardrailResult {
    /// The result.
    ///
    /// # Errors
    ///
    /// The guardrail's own; the run then ends, since nothing is known of what it should check.
    fn into_result(self) -> Result<GuardrailResult, BoxError>;
}

impl IntoGuardrailResult for GuardrailResult {
    fn into_result(self) -> Result<GuardrailResult, BoxError> {
        Ok(self)
    }
}

impl<E> IntoGuardrailResult for Result<GuardrailResult, E>
where
    E: Into<BoxError>,
{
    fn into_result(self) -> Result<GuardrailResult, BoxError> {
        self.map_err(Into::into)
    }
}

/// What an input guardrail checks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GuardrailInput {
    /// The name of the agent.
    pub agent: Arc<str>,
    /// What the run was given, oldest first.
    pub items: Arc<[InputItem]>,
}

impl GuardrailInput {
    /// The text of the last message of the user's; empty if there is none.
    ///
    /// What a converter puts behind a question, such as a quote, a tag or a widget, are messages of
    /// the user's too: a check that must not be talked past looks at all [items](Self::items), or
    /// at the turn's own input.
    pub fn text(&self) -> String {
        let last = self.items.iter().rev().find_map(|item| match item {
            InputItem::Message(message) if message.role == Role::User => Some(message),
            _ => None,
        });
        let texts = last.into_iter().flat_map(|message| &message.content);
        let texts = texts.filter_map(|content| match content {
            InputContent::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

/// What an output guardrail checks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GuardrailOutput {
    /// The name of the agent.
    pub agent: Arc<str>,
    /// The final text.
    pub text: Arc<str>,
    /// The same as JSON, if the agent has an output type.
    pub value: Option<Arc<Value>>,
}

pub(crate) type Verdict = Result<GuardrailResult, BoxError>;
type Check<C, T> = Arc<dyn Fn(C, T) -> BoxFuture<'static, Verdict> + Send + Sync>;

/// A check of the input. It runs beside the first request of the model, whose events are seen
/// meanwhile; but no tool runs and no run ends before it has passed.
///
/// ```
/// use chatkit_agents::{Agent, GuardrailInput, GuardrailResult, InputGuardrail};
///
/// let agent: Agent<()> = Agent::new("Assistant").input_guardrail(InputGuardrail::new(
///     "no_homework",
///     |_context, input: GuardrailInput| async move {
///         if input.text().contains("homework") {
///             GuardrailResult::trip("homework")
///         } else {
///             GuardrailResult::pass()
///         }
///     },
/// ));
/// ```
pub struct InputGuardrail<C> {
    name: String,
    check: Check<C, GuardrailInput>,
    beside_model: bool,
}

/// A check of the final output, before the run is complete. What the model said was seen by then.
pub struct OutputGuardrail<C> {
    name: String,
    check: Check<C, GuardrailOutput>,
}

impl<C> InputGuardrail<C> {
    /// A check by its name and what it does.
    pub fn new<F, Fut>(name: impl Into<String>, check: F) -> Self
    where
        F: Fn(C, GuardrailInput) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoGuardrailResult,
    {
        Self { name: name.into(), check: boxed(check), beside_model: true }
    }

    /// Whether it runs beside the first request of the model, as it does by default, or before it,
    /// so that the model never sees what does not pass.
    #[must_use]
    pub fn run_in_parallel(mut self, beside_model: bool) -> Self {
        self.beside_model = beside_model;
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn runs_in_parallel(&self) -> bool {
        self.beside_model
    }

    pub(crate) fn check(&self, context: C, input: GuardrailInput) -> BoxFuture<'static, Verdict> {
        (self.check)(context, input)
    }
}

impl<C> OutputGuardrail<C> {
    /// A check by its name and what it does.
    pub fn new<F, Fut>(name: impl Into<String>, check: F) -> Self
    where
        F: Fn(C, GuardrailOutput) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoGuardrailResult,
    {
        Self { name: name.into(), check: boxed(check) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn check(&self, context: C, output: GuardrailOutput) -> BoxFuture<'static, Verdict> {
        (self.check)(context, output)
    }
}

fn boxed<C, T, F, Fut>(check: F) -> Check<C, T>
where
    F: Fn(C, T) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: IntoGuardrailResult,
{
    Arc::new(move |context, checked| {
        let future = check(context, checked);
        Box::pin(async move { future.await.into_result() })
    })
}

impl<C> Clone for InputGuardrail<C> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            check: Arc::clone(&self.check),
            beside_model: self.beside_model,
        }
    }
}

impl<C> Clone for OutputGuardrail<C> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), check: Arc::clone(&self.check) }
    }
}

impl<C> fmt::Debug for InputGuardrail<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputGuardrail").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<C> fmt::Debug for OutputGuardrail<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputGuardrail").field("name", &self.name).finish_non_exhaustive()
    }
}
