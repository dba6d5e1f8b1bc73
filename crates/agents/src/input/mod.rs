//! From a thread to what a model reads.

mod attachment;
mod budget;
mod content_type;
mod converter;
mod default;
mod load;
mod pairs;
mod texts;

pub use attachment::{AttachmentLimits, AttachmentRoom};
pub use budget::{TokenBudget, fit};
pub use converter::{ConvertError, ThreadItemConverter};
pub use default::{DefaultConverter, simple_to_agent_input};
pub use load::load_input;
pub use pairs::repair_pairs;
