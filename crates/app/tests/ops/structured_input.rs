//! `threads.add_structured_input`.

use std::{sync::Barrier, thread};

use serde_json::{Value, json};

use crate::common::{Server, kinds, message_item, op, script, string, text_of};

/// A thread that asks three questions and says `thanks` when it goes on.
fn asking(server: &Server) -> String {
    let resume = json!({"steps": [{"event": {"type": "thread.item.done",
        "item": message_item("msg_thanks", "thanks")}}]});
    server.thread(&script(json!([
        {"thread": {"metadata": {"on_resume": resume}}},
        {"event": {"type": "thread.item.done", "item": {
            "type": "structured_input", "id": "si", "thread_id": "$THREAD",
            "created_at": "2026-01-01T00:00:00Z",
            "inputs": [
                {"type": "multiple_choice", "id": "one", "question": "1?",
                 "options": [{"value": "a"}, {"value": "b"}]},
                {"type": "multiple_choice", "id": "many", "question": "2?", "multiple": true,
                 "options": [{"value": "a"}, {"value": "b"}]},
                {"type": "freeform", "id": "free", "question": "3?", "description": "d"},
            ],
        }}},
    ])))
}

fn submit(thread: &str, item: &str, input: Value) -> Value {
    op(
        "threads.add_structured_input",
        json!({"thread_id": thread, "item_id": item, "input": input}),
    )
}

fn answers(item: &Value) -> Vec<Value> {
    item["inputs"].as_array().unwrap().iter().map(|input| input["answer"].clone()).collect()
}

#[test]
fn the_answers_are_recorded_and_the_assistant_goes_on() {
    let server = Server::playback();
    let thread = asking(&server);
    assert_eq!(server.items(&thread)[1]["status"], "pending");
    let events = server.events(&submit(
        &thread,
        "si",
        json!({"status": "answered", "answers": {
            "one": {"values": ["b", "a"]},
            "many": {"values": ["a", "b"]},
            "free": {"values": ["text"]},
            "unknown": {"values": ["x"]},
        }}),
    ));
    assert_eq!(kinds(&events), ["stream_options", "thread.item.replaced", "thread.item.done"]);
    let answered = &events[1]["item"];
    assert_eq!(answered["status"], "answered");
    assert_eq!(
        answers(answered),
        [
            json!({"values": ["b"], "skipped": false}),
            json!({"values": ["a", "b"], "skipped": false}),
            json!({"values": ["text"], "skipped": false}),
        ],
    );
    let items = server.items(&thread);
    assert_eq!(items.len(), 3);
    assert_eq!(items[1], *answered);
    assert_eq!(text_of(&items[2]), "thanks");
}

#[test]
fn what_was_left_out_counts_as_skipped() {
    let skipped = json!({"values": [], "skipped": true});
    let given = json!({"values": ["a"], "skipped": false});
    for (input, status, expected) in [
        (json!({}), "answered", [&skipped, &skipped, &skipped]),
        (json!({"answers": {"one": {"values": ["a"]}}}), "answered", [&given, &skipped, &skipped]),
        (
            json!({"answers": {"one": {"values": ["a"], "skipped": true}, "many": {"values": []}}}),
            "answered",
            [&skipped, &skipped, &skipped],
        ),
        (
            json!({"status": "skipped", "answers": {"one": {"values": ["a"]}}}),
            "skipped",
            [&skipped, &skipped, &skipped],
        ),
    ] {
        let server = Server::playback();
        let thread = asking(&server);
        let events = server.events(&submit(&thread, "si", input.clone()));
        assert_eq!(events[1]["item"]["status"], status, "{input}");
        assert_eq!(answers(&events[1]["item"]).iter().collect::<Vec<_>>(), expected, "{input}");
    }
}

#[test]
fn questions_are_answered_once() {
    let server = Server::playback();
    let thread = asking(&server);
    server.events(&submit(&thread, "si", json!({"answers": {"free": {"values": ["first"]}}})));
    let before = server.items(&thread);
    let events =
        server.events(&submit(&thread, "si", json!({"answers": {"free": {"values": ["second"]}}})));
    assert_eq!(
        events,
        [json!({"type": "error", "code": "custom", "allow_retry": false,
                "message": "item `si` does not wait for an answer"})],
    );
    assert_eq!(server.items(&thread), before);
}

#[test]
fn only_an_item_with_questions_can_be_answered() {
    let server = Server::playback();
    let thread = asking(&server);
    let message = string(&server.items(&thread)[0], "id").to_owned();
    for (item, problem) in [(&*message, "params.item_id"), ("si_unknown", "`si_unknown` not found")]
    {
        let events = server.events(&submit(&thread, item, json!({})));
        assert_eq!(kinds(&events), ["error"], "{events:?}");
        assert!(string(&events[0], "message").contains(problem), "{events:?}");
    }
    assert_eq!(server.items(&thread)[1]["status"], "pending");
}

/// Of two submissions at the same time exactly one is recorded, and its answer is complete.
#[test]
fn a_double_submission_is_recorded_once() {
    for path in [None, Some("chat.db")] {
        let folder = tempfile::tempdir().unwrap();
        let server = match path {
            None => Server::playback(),
            Some(name) => Server::sqlite(&folder.path().join(name)),
        };
        for _ in 0..20 {
            let thread = asking(&server);
            let together = Barrier::new(2);
            let outcomes = thread::scope(|scope| {
                let submit_one = |value: &'static str| {
                    let (server, thread, together) = (&server, &thread, &together);
                    scope.spawn(move || {
                        let connection = server.connect();
                        let input = json!({"answers": {"free": {"values": [value]}}});
                        together.wait();
                        connection.stream(&submit(thread, "si", input)).rest()
                    })
                };
                [submit_one("x"), submit_one("y")].map(|submitted| submitted.join().unwrap())
            });
            let winners: Vec<&Vec<Value>> = outcomes
                .iter()
                .filter(|events| kinds(events).contains(&"thread.item.replaced"))
                .collect();
            assert_eq!(winners.len(), 1, "{outcomes:?}");
            let loser = outcomes.iter().find(|events| *events != winners[0]).unwrap();
            assert_eq!(kinds(loser), ["error"], "{outcomes:?}");

            let items = server.items(&thread);
            assert_eq!(items[1], winners[0][1]["item"]);
            // The submission that is refused must not cut short the answer to the one that counts.
            assert_eq!(
                kinds(winners[0]),
                ["stream_options", "thread.item.replaced", "thread.item.done"],
            );
            assert_eq!(items.len(), 3);
        }
    }
}
