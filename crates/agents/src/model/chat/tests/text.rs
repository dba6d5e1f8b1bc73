//! Messages: texts, refusals, references.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::Citation;

#[test]
fn a_message_from_its_beginning_to_its_end() {
    let events = convert(&[
        delta(json!({"role": "assistant", "content": "", "refusal": null})),
        delta(json!({"content": "Hel"})),
        delta(json!({"content": ""})),
        delta(json!({"content": "lo"})),
        end("stop"),
    ]);
    let text = || OutputPart::text("Hello");
    assert_eq!(
        events,
        vec![
            ModelEvent::Started { response_id: Some("c1".into()), model: None },
            ModelEvent::ItemAdded { item: 0, output: OutputKind::Message(Vec::new()).into() },
            ModelEvent::PartAdded { item: 0, part: 0, content: OutputPart::text("") },
            ModelEvent::TextDelta { item: 0, part: 0, delta: "Hel".into() },
            ModelEvent::TextDelta { item: 0, part: 0, delta: "lo".into() },
            ModelEvent::TextDone { item: 0, part: 0, text: "Hello".into() },
            ModelEvent::PartDone { item: 0, part: 0, content: text() },
            ModelEvent::ItemDone { item: 0, output: OutputKind::Message(vec![text()]).into() },
            ModelEvent::Completed {
                response_id: None,
                usage: Usage { requests: 1, ..Usage::default() },
                incomplete: None,
            },
        ]
    );
}

#[test]
fn nothing_to_read_is_no_message() {
    for content in
        [json!(""), json!(null), json!("\n\n"), json!([]), json!([{"type": "text"}]), json!(7)]
    {
        let events = convert(&[delta(json!({"content": content})), end("stop")]);
        assert_eq!(items(&events), vec![], "{content}");
    }
}

#[test]
fn white_space_before_a_text_stays_with_it() {
    let events =
        convert(&[delta(json!({"content": "\n"})), delta(json!({"content": " a"})), end("stop")]);
    assert_eq!(items(&events), vec![message("\n a")]);
}

#[test]
fn half_a_character_does_not_cost_the_text_around_it() {
    let mut converter = Converter::new(quirks());
    let mut events = Vec::new();
    let halves = r#"{"choices":[{"delta":{"content":"a\ud83d"}}]}"#;
    let more = r#"{"choices":[{"delta":{"content":"\ude00b"}}]}"#;
    let chunks = std::iter::repeat_n([halves, more], 20).flatten();
    for chunk in chunks.chain(["[DONE]"]) {
        events.extend(converter.chunk(chunk).unwrap());
    }
    assert_eq!(items(&events), vec![message(&"a\u{fffd}\u{fffd}b".repeat(20))]);
}

#[test]
fn only_the_first_choice_counts() {
    let events = convert(&[
        json!({"choices": []}),
        json!({"choices": null}),
        json!({"object": "ping", "anything": [1]}),
        json!({"choices": [
            {"index": 1, "delta": {"content": "no"}, "finish_reason": "length"},
            {"index": "0", "delta": {"content": "yes"}},
        ]}),
        json!({"choices": [{"delta": null}, {"index": 2.0, "delta": {"content": "no"}}]}),
        json!({"choices": [{"message": {"content": "!"}, "finish_reason": "stop"}]}),
    ]);
    assert_eq!(items(&events), vec![message("yes!")]);
    assert_eq!(completed(&events).1, None);
}

#[test]
fn a_refusal_is_a_part_of_its_own() {
    let refused = |text: &str| OutputPart::Refusal(text.to_owned());
    let events = convert(&[
        delta(json!({"refusal": "I can"})),
        delta(json!({"refusal": "not."})),
        end("stop"),
    ]);
    assert_eq!(items(&events), vec![OutputKind::Message(vec![refused("I cannot.")])]);

    let events = convert(&[
        delta(json!({"content": "Well"})),
        delta(json!({"refusal": "No", "content": ", "})),
        delta(json!({"content": "no"})),
        end("stop"),
    ]);
    let parts = vec![OutputPart::text("Well, no"), refused("No")];
    assert_eq!(items(&events), vec![OutputKind::Message(parts)]);
}

#[test]
fn references_of_all_kinds() {
    let url = |url: &str, title: Option<&str>, end_index| Citation::Url {
        url: url.to_owned(),
        title: title.map(str::to_owned),
        end_index,
    };
    let events = convert(&[
        json!({"citations": ["https://a.example"], "choices": [{"delta": {"content": ""}}]}),
        json!({"citations": ["https://a.example"], "choices": [{"delta": {"content": "See"}}]}),
        delta(json!({"annotations": [
            {"type": "url_citation", "url_citation":
                {"url": "https://b.example", "title": "B", "start_index": 0, "end_index": 3.0}},
            {"type": "url_citation", "url": "https://c.example"},
            {"type": "url_citation"},
            {"type": "new_kind", "x": 1},
            null,
        ]})),
        json!({
            "citations": ["https://a.example", "https://b.example", "https://d.example", "", 7],
            "search_results": [{"title": "D", "url": "https://d.example", "date": null}],
            "choices": [{"delta": {"annotations": null}, "finish_reason": "stop"}],
        }),
    ]);
    let expected = vec![
        url("https://a.example", None, None),
        url("https://b.example", Some("B"), Some(3)),
        url("https://c.example", None, None),
        Citation::Other(json!({"type": "new_kind", "x": 1})),
        url("https://d.example", Some("D"), None),
    ];
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            ModelEvent::Annotation { citation, .. } => Some(citation.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(told, expected);
    let part = OutputPart::Text { text: "See".into(), citations: expected };
    assert_eq!(items(&events), vec![OutputKind::Message(vec![part])]);
}

proptest! {
    #[test]
    fn it_does_not_matter_how_an_answer_is_cut(
        text in "[ \n]{0,2}(<think>)?[a</ é\n]{0,12}(</think>)?[ \n]{0,2}[a<>é ]{0,12}",
        cuts in prop::collection::vec(1_usize..6, 1..8),
        tags in any::<bool>(),
    ) {
        let quirks = Quirks { think_tags: tags, ..quirks() };
        let chars: Vec<char> = text.chars().collect();
        let mut rest = chars.as_slice();
        let mut chunks = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            rest = more;
            chunks.push(delta(json!({"content": piece.iter().collect::<String>()})));
        }
        chunks.push(end("stop"));
        let cut = convert_with(quirks, &chunks).unwrap();
        let whole = convert_with(quirks, &[delta(json!({"content": text})), end("stop")]).unwrap();
        prop_assert_eq!(done(&cut), done(&whole));
    }
}
