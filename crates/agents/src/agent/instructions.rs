//! What a model is told before all input.

use std::{future::Future, sync::Arc};

use futures_util::future::BoxFuture;

use crate::{BoxError, run::RunError};

/// What computed instructions may return: a string, or a `Result` of one.
pub trait IntoInstructions {
    /// The instructions.
    ///
    /// # Errors
    ///
    /// The application's own.
    fn into_instructions(self) -> Result<String, BoxError>;
}

impl IntoInstructions for String {
    fn into_instructions(self) -> Result<String, BoxError> {
        Ok(self)
    }
}

impl IntoInstructions for &'static str {
    fn into_instructions(self) -> Result<String, BoxError> {
        Ok(self.to_owned())
    }
}

impl<E: Into<BoxError>> IntoInstructions for Result<String, E> {
    fn into_instructions(self) -> Result<String, BoxError> {
        self.map_err(Into::into)
    }
}

type Computed<C> = Arc<dyn Fn(C) -> BoxFuture<'static, Result<String, BoxError>> + Send + Sync>;

pub(crate) enum Instructions<C> {
    None,
    Fixed(String),
    Computed(Computed<C>),
}

impl<C> Instructions<C> {
    pub(super) fn computed<F, Fut>(instructions: F) -> Self
    where
        F: Fn(C) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoInstructions,
    {
        Self::Computed(Arc::new(move |context| {
            let future = instructions(context);
            Box::pin(async move { future.await.into_instructions() })
        }))
    }

    /// The instructions of a request.
    pub(crate) async fn get(&self, context: &C, agent: &str) -> Result<Option<String>, RunError>
    where
        C: Clone,
    {
        let computed = match self {
            Self::None => return Ok(None),
            Self::Fixed(text) => return Ok(Some(text.clone())),
            Self::Computed(computed) => computed(context.clone()),
        };
        computed.await.map(Some).map_err(|error| RunError::Application {
            what: format!("the instructions of the agent `{agent}`"),
            error: error.to_string(),
        })
    }
}

impl<C> Clone for Instructions<C> {
    fn clone(&self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Fixed(text) => Self::Fixed(text.clone()),
            Self::Computed(computed) => Self::Computed(Arc::clone(computed)),
        }
    }
}
