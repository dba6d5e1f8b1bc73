use chatkit_protocol::{
    Annotation, AssistantMessageContent, ItemId, ThreadItem, ThreadItemUpdate, ThreadStreamEvent,
    UrlSource,
};
use serde_json::{Value, json};

use super::{TurnState, Violation, Write};

#[allow(clippy::needless_pass_by_value, reason = "reads better where it is called")]
fn item(kind: &str, id: &str, fields: Value) -> ThreadItem {
    let mut item = json!({
        "type": kind, "id": id, "thread_id": "thr_1", "created_at": "2026-01-01T00:00:00Z",
    });
    item.as_object_mut().unwrap().extend(fields.as_object().cloned().unwrap());
    serde_json::from_value(item).unwrap()
}

fn message(id: &str, texts: &[&str]) -> ThreadItem {
    let content: Vec<_> = texts.iter().map(|text| AssistantMessageContent::text(*text)).collect();
    item("assistant_message", id, json!({ "content": content }))
}

fn tool_call(id: &str, status: &str) -> ThreadItem {
    item(
        "client_tool_call",
        id,
        json!({"status": status, "call_id": id, "name": "t", "arguments": {}}),
    )
}

fn update(id: &str, update: Value) -> ThreadStreamEvent {
    ThreadStreamEvent::updated(id.into(), serde_json::from_value(update).unwrap())
}

fn delta(id: &str, index: usize, delta: &str) -> ThreadStreamEvent {
    let delta = delta.to_owned();
    let update =
        ThreadItemUpdate::AssistantMessageContentPartTextDelta { content_index: index, delta };
    ThreadStreamEvent::updated(id.into(), update)
}

/// Applies events and returns what would be written and sent.
fn play(
    turn: &mut TurnState,
    events: impl IntoIterator<Item = ThreadStreamEvent>,
) -> (Vec<Write>, Vec<ThreadStreamEvent>) {
    let (mut writes, mut sent) = (Vec::new(), Vec::new());
    for event in events {
        let effects = turn.apply(event).unwrap();
        match &effects.write {
            Some(Write::Save(item)) => turn.written(item.id()),
            Some(Write::Delete(id)) => turn.written(id),
            None => {}
        }
        writes.extend(effects.write);
        sent.extend(effects.send);
    }
    (writes, sent)
}

fn pending(events: impl IntoIterator<Item = ThreadStreamEvent>) -> Vec<ThreadItem> {
    let mut turn = TurnState::default();
    play(&mut turn, events);
    turn.take_pending_items()
}

mod persistence {
    use super::*;

    #[test]
    fn added_is_shown_and_not_written() {
        let added = ThreadStreamEvent::added(message("m", &[]));
        let mut turn = TurnState::default();
        assert_eq!(play(&mut turn, [added.clone()]), (vec![], vec![added]));
        assert_eq!(turn.take_pending_items(), [message("m", &[])]);
    }

    #[test]
    fn done_replaced_and_removed_are_written_and_shown() {
        let events = [
            ThreadStreamEvent::done(message("a", &["1"])),
            ThreadStreamEvent::replaced(message("a", &["2"])),
            ThreadStreamEvent::ThreadItemRemoved { item_id: "a".into() },
        ];
        let mut turn = TurnState::default();
        let (writes, sent) = play(&mut turn, events.clone());
        assert_eq!(
            writes,
            [
                Write::Save(message("a", &["1"]).into()),
                Write::Save(message("a", &["2"]).into()),
                Write::Delete("a".into()),
            ],
        );
        assert_eq!(sent, events);
    }

    #[test]
    fn what_is_done_replaced_or_removed_is_pending_no_more() {
        for end in [
            ThreadStreamEvent::done(message("a", &[])),
            ThreadStreamEvent::replaced(message("a", &[])),
            ThreadStreamEvent::ThreadItemRemoved { item_id: "a".into() },
        ] {
            let added = ["a", "b"].map(|id| ThreadStreamEvent::added(message(id, &[])));
            let left = pending(added.into_iter().chain([end]));
            assert_eq!(left, [message("b", &[])]);
        }
    }

