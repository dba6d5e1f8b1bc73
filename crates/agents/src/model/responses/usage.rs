//! What an answer cost.

use serde_json::Value;

use super::event::number;
use crate::model::Usage;

/// What an answer cost, as the provider counts it, in the words of either API.
pub(super) fn usage(usage: Option<&Value>) -> Usage {
    let count = |names: &[&str]| {
        let find = |name: &&str| {
            let (object, name) = match name.split_once('.') {
                Some((object, name)) => (usage?.get(object)?, name),
                None => (usage?, *name),
            };
            number(object.as_object()?, name)
        };
        names.iter().find_map(find)
    };
    let input_tokens = count(&["input_tokens", "prompt_tokens"]).unwrap_or(0);
    let output_tokens = count(&["output_tokens", "completion_tokens"]).unwrap_or(0);
    let total_tokens = count(&["total_tokens"]);
    Usage {
        requests: 1,
        input_tokens,
        cached_tokens: count(&["input_tokens_details.cached_tokens"]).unwrap_or(0),
        output_tokens,
        reasoning_tokens: count(&["output_tokens_details.reasoning_tokens"]).unwrap_or(0),
        total_tokens: total_tokens.unwrap_or_else(|| input_tokens.saturating_add(output_tokens)),
    }
}
