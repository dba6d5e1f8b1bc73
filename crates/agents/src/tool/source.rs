//! Tools that are known only when an agent starts.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Tool, ToolError};

/// Where an agent gets tools from that may be others each time: it is asked whenever the agent
/// starts, in a run or after a handoff.
#[async_trait]
pub trait ToolSource<C>: Send + Sync + 'static {
    /// What it is called in messages.
    fn name(&self) -> &str;

    /// The tools that there are now.
    ///
    /// # Errors
    ///
    /// When it cannot tell. The agent goes on without them, with a warning in the log.
    async fn tools(&self) -> Result<Vec<Arc<dyn Tool<C>>>, ToolError>;
}