    #[test]
    fn other_events_pass() {
        let events = [
            ThreadStreamEvent::progress(None, "…"),
            ThreadStreamEvent::ClientEffect { name: "e".to_owned(), data: serde_json::Map::new() },
            update(
                "unknown",
                json!({"type": "workflow.task.updated", "task_index": 7,
                "task": {"type": "custom"}}),
            ),
        ];
        let mut turn = TurnState::default();
        assert_eq!(play(&mut turn, events.clone()), (vec![], events.to_vec()));
    }
}

mod hidden_items {
    use super::*;

    #[test]
    fn they_are_written_and_never_sent() {
        let hidden = [
            item("hidden_context_item", "h", json!({"content": {"any": 1}})),
            item("sdk_hidden_context", "s", json!({"content": "note"})),
        ];
        for hidden in hidden {
            let mut turn = TurnState::default();
            let id = hidden.id().clone();
            let (writes, sent) = play(
                &mut turn,
                [
                    ThreadStreamEvent::added(hidden.clone()),
                    delta(&id, 0, "leak"),
                    ThreadStreamEvent::done(hidden.clone()),
                    ThreadStreamEvent::replaced(hidden.clone()),
                    delta(&id, 0, "leak"),
                ],
            );
            assert_eq!(writes, [Write::Save(hidden.clone().into()), Write::Save(hidden.into())]);
            assert_eq!(sent, []);
        }
    }
}

mod pending_items {
    use super::*;

    #[test]
    fn messages_follow_parts_deltas_and_annotations() {
        let source =
            UrlSource { title: "t".to_owned(), url: "u".to_owned(), ..UrlSource::default() };
        let note = |index| Annotation { source: source.clone().into(), index: Some(index) };
        let annotated = |at: usize, index| {
            ThreadStreamEvent::updated(
                "m".into(),
                ThreadItemUpdate::AssistantMessageContentPartAnnotationAdded {
                    content_index: 0,
                    annotation_index: at,
                    annotation: Box::new(note(index)),
                },
            )
        };
        let left = pending([
            ThreadStreamEvent::added(message("m", &[])),
            update(
                "m",
                json!({"type": "assistant_message.content_part.added", "content_index": 0,
                "content": {"type": "output_text", "text": "", "annotations": []}}),
            ),
            delta("m", 0, "Hello"),
            delta("m", 0, ", world"),
            annotated(0, 1),
            annotated(9, 3),
            annotated(1, 2),
            update(
                "m",
                json!({"type": "assistant_message.content_part.done", "content_index": 1,
                "content": {"type": "output_text", "text": "second"}}),
            ),
        ]);
        let ThreadItem::AssistantMessage(left) = &left[0] else { panic!("a message: {left:?}") };
        assert_eq!(left.content[0].text, "Hello, world");
        assert_eq!(left.content[0].annotations, [note(1), note(2), note(3)]);
        assert_eq!(left.content[1].text, "second");
    }

    #[test]
    fn parts_that_were_never_announced_are_filled_in() {
        let left = pending([ThreadStreamEvent::added(message("m", &[])), delta("m", 2, "third")]);
        assert_eq!(left, [message("m", &["", "", "third"])]);
    }

    #[test]
    fn an_absurd_index_does_not_fill_the_memory() {
        let left =
            pending([ThreadStreamEvent::added(message("m", &[])), delta("m", usize::MAX, "x")]);
        assert_eq!(left, [message("m", &[])]);
    }

    #[test]
    fn workflows_follow_their_tasks() {
        let task = |title: &str| json!({"type": "custom", "title": title});
        let left = pending([
            ThreadStreamEvent::added(item(
                "workflow",
                "w",
                json!({"workflow": {"type": "custom", "tasks": []}}),
            )),
            update(
                "w",
                json!({"type": "workflow.task.added", "task_index": 0, "task": task("one")}),
            ),
            update(
                "w",
                json!({"type": "workflow.task.added", "task_index": 1, "task": task("two")}),
            ),
            update(
                "w",
                json!({"type": "workflow.task.updated", "task_index": 0, "task": task("uno")}),
            ),
            update(
                "w",
                json!({"type": "workflow.task.updated", "task_index": 9, "task": task("?")}),
            ),
        ]);
        let expected = json!({"workflow": {"type": "custom", "tasks": [task("uno"), task("two")]}});
        assert_eq!(left, [item("workflow", "w", expected)]);
    }

