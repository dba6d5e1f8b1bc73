//! The type of a final message.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{model::OutputSchema, run::RunError, tool::typed::TypedSchema};

/// The type of a final message.
#[derive(Clone)]
pub(crate) struct OutputType {
    schema: OutputSchema,
    read: Arc<Read>,
}

type Read = dyn Fn(&str) -> Result<Value, String> + Send + Sync;

impl OutputType {
    pub(super) fn of<T: JsonSchema + DeserializeOwned + 'static>() -> Self {
        let typed = TypedSchema::of::<T>("response");
        let (schema, strict) = typed.for_model(true);
        Self {
            schema: OutputSchema { name: "final_output".to_owned(), schema, strict },
            read: Arc::new(move |text| typed.read::<T>(text).map(|(_, value)| value)),
        }
    }

    /// What the model is asked for.
    pub(crate) fn schema(&self) -> &OutputSchema {
        &self.schema
    }

    /// The message as JSON that reads as the type.
    pub(crate) fn read(&self, text: &str) -> Result<Value, RunError> {
        if text.trim().is_empty() {
            return Err(RunError::Output("the answer is empty".to_owned()));
        }
        (self.read)(text).map_err(RunError::Output)
    }
}
