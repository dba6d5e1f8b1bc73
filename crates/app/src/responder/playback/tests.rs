mod wrong_scripts;

use std::time::Duration;

use chatkit_server::{
    Owner, PageRequest, Visibility,
    protocol::{Order, ThreadItem},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::responder::testing::{Chat, Reply};

async fn play(steps: Value) -> Reply {
    Chat::new(Playback).say(&json!({ "steps": steps }).to_string()).await
}

fn assistant(id: &str, text: &str) -> Value {
    json!({
        "type": "assistant_message", "id": id, "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z",
        "content": [{ "type": "output_text", "text": text, "annotations": [] }],
    })
}

fn done(item: &Value) -> Value {
    json!({ "event": { "type": "thread.item.done", "item": item } })
}

fn progress(text: &str) -> Value {
    json!({ "event": { "type": "progress_update", "text": text } })
}

#[tokio::test]
async fn events_are_yielded_as_they_stand() {
    let notice = json!({ "type": "notice", "level": "info", "message": "m", "title": "t" });
    let effect = json!({ "type": "client_effect", "name": "n", "data": { "a": [1, null] } });
    let reply = play(json!([{ "event": notice }, { "event": effect }])).await;
    assert_eq!(reply, Reply(vec![notice, effect]));
}

#[tokio::test]
async fn the_threads_id_is_put_in_everywhere() {
    let mut chat = Chat::new(Playback);
    let data = json!({ "$THREAD": ["a $THREAD b $THREAD", { "x $THREAD": 1 }], "other": "$THREA" });
    let effect = json!({ "event": { "type": "client_effect", "name": "$THREAD", "data": data } });
    let thread = json!({ "thread": { "title": "$THREAD" } });
    let text = json!({ "text": { "deltas": 1, "delta": "$THREAD" } });
    let steps = json!([effect, thread, text]);
    let reply = chat.say(&json!({ "steps": steps }).to_string()).await;
    let id = chat.thread();
    let data = json!({
        id: [format!("a {id} b {id}"), { format!("x {id}"): 1 }], "other": "$THREA",
    });
    assert_eq!(reply.0[0], json!({ "type": "client_effect", "name": id, "data": data }));
    assert_eq!(reply.text(), id);
    assert_eq!(chat.get().await["title"], id);
}

#[tokio::test(start_paused = true)]
async fn sleeping_takes_its_time() {
    let start = Instant::now();
    let reply = play(json!([{ "sleep_ms": 70 }, progress("a"), { "sleep_ms": 30 }])).await;
    assert_eq!(reply.kinds(), ["progress_update"]);
    assert!(start.elapsed() >= Duration::from_millis(100), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_change_of_the_thread_is_announced_after_the_next_event() {
    let change = json!({ "thread": { "title": "T", "status": { "type": "locked", "reason": "r" },
        "allowed_image_domains": ["a.example"] } });
    let mut chat = Chat::new(Playback);
    let steps = json!([progress("a"), change, progress("b"), progress("c")]);
    let reply = chat.say(&json!({ "steps": steps }).to_string()).await;
    assert_eq!(
        reply.kinds(),
        ["progress_update", "progress_update", "thread.updated", "progress_update"]
    );
    let thread = chat.get().await;
    assert_eq!(thread["title"], "T");
    assert_eq!(thread["status"], json!({ "type": "locked", "reason": "r" }));
    assert_eq!(thread["allowed_image_domains"], json!(["a.example"]));
}

#[tokio::test]
async fn a_change_of_the_thread_takes_null_and_leaves_what_it_does_not_name() {
    let mut chat = Chat::new(Playback);
    for (change, title, domains) in [
        (json!({ "title": "T", "allowed_image_domains": ["d"] }), Some("T"), true),
        (json!({ "title": null }), None, true),
        (json!({ "title": "U", "allowed_image_domains": null }), Some("U"), false),
        (json!({}), Some("U"), false),
    ] {
        chat.say(&json!({ "steps": [{ "thread": change }] }).to_string()).await;
        let thread = chat.get().await;
        assert_eq!(thread.get("title").and_then(Value::as_str), title, "{change}");
        assert_eq!(thread.get("allowed_image_domains").is_some(), domains, "{change}");
    }
}

#[tokio::test]
async fn metadata_is_merged_in() {
    let mut chat = Chat::new(Playback);
    for metadata in [json!({ "a": 1, "b": 1 }), json!({ "b": null, "c": 2 })] {
        let steps = json!([{ "thread": { "metadata": metadata } }]);
        chat.say(&json!({ "steps": steps }).to_string()).await;
    }
    let store = chat.chatkit().store();
    let thread = store.load_thread(&Default::default(), &chat.thread().into()).await.unwrap();
    assert_eq!(Value::Object(thread.metadata), json!({ "a": 1, "b": null, "c": 2 }));
}

#[tokio::test]
async fn a_text_is_streamed_delta_by_delta() {
    let reply = play(json!([{ "text": { "deltas": 3, "delta": " token" } }])).await;
    let part = |text: &str| json!({ "type": "output_text", "annotations": [], "text": text });
    let id = &reply.0[0]["item"]["id"];
    let update = |update| json!({ "type": "thread.item.updated", "item_id": id, "update": update });
    let delta = update(json!({
        "type": "assistant_message.content_part.text_delta", "content_index": 0, "delta": " token",
    }));
    let item = |content| {
        json!({
            "type": "assistant_message", "id": id, "thread_id": reply.0[0]["item"]["thread_id"],
            "created_at": reply.0[0]["item"]["created_at"], "content": content,
        })
    };
    let added = update(json!({
        "type": "assistant_message.content_part.added", "content_index": 0, "content": part(""),
    }));
    let part_done = update(json!({
        "type": "assistant_message.content_part.done", "content_index": 0,
        "content": part(" token token token"),
    }));
    let whole = item(json!([part(" token token token")]));
    let expected = vec![
        json!({ "type": "thread.item.added", "item": item(json!([])) }),
        added,
        delta.clone(),
        delta.clone(),
        delta,
        part_done,
        json!({ "type": "thread.item.done", "item": whole }),
    ];
    assert_eq!(reply, Reply(expected));
}

#[tokio::test(start_paused = true)]
async fn the_gaps_of_a_text_lie_between_its_deltas() {
    for (deltas, gaps) in [(0, 0), (1, 0), (2, 1), (5, 4)] {
        let start = Instant::now();
        let text = json!({ "text": { "deltas": deltas, "delta": "x", "gap_ms": 20 } });
        let reply = play(json!([text])).await;
        assert_eq!(reply.text(), "x".repeat(deltas));
        // A timer may fire a millisecond late.
        let gaps_ms = start.elapsed().as_millis();
        assert!((gaps * 20..=gaps * 21).contains(&gaps_ms), "{deltas} deltas took {gaps_ms} ms");
    }
}

#[tokio::test]
async fn twenty_thousand_deltas_arrive() {
    let reply = play(json!([{ "text": { "deltas": 20_000, "delta": "ab" } }])).await;
    assert_eq!(reply.text().len(), 40_000);
    let deltas = reply.0.iter().filter_map(|event| event["update"]["delta"].as_str());
    assert_eq!(deltas.map(str::len).sum::<usize>(), 40_000);
}

fn card(text: &str) -> Value {
    json!({ "type": "Card", "children": [{ "type": "Text", "id": "t", "value": text }] })
}

#[tokio::test]
async fn one_root_is_a_finished_widget() {
    let reply = play(json!([{ "widget": [card("a")], "copy_text": "plain" }, progress("b")])).await;
    assert_eq!(reply.kinds(), ["thread.item.done", "progress_update"]);
    assert_eq!(reply.0[0]["item"]["widget"], card("a"));
    assert_eq!(reply.0[0]["item"]["copy_text"], "plain");
}

#[tokio::test]
async fn several_roots_are_a_streamed_widget() {
    let mut chat = Chat::new(Playback);
    let roots = json!([card("a"), card("ab"), card("ab"), card("c")]);
    let step = json!({ "widget": roots, "copy_text": "plain" });
    let reply = chat.say(&json!({ "steps": [step] }).to_string()).await;
    assert_eq!(
        reply.kinds(),
        [
            "thread.item.added",
            "widget.streaming_text.value_delta",
            "widget.component.updated",
            "thread.item.done"
        ]
    );
    assert_eq!(reply.0[0]["item"]["widget"], card("a"));
    assert_eq!(reply.0[1]["update"]["delta"], "b");
    let item = &reply.0[3]["item"];
    assert_eq!((&item["widget"], &item["copy_text"]), (&card("c"), &json!("plain")));
    assert_eq!(&chat.get().await["items"]["data"][1], item);
}

#[tokio::test]
async fn a_failure_ends_the_script() {
    let custom = |message, retry| json!({ "type": "error", "code": "custom", "message": message, "allow_retry": retry });
    let coded = |code, retry| json!({ "type": "error", "code": code, "allow_retry": retry });
    for (failure, expected) in [
        (json!({ "message": "boom" }), custom("boom", false)),
        (json!({ "message": "boom", "allow_retry": true }), custom("boom", true)),
        (json!({ "message": "", "code": "stream.error" }), custom("", false)),
        (json!({ "code": "stream.error" }), coded("stream.error", true)),
        (json!({ "code": "stream.error", "allow_retry": false }), coded("stream.error", false)),
        (json!({ "code": "rate_limited" }), coded("rate_limited", false)),
        (json!({}), coded("stream.error", true)),
    ] {
        let steps = json!([progress("a"), { "fail": failure }, progress("b")]);
        let reply = play(steps).await;
        assert_eq!(reply.kinds(), ["progress_update", "error"], "{failure}");
        assert_eq!(reply.0[1], expected, "{failure}");
    }
}

#[tokio::test]
async fn without_a_message_the_thread_says_what_to_play() {
    let script = json!({ "steps": [{ "text": { "deltas": 1, "delta": "resumed in $THREAD" } }] });
    for on_resume in [script.clone(), Value::String(script.to_string())] {
        let mut chat = Chat::new(Playback);
        let call = json!({
            "type": "client_tool_call", "id": "tc", "thread_id": "$THREAD", "call_id": "c",
            "created_at": "2026-01-01T00:00:00Z", "name": "n", "arguments": {},
        });
        let resume = json!({ "thread": { "metadata": { "on_resume": on_resume } } });
        chat.say(&json!({ "steps": [resume, done(&call)] }).to_string()).await;
        let output = json!({ "thread_id": chat.thread(), "result": { "ok": true } });
        let reply = chat.stream("threads.add_client_tool_output", output).await;
        assert_eq!(reply.text(), format!("resumed in {}", chat.thread()));
    }
}

#[tokio::test]
async fn without_a_message_and_without_a_script_nothing_is_played() {
    let mut chat = Chat::new(Playback);
    let questions = json!({
        "type": "structured_input", "id": "q", "thread_id": "$THREAD",
        "created_at": "2026-01-01T00:00:00Z",
        "inputs": [{ "type": "freeform", "id": "f", "question": "?" }],
    });
    chat.say(&json!({ "steps": [done(&questions)] }).to_string()).await;
    let params = json!({ "thread_id": chat.thread(), "item_id": "q", "input": { "answers": {} } });
    let reply = chat.stream("threads.add_structured_input", params).await;
    assert_eq!(reply.kinds(), ["stream_options", "thread.item.replaced"]);
}

#[tokio::test]
async fn an_action_plays_its_payload() {
    let mut chat = Chat::new(Playback);
    chat.say(r#"{"steps": []}"#).await;
    let reply = chat.act("anything", json!({ "steps": [progress("a")], "form": 1 })).await;
    assert_eq!(reply.kinds(), ["progress_update"]);
    let reply = chat.act("anything", Value::Null).await;
    assert!(reply.text().ends_with("`script`: expected an object with `steps`, found null"));
}

#[tokio::test]
async fn a_sync_action_answers_with_its_item() {
    let mut chat = Chat::new(Playback);
    chat.say(r#"{"steps": []}"#).await;
    let (status, body) =
        chat.act_sync(None, "x", json!({ "updated_item": assistant("a", "in $THREAD") })).await;
    assert_eq!(status, 200);
    assert_eq!(body["updated_item"]["content"][0]["text"], format!("in {}", chat.thread()));

    for nothing in [json!({}), Value::Null, json!("text"), json!({ "updated_item": null })] {
        assert_eq!(chat.act_sync(None, "x", nothing).await, (200, json!({})));
    }

    let wrong = json!({ "updated_item": { "type": "task", "id": "t", "thread_id": "t" } });
    let (status, body) = chat.act_sync(None, "x", wrong).await;
    assert_eq!(status, 422);
    assert_eq!(body["message"], "params.action.payload.updated_item.created_at: missing field");
}

#[tokio::test]
async fn a_transcription_says_what_came() {
    let chat = Chat::new(Playback);
    let audio = json!({ "audio_base64": "AAECAw==", "mime_type": "audio/webm;codecs=opus" });
    let answer = chat.json("input.transcribe", audio).await;
    assert_eq!(answer, (200, json!({ "text": "audio/webm 4" })));
}

#[tokio::test]
async fn tags_are_no_part_of_a_script() {
    let mut chat = Chat::new(Playback);
    let script = json!({ "steps": [progress("a")] }).to_string();
    let (first, second) = script.split_at(5);
    let reply = chat
        .send(json!({ "content": [
            { "type": "input_text", "text": first },
            { "type": "input_tag", "id": "i", "text": "Oslo" },
            { "type": "input_text", "text": second },
        ] }))
        .await;
    assert_eq!(reply.kinds(), ["progress_update"]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_script_stops_and_keeps_what_was_seen() {
    let mut chat = Chat::new(Playback);
    chat.say(r#"{"steps": []}"#).await;
    let text = json!({ "text": { "deltas": 2, "delta": "half ", "gap_ms": 3_600_000 } });
    let script = json!({ "steps": [text] }).to_string();
    let input = json!({ "content": [{ "type": "input_text", "text": script }] });
    let params = json!({ "thread_id": chat.thread(), "input": input });
    let shut_down = async {
        // Time stands still until the script waits after its first delta.
        tokio::time::sleep(Duration::from_secs(1)).await;
        chat.chatkit().shut_down(Duration::ZERO).await;
    };
    let (reply, ()) = tokio::join!(chat.stream("threads.add_user_message", params), shut_down);
    let kinds = reply.kinds();
    let text_delta = "assistant_message.content_part.text_delta";
    assert_eq!(kinds[kinds.len() - 3..], [text_delta, "thread.item.done", "error"]);
    let thread_id = chat.thread().into();
    let page = PageRequest::first(1, Order::Desc);
    let store = chat.chatkit().store();
    let owner = Owner::default();
    let items = store.load_thread_items(&owner, &thread_id, &page, Visibility::Visible).await;
    let last = items.unwrap().data.pop();
    let Some(ThreadItem::AssistantMessage(kept)) = last else { panic!("a message: {last:?}") };
    assert_eq!(kept.text(), "half ");
}
