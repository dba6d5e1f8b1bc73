//! Messages of the model's.

use std::collections::HashSet;

use chatkit_agents::model::{ModelEvent, OutputKind, OutputPart};
use chatkit_server::protocol::ThreadItem;

use crate::stage::{answer_to, delta_of, kinds, message, model, said};

#[tokio::test]
async fn a_text_is_streamed_into_one_part() {
    let (events, stored) = answer_to(model(said(0, &["Hel", "lo"]))).await;
    assert_eq!(kinds(&events), ["added", "part", "delta", "delta", "part done", "done"]);
    assert_eq!(events[0]["item"]["content"], serde_json::json!([]));
    assert_eq!(events[2]["update"]["delta"], "Hel");
    assert_eq!(events[4]["update"]["content"]["text"], "Hello");
    let ids: HashSet<_> = events.iter().map(|event| event["item_id"].as_str()).collect();
    assert_eq!(ids.len(), 2, "one id, and none of added and done: {ids:?}");
    assert_eq!(events[0]["item"]["created_at"], events[5]["item"]["created_at"]);
    let [ThreadItem::AssistantMessage(stored)] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!(stored.text(), "Hello");
}

#[tokio::test]
async fn two_messages_have_two_ids_whatever_the_provider_calls_them() {
    let both = [said(0, &["a"]), said(1, &["b"])].concat();
    let (_, stored) = answer_to(model(both)).await;
    assert_eq!(stored.len(), 2);
    assert_ne!(stored[0].id(), stored[1].id());
}

#[tokio::test]
async fn the_items_of_the_next_answer_are_others() {
    let mut run = model(said(0, &["first"]));
    run.pop();
    run.extend(model(said(0, &["second"])));
    let (_, stored) = answer_to(run).await;
    let texts: Vec<_> = stored.iter().map(text).collect();
    assert_eq!(texts, ["first", "second"]);
}

#[tokio::test]
async fn deltas_alone_make_a_whole_message() {
    let (events, stored) = answer_to(model(vec![delta_of(3, "Hel"), delta_of(3, "lo")])).await;
    assert_eq!(kinds(&events), ["added", "part", "delta", "delta", "part done", "done"]);
    assert_eq!(text(&stored[0]), "Hello");
}

#[tokio::test]
async fn an_item_that_is_only_done_is_shown() {
    let done = ModelEvent::ItemDone { item: 0, output: message("whole") };
    let (events, stored) = answer_to(model(vec![done])).await;
    assert_eq!(kinds(&events), ["done"]);
    assert_eq!(text(&stored[0]), "whole");
}

#[tokio::test]
async fn a_refusal_is_streamed() {
    let (events, stored) = answer_to(model(vec![
        ModelEvent::ItemAdded { item: 0, output: OutputKind::Message(Vec::new()).into() },
        ModelEvent::PartAdded { item: 0, part: 0, content: OutputPart::Refusal(String::new()) },
        delta_of(0, "I can"),
        delta_of(0, "not"),
        ModelEvent::TextDone { item: 0, part: 0, text: "I cannot".to_owned() },
        ModelEvent::ItemDone {
            item: 0,
            output: OutputKind::Message(vec![OutputPart::Refusal("I cannot".to_owned())]).into(),
        },
    ]))
    .await;
    assert_eq!(kinds(&events), ["added", "part", "delta", "delta", "part done", "done"]);
    assert_eq!(text(&stored[0]), "I cannot");
}

#[tokio::test]
async fn what_the_deltas_lost_the_end_brings() {
    let (events, stored) = answer_to(model(vec![
        delta_of(0, "Hel"),
        ModelEvent::ItemDone { item: 0, output: message("Hello") },
    ]))
    .await;
    assert_eq!(kinds(&events), ["added", "part", "delta", "part done", "done"]);
    assert_eq!(events[3]["update"]["content"]["text"], "Hello");
    assert_eq!(text(&stored[0]), "Hello");
}

#[tokio::test]
async fn an_absurd_part_is_left_out() {
    let absurd = ModelEvent::TextDelta { item: 0, part: usize::MAX, delta: "x".to_owned() };
    let (events, stored) = answer_to(model(vec![delta_of(0, "a"), absurd])).await;
    assert_eq!(kinds(&events), ["added", "part", "delta", "part done", "done"]);
    assert_eq!(text(&stored[0]), "a");
}

fn text(item: &ThreadItem) -> String {
    match item {
        ThreadItem::AssistantMessage(message) => message.text(),
        other => panic!("expected a message, found {other:?}"),
    }
}

#[tokio::test]
async fn an_end_without_a_text_takes_nothing_away() {
    let (events, stored) = answer_to(model(vec![
        delta_of(0, "all of it"),
        ModelEvent::TextDone { item: 0, part: 0, text: String::new() },
        ModelEvent::PartDone { item: 0, part: 0, content: OutputPart::text("") },
        ModelEvent::ItemDone { item: 0, output: message("") },
    ]))
    .await;
    assert_eq!(kinds(&events), ["added", "part", "delta", "part done", "done"]);
    assert_eq!(events[3]["update"]["content"]["text"], "all of it");
    assert_eq!(text(&stored[0]), "all of it");
}

#[tokio::test]
async fn what_comes_after_the_end_makes_no_second_message() {
    let mut answer = said(0, &["once"]);
    answer.extend([
        ModelEvent::TextDone { item: 0, part: 0, text: "once".to_owned() },
        ModelEvent::PartDone { item: 0, part: 0, content: OutputPart::text("once") },
        ModelEvent::ItemDone { item: 0, output: message("once") },
    ]);
    let (events, stored) = answer_to(model(answer)).await;
    assert_eq!(kinds(&events), ["added", "part", "delta", "part done", "done"]);
    assert_eq!(stored.len(), 1);
}
