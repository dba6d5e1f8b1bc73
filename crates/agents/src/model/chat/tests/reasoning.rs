//! Thoughts, under the names and in the places where providers put them.

use serde_json::json;

use super::*;

#[test]
fn thoughts_end_before_the_answer_begins() {
    let events = convert(&[
        delta(json!({"role": "assistant", "content": null, "reasoning_content": ""})),
        delta(json!({"content": null, "reasoning_content": "Let"})),
        delta(json!({"content": "", "reasoning_content": " me"})),
        delta(json!({"content": "Yes", "reasoning_content": null})),
        end("stop"),
    ]);
    let reasoning = |thoughts: &[&str]| {
        OutputKind::Reasoning(thoughts.iter().map(|text| (*text).to_owned()).collect()).into()
    };
    assert_eq!(
        events[1..7],
        [
            ModelEvent::ItemAdded { item: 0, output: reasoning(&[]) },
            ModelEvent::ReasoningDelta { item: 0, part: 0, delta: "Let".into() },
            ModelEvent::ReasoningDelta { item: 0, part: 0, delta: " me".into() },
            ModelEvent::ReasoningDone { item: 0, part: 0, text: "Let me".into() },
            ModelEvent::ItemDone { item: 0, output: reasoning(&["Let me"]) },
            ModelEvent::ItemAdded { item: 1, output: OutputKind::Message(Vec::new()).into() },
        ]
    );
    assert_eq!(items(&events), vec![thought("Let me"), message("Yes")]);
}

#[test]
fn thoughts_have_many_names() {
    for name in ["reasoning_content", "reasoning", "reasoning_text", "thinking"] {
        let events =
            convert(&[delta(json!({name: "Hm"})), delta(json!({"content": "a"})), end("stop")]);
        assert_eq!(items(&events), vec![thought("Hm"), message("a")], "{name}");
    }
    // The same text under two names is one thought.
    let both = delta(json!({"reasoning": "Hm", "reasoning_content": "Hm", "content": "a"}));
    assert_eq!(items(&convert(&[both, end("stop")])), vec![thought("Hm"), message("a")]);
    // Something else under such a name is none.
    let odd = delta(json!({"reasoning": {"effort": "high"}, "thinking": true, "content": "a"}));
    assert_eq!(items(&convert(&[odd, end("stop")])), vec![message("a")]);
}

#[test]
fn white_space_is_no_thought() {
    let events = convert(&[
        delta(json!({"reasoning_content": "\n"})),
        delta(json!({"reasoning_content": "\n", "content": "a"})),
        end("stop"),
    ]);
    assert_eq!(items(&events), vec![message("a")]);
    let events = convert(&[
        delta(json!({"reasoning_content": "\n"})),
        delta(json!({"reasoning_content": "Hm\n"})),
        end("stop"),
    ]);
    assert_eq!(items(&events), vec![thought("\nHm\n")]);
}

#[test]
fn content_in_parts_holds_thoughts_and_text() {
    let think =
        |text: &str| json!([{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]);
    let events = convert(&[
        delta(json!({"content": think("Let ")})),
        delta(json!({"content": think("me")})),
        delta(json!({"content": [
            {"type": "thinking", "thinking": "."},
            {"type": "text", "text": "Yes"},
            {"type": "reference", "reference_ids": [1]},
        ]})),
        delta(json!({"content": "!"})),
        end("stop"),
    ]);
    assert_eq!(items(&events), vec![thought("Let me."), message("Yes!")]);
}

#[test]
fn tags_are_taken_for_thoughts_if_wanted() {
    let chunks = [
        delta(json!({"content": "<th"})),
        delta(json!({"content": "ink>\nHm</thi"})),
        delta(json!({"content": "nk>\n\nYes <think>"})),
        end("stop"),
    ];
    assert_eq!(items(&convert(&chunks)), vec![thought("Hm"), message("Yes <think>")]);
    let off = Quirks { think_tags: false, ..quirks() };
    let events = convert_with(off, &chunks).unwrap();
    assert_eq!(items(&events), vec![message("<think>\nHm</think>\n\nYes <think>")]);
}

#[test]
fn a_tag_never_closed_is_all_thought() {
    let events = convert(&[delta(json!({"content": "<think>Hm </"})), end("length")]);
    assert_eq!(items(&events), vec![thought("Hm </")]);
    let events = convert(&[delta(json!({"content": "<thi"})), end("length")]);
    assert_eq!(items(&events), vec![message("<thi")]);
}

#[test]
fn a_model_may_think_again() {
    let events = convert(&[
        delta(json!({"reasoning": "One"})),
        delta(json!({"content": "a"})),
        delta(json!({"reasoning": "Two"})),
        delta(json!({"content": "b"})),
        end("stop"),
    ]);
    assert_eq!(items(&events), vec![thought("One"), message("ab"), thought("Two")]);
}

#[test]
fn thoughts_are_kept_for_the_next_request_if_wanted() {
    let chunks = [delta(json!({"reasoning_content": "Hm"})), end("stop")];
    assert_eq!(done(&convert(&chunks))[0].to_input(), None);

    let keep = Quirks { reasoning_in_history: true, ..quirks() };
    let output = done(&convert_with(keep, &chunks).unwrap()).remove(0);
    let raw = json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]});
    assert_eq!(serde_json::to_value(output.to_input().unwrap()).unwrap(), raw);
}
