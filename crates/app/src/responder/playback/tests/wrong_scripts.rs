use serde_json::json;

use super::*;

#[tokio::test]
async fn what_is_no_script_is_told_so() {
    for (text, problem) in [
        ("Hello!", "`script`: expected JSON: expected value at line 1 column 1"),
        ("", "`script`: expected JSON: EOF while parsing a value at line 1 column 0"),
        ("[]", "`script`: expected an object with `steps`, found []"),
        ("{}", "`steps`: missing field"),
        (r#"{"steps": {}}"#, "`steps`: invalid type: map, expected a sequence"),
    ] {
        assert_eq!(refusal(text).await, problem, "{text}");
    }
}

#[tokio::test]
async fn a_wrong_step_is_named_before_any_step_is_played() {
    let one_of = "expected exactly one of `event`, `sleep_ms`, `thread`, `text`, `widget`, `fail`";
    let mut wrong_part = assistant("a", "x");
    wrong_part["content"][0]["text"] = json!(5);
    let mut wrong_source = assistant("a", "x");
    wrong_source["content"][0]["annotations"] = json!([{ "source": { "type": "url" } }]);
    let mut wrong = Vec::new();
    for (step, path, problem) in [
        (json!({}), "", one_of),
        (json!({ "event": null }), "", one_of),
        (json!({ "sleep_ms": 1, "fail": {} }), "", one_of),
        (json!({ "copy_text": "x", "sleep_ms": 1 }), "", "expected `copy_text` beside a `widget`"),
        (json!({ "dance": 1 }), ".dance", "unknown field `dance`"),
        (json!({ "sleep_ms": -1 }), ".sleep_ms", "invalid value: integer `-1`, expected u64"),
        (json!({ "sleep_ms": "1" }), ".sleep_ms", "invalid type: string \"1\", expected u64"),
        (json!({ "text": { "deltas": 1 } }), ".text.delta", "missing field"),
        (json!({ "text": { "deltas": 1, "delta": "x", "gap": 1 } }), ".text.gap", "unknown field"),
        (
            json!({ "text": { "deltas": 99_999_999, "delta": "" } }),
            ".text.deltas",
            "expected at most 10000000 deltas",
        ),
        (
            json!({ "text": { "deltas": 9_999_999, "delta": "x".repeat(50) } }),
            ".text.deltas",
            "expected at most 10000000 deltas and 67108864 bytes of text",
        ),
        (
            json!({ "thread": { "status": { "type": "odd" } } }),
            ".thread.status.type",
            "unknown variant `odd`",
        ),
        (json!({ "widget": [] }), ".widget", "expected at least one widget root"),
        (json!({ "widget": [card("a"), 5] }), ".widget[1]", "expected a widget as a JSON object"),
        (json!({ "fail": { "allow_retry": 1 } }), ".fail.allow_retry", "invalid type: integer `1`"),
        (json!({ "event": { "type": "odd" } }), ".event.type", "unknown variant `odd`"),
        (json!({ "event": {} }), ".event.type", "missing field"),
        (json!({ "event": 5 }), ".event", "invalid type"),
        (json!({ "event": { "type": "progress_update" } }), ".event.text", "missing field"),
        (json!({ "event": { "type": "thread.item.done" } }), ".event.item", "missing field"),
        (done(&json!({ "type": "odd" })), ".event.item.type", "unknown variant `odd`"),
        (done(&json!({ "type": "end_of_turn" })), ".event.item.id", "missing field"),
        (done(&wrong_part), ".event.item.content[0].text", "invalid type: integer `5`"),
        (
            done(&wrong_source),
            ".event.item.content[0].annotations[0].source.title",
            "missing field",
        ),
        (
            json!({ "event": { "type": "thread.item.updated", "item_id": "i", "update": { "type": "workflow.task.added" } } }),
            ".event.update.task_index",
            "missing field",
        ),
        (
            json!({ "event": { "type": "thread.updated", "thread": { "id": "t" } } }),
            ".event.thread.created_at",
            "missing field",
        ),
    ] {
        let text = json!({ "steps": [progress("first"), step] }).to_string();
        let found = refusal(&text).await;
        let expected = format!("`steps[1]{path}`: {problem}");
        if !found.starts_with(&expected) {
            wrong.push(format!("{text}\nexpected {expected}\nfound    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What a text is answered with that is no script.
async fn refusal(text: &str) -> String {
    let mut chat = Chat::new(Playback);
    let reply = chat.say(text).await;
    assert_eq!(reply.kinds(), ["thread.item.done"], "{text}");
    assert_eq!(chat.get().await["items"]["data"].as_array().unwrap().len(), 2, "{text}");
    let answer = reply.text();
    answer.strip_prefix("This text is not a playback script.\n\n").expect(&answer).to_owned()
}