    #[test]
    fn images_follow_their_updates() {
        let image = json!({"id": "i", "url": "data:,2"});
        let left = pending([
            ThreadStreamEvent::added(item("generated_image", "g", json!({}))),
            update(
                "g",
                json!({"type": "generated_image.updated", "image": {"id": "i", "url": "data:,1"}}),
            ),
            update(
                "g",
                json!({"type": "generated_image.updated", "image": image, "progress": 0.5}),
            ),
        ]);
        assert_eq!(left, [item("generated_image", "g", json!({"image": image}))]);
    }

    #[test]
    fn widgets_follow_their_updates() {
        let widget = |text: &str| {
            json!({"widget": {"type": "Card", "children": [
                {"type": "Text", "id": "t", "value": text, "streaming": true}]}})
        };
        let left = pending([
            ThreadStreamEvent::added(item("widget", "w", widget("He"))),
            update(
                "w",
                json!({"type": "widget.streaming_text.value_delta", "component_id": "t",
                "delta": "llo", "done": false}),
            ),
        ]);
        assert_eq!(left, [item("widget", "w", widget("Hello"))]);
    }

    #[test]
    fn added_twice_begins_anew() {
        let left = pending([
            ThreadStreamEvent::added(message("m", &["old"])),
            ThreadStreamEvent::added(message("m", &["new"])),
        ]);
        assert_eq!(left, [message("m", &["new"])]);
    }

    #[test]
    fn only_what_the_user_saw_is_worth_keeping() {
        let keep = [
            message("m", &["", " x "]),
            item("widget", "w", json!({"widget": {"type": "Card"}})),
            item(
                "workflow",
                "w",
                json!({"workflow": {"type": "custom", "tasks": [{"type": "custom"}]}}),
            ),
            item("generated_image", "g", json!({"image": {"id": "i", "url": "u"}})),
            item("task", "t", json!({"task": {"type": "custom"}})),
        ];
        let leave = [
            message("m", &[]),
            message("m", &["", " \n"]),
            item("workflow", "w", json!({"workflow": {"type": "custom", "tasks": []}})),
            item("generated_image", "g", json!({})),
            tool_call("c", "pending"),
            item("end_of_turn", "e", json!({})),
        ];
        assert!(keep.iter().all(super::super::is_worth_keeping));
        assert!(!leave.iter().any(super::super::is_worth_keeping));
    }
}

mod client_tool_calls {
    use super::*;

    #[test]
    fn a_second_call_may_not_wait_beside_the_first() {
        let mut turn = TurnState::default();
        play(&mut turn, [ThreadStreamEvent::done(tool_call("a", "pending"))]);
        let refused = turn.apply(ThreadStreamEvent::done(tool_call("b", "pending"))).unwrap_err();
        let (first, second) = (ItemId::from("a"), ItemId::from("b"));
        assert_eq!(refused, Violation::SecondToolCall { first, second });
    }

    #[test]
    fn a_call_that_was_completed_or_removed_makes_room() {
        for end in [
            ThreadStreamEvent::replaced(tool_call("a", "completed")),
            ThreadStreamEvent::ThreadItemRemoved { item_id: "a".into() },
        ] {
            let mut turn = TurnState::default();
            let first = ThreadStreamEvent::done(tool_call("a", "pending"));
            let again = ThreadStreamEvent::done(tool_call("a", "pending"));
            let second = ThreadStreamEvent::done(tool_call("b", "pending"));
            let (writes, _) = play(&mut turn, [first, again, end, second]);
            assert_eq!(writes.len(), 4);
        }
    }
}
