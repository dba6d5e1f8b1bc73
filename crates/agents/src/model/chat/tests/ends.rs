//! How an answer ends, and how it fails.

use serde_json::json;

use super::*;

fn feed(converter: &mut Converter, data: &[&str]) -> Result<Vec<ModelEvent>, ModelError> {
    let mut events = Vec::new();
    for data in data {
        events.extend(converter.chunk(data)?);
    }
    Ok(events)
}

const TEXT: &str = r#"{"choices":[{"delta":{"content":"a"}}]}"#;
const STOP: &str = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;

#[test]
fn reasons_to_stop() {
    let cases = [
        ("stop", None),
        ("length", Some("max_output_tokens")),
        ("content_filter", Some("content_filter")),
        ("tool_calls", None),
        ("function_call", None),
        ("eos", None),
        ("insufficient_system_resource", Some("insufficient_system_resource")),
    ];
    for (reason, incomplete) in cases {
        let events = convert(&[delta(json!({"content": "a"})), end(reason)]);
        assert_eq!(completed(&events).1, incomplete, "{reason}");
    }
}

#[test]
fn the_count_of_tokens_is_waited_for() {
    let counts = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let usage = Usage {
        requests: 1,
        input_tokens: 3,
        output_tokens: 2,
        total_tokens: 5,
        ..Usage::default()
    };
    let mut converter = Converter::new(quirks());
    feed(&mut converter, &[TEXT]).unwrap();
    assert_eq!(feed(&mut converter, &[STOP]).unwrap(), vec![]);
    let last = json!({"choices": [], "usage": counts}).to_string();
    assert_eq!(completed(&feed(&mut converter, &[&last]).unwrap()), (usage, None));
    // What comes behind the end is nothing to us.
    assert_eq!(feed(&mut converter, &["[DONE]", TEXT, "{"]).unwrap(), vec![]);
    assert_eq!(converter.finish().unwrap(), vec![]);

    // Groq counts with the end, and some in every chunk.
    let early = json!({"usage": {"prompt_tokens": 3}, "choices": [{"delta": {"content": "a"}}]});
    let groq = json!({"x_groq": {"usage": counts}, "choices": [{"finish_reason": "stop"}]});
    let mut converter = Converter::new(quirks());
    let events = feed(&mut converter, &[&early.to_string(), &groq.to_string()]).unwrap();
    check(&events);
    assert_eq!(completed(&events), (usage, None));
}

#[test]
fn an_answer_ends_with_done_or_with_the_body() {
    let mut converter = Converter::new(quirks());
    let events = feed(&mut converter, &[TEXT, STOP, "[DONE]"]).unwrap();
    check(&events);

    // Some give no reason.
    let mut converter = Converter::new(quirks());
    let events = feed(&mut converter, &[TEXT, " [DONE] "]).unwrap();
    check(&events);

    let mut converter = Converter::new(quirks());
    let mut events = feed(&mut converter, &[TEXT, STOP]).unwrap();
    events.extend(converter.finish().unwrap());
    check(&events);
}

#[test]
fn an_answer_that_is_cut_is_an_error() {
    for data in [vec![], vec![TEXT], vec![TEXT, "{"], vec![r#"{"choices":[{"finish_reason":""}]}"#]]
    {
        let mut converter = Converter::new(quirks());
        feed(&mut converter, &data).unwrap();
        assert_eq!(converter.finish(), Err(ModelError::Closed), "{data:?}");
    }
    let mut converter = Converter::new(quirks());
    assert_eq!(feed(&mut converter, &["[DONE]"]), Err(ModelError::Closed));
}

#[test]
fn a_few_broken_chunks_are_skipped() {
    let mut converter = Converter::new(quirks());
    let broken = [TEXT, "{\"choices\":[{", "null", "7", "\u{0}", "{\"choices\":\"x\"}", TEXT, STOP];
    let mut events = feed(&mut converter, &broken).unwrap();
    events.extend(converter.finish().unwrap());
    check(&events);
    assert_eq!(items(&events), vec![message("aa")]);
}

#[test]
fn many_broken_chunks_are_an_error() {
    let mut converter = Converter::new(quirks());
    feed(&mut converter, &[TEXT]).unwrap();
    feed(&mut converter, &["{"; 32]).unwrap();
    assert!(matches!(converter.chunk("{"), Err(ModelError::Protocol(_))));

    for end in [None, Some("[DONE]")] {
        let mut converter = Converter::new(quirks());
        feed(&mut converter, &["<html>"]).unwrap();
        let result = match end {
            None => converter.finish(),
            Some(end) => converter.chunk(end),
        };
        assert!(matches!(result, Err(ModelError::Protocol(_))), "{result:?}");
    }
}

#[test]
fn a_failure_in_the_middle_is_an_error() {
    let mut converter = Converter::new(quirks());
    feed(&mut converter, &[TEXT]).unwrap();
    let error = r#"{"error":{"message":"overloaded","type":"overloaded","code":null}}"#;
    let failed =
        ModelError::Failed { message: "overloaded".into(), code: Some("overloaded".into()) };
    assert_eq!(converter.chunk(error), Err(failed));

    let mut converter = Converter::new(quirks());
    let error = r#"{"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#;
    assert!(matches!(converter.chunk(error), Err(ModelError::Failed { .. })));
}
