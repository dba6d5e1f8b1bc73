//! What a tool's closure may return.

use serde::Serialize;
use serde_json::Value;

use super::{ToolError, ToolOutput};
use crate::BoxError;

/// What the closure of a tool may return: a `Result` of any value that can be written as JSON, or
/// of a [`ToolOutput`], with any error; or, where nothing can fail, a string, a number, a JSON value
/// or a [`ToolOutput`].
///
/// `M` only keeps the implementations apart; the compiler finds it.
pub trait IntoToolResult<M> {
    /// The result of the call.
    ///
    /// # Errors
    ///
    /// The closure's error, or that the value cannot be written as JSON.
    fn into_tool_result(self) -> Result<ToolOutput, ToolError>;
}

/// What the `Ok` of a tool's result may be. `M` only keeps the implementations apart.
pub trait IntoToolOutput<M> {
    /// The output.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON.
    fn into_tool_output(self) -> Result<ToolOutput, ToolError>;
}

/// What the `Err` of a tool's result may be: a [`ToolError`], any error, or a string. `M` only keeps
/// the implementations apart.
pub trait IntoToolError<M> {
    /// The error.
    fn into_tool_error(self) -> ToolError;
}

/// Says that a type is taken as it is.
#[derive(Debug)]
pub struct AsIs(());

/// Says that a type is converted.
#[derive(Debug)]
pub struct Converted(());

impl<T, E, V, F> IntoToolResult<(V, F)> for Result<T, E>
where
    T: IntoToolOutput<V>,
    E: IntoToolError<F>,
{
    fn into_tool_result(self) -> Result<ToolOutput, ToolError> {
        match self {
            Ok(value) => value.into_tool_output(),
            Err(error) => Err(error.into_tool_error()),
        }
    }
}

impl IntoToolResult<AsIs> for ToolOutput {
    fn into_tool_result(self) -> Result<ToolOutput, ToolError> {
        Ok(self)
    }
}

macro_rules! results_that_cannot_fail {
    ($($type:ty),*) => {$(
        impl IntoToolResult<AsIs> for $type {
            fn into_tool_result(self) -> Result<ToolOutput, ToolError> {
                ToolOutput::from_value(&self)
            }
        }
    )*};
}
results_that_cannot_fail!(
    (),
    bool,
    f32,
    f64,
    i32,
    i64,
    u32,
    u64,
    usize,
    &'static str,
    String,
    Value
);

impl IntoToolOutput<AsIs> for ToolOutput {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        Ok(self)
    }
}

impl<T: Serialize> IntoToolOutput<Converted> for T {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        ToolOutput::from_value(&self)
    }
}

impl IntoToolError<AsIs> for ToolError {
    fn into_tool_error(self) -> ToolError {
        self
    }
}

impl<E: Into<BoxError>> IntoToolError<Converted> for E {
    fn into_tool_error(self) -> ToolError {
        ToolError::new(self)
    }
}
