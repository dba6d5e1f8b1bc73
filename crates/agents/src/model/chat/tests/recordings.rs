//! Whole answers in the shapes of many providers.

use super::*;
use crate::model::{Citation, FunctionCall};

macro_rules! recording {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/chat/recordings/", $name, ".chunks.txt"))
    };
}

fn replay(recording: &str) -> Result<Vec<ModelEvent>, ModelError> {
    let mut converter = Converter::new(quirks());
    let mut events = Vec::new();
    for line in recording.lines().chain(["[DONE]"]) {
        events.extend(converter.chunk(line)?);
    }
    check(&events);
    Ok(events)
}

fn usage(input: u64, cached: u64, output: u64, reasoning: u64) -> Usage {
    Usage {
        requests: 1,
        input_tokens: input,
        cached_tokens: cached,
        output_tokens: output,
        reasoning_tokens: reasoning,
        total_tokens: input + output,
    }
}

fn find(call_id: &str, city: &str) -> OutputKind {
    OutputKind::FunctionCall(FunctionCall {
        call_id: call_id.into(),
        name: "find".into(),
        arguments: format!("{{\"city\":\"{city}\"}}"),
    })
}

#[test]
fn openai() {
    let events = replay(recording!("openai-text")).unwrap();
    let (response_id, model) = (Some("chatcmpl-A1".into()), Some("gpt-4.1-mini".into()));
    assert_eq!(events[0], ModelEvent::Started { response_id, model });
    assert_eq!(items(&events), vec![message("The sky is blue.")]);
    assert_eq!(completed(&events), (usage(14, 0, 5, 0), None));

    let events = replay(recording!("openai-tool-calls")).unwrap();
    let now =
        FunctionCall { call_id: "call_b2".into(), name: "now".into(), arguments: "{}".into() };
    assert_eq!(items(&events), vec![find("call_a1", "Ulm"), OutputKind::FunctionCall(now)]);
    assert_eq!(completed(&events), (usage(60, 0, 30, 0), None));
}

#[test]
fn azure() {
    let events = replay(recording!("azure-filtered")).unwrap();
    assert_eq!(items(&events), vec![message("First")]);
    assert_eq!(completed(&events), (usage(0, 0, 0, 0), Some("content_filter")));
}

#[test]
fn deepseek() {
    let events = replay(recording!("deepseek-reasoning")).unwrap();
    assert_eq!(items(&events), vec![thought("We add two."), message("It is four.")]);
    assert_eq!(completed(&events), (usage(18, 16, 9, 4), None));
}

#[test]
fn groq() {
    let events = replay(recording!("groq-tool-call")).unwrap();
    assert_eq!(items(&events), vec![find("t9x2", "Ulm")]);
    assert_eq!(completed(&events), (usage(210, 0, 15, 0), None));
}

#[test]
fn ollama() {
    let events = replay(recording!("ollama-thinking-tools")).unwrap();
    let expected = vec![thought("Both cities."), find("call_m1", "Ulm"), find("call_m2", "Bern")];
    assert_eq!(items(&events), expected);
    assert_eq!(completed(&events), (usage(160, 0, 40, 0), None));
}

#[test]
fn llama_cpp() {
    let events = replay(recording!("llamacpp-think-tags")).unwrap();
    assert_eq!(items(&events), vec![thought("Short. </ think?\n"), message("Yes.")]);
    assert_eq!(completed(&events), (usage(8, 0, 12, 0), Some("max_output_tokens")));
}

#[test]
fn mistral() {
    let events = replay(recording!("mistral-thinking")).unwrap();
    assert_eq!(items(&events), vec![thought("Two and two."), message("Four.")]);
    assert_eq!(completed(&events), (usage(9, 0, 12, 0), None));
}

#[test]
fn perplexity() {
    let events = replay(recording!("perplexity-citations")).unwrap();
    let url = |url: &str, title: &str| Citation::Url {
        url: url.to_owned(),
        title: Some(title.to_owned()),
        end_index: None,
    };
    let citations = vec![url("https://a.example/", "A"), url("https://b.example/", "B")];
    let part = OutputPart::Text { text: "Blue [1].".into(), citations };
    assert_eq!(items(&events), vec![OutputKind::Message(vec![part])]);
    assert_eq!(completed(&events), (usage(5, 0, 3, 0), None));
}

#[test]
fn openrouter() {
    let failed = ModelError::Failed {
        message: "Provider disconnected".into(),
        code: Some("server_error".into()),
    };
    assert_eq!(replay(recording!("openrouter-failure")), Err(failed));
}
