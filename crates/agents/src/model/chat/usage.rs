//! What an answer cost, as the many providers count.

use serde_json::Value;

use super::chunk::number;
use crate::model::Usage;

/// The usage of one request; `None` if there are no counts.
pub(super) fn usage(value: &Value) -> Option<Usage> {
    // Nearly every chunk is without counts, and looking for each of them takes its time.
    if !value.is_object() {
        return None;
    }
    let count = |path: &str| value.pointer(path).and_then(number);
    let first = |paths: &[&str]| paths.iter().find_map(|path| count(path));

    let input = first(&["/prompt_tokens", "/input_tokens"]);
    let output = first(&["/completion_tokens", "/output_tokens"]);
    let total = count("/total_tokens");
    if input.is_none() && output.is_none() && total.is_none() {
        return None;
    }
    let (input, output) = (input.unwrap_or(0), output.unwrap_or(0));
    Some(Usage {
        requests: 1,
        input_tokens: input,
        // DeepSeek has a name of its own.
        cached_tokens: first(&["/prompt_tokens_details/cached_tokens", "/prompt_cache_hit_tokens"])
            .unwrap_or(0),
        output_tokens: output,
        reasoning_tokens: first(&[
            "/completion_tokens_details/reasoning_tokens",
            "/reasoning_tokens",
        ])
        .unwrap_or(0),
        total_tokens: total.unwrap_or(input.saturating_add(output)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_way_of_counting_is_read() {
        let openai = json!({
            "prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30,
            "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 4},
        });
        let expected = Usage {
            requests: 1,
            input_tokens: 20,
            cached_tokens: 8,
            output_tokens: 10,
            reasoning_tokens: 4,
            total_tokens: 30,
        };
        assert_eq!(usage(&openai), Some(expected));

        let deepseek = json!({
            "prompt_tokens": 20.0, "completion_tokens": "10", "prompt_cache_hit_tokens": 8,
            "prompt_tokens_details": null, "completion_tokens_details": {"reasoning_tokens": 4},
        });
        assert_eq!(usage(&deepseek), Some(expected));

        for none in [json!(null), json!({}), json!({"prompt_tokens": null}), json!("x")] {
            assert_eq!(usage(&none), None, "{none}");
        }
    }
}
