use serde_json::json;

use super::{Error, Note, Warning, streams::*};

#[test]
fn delta_before_part() {
    let before = create().with(|events| events.swap(4, 5));
    before.finds(&[("delta-before-part", Error, Some(4))]);
    assert_eq!(before.found()[0].seen, "part 0 of `msg_2`");
    let never = create().with(|events| drop(events.remove(4)));
    never.finds(&[("delta-before-part", Error, Some(4))]);
    assert_eq!(never.found()[0].count, 3);
}

#[test]
fn annotation_before_part() {
    citation()
        .with(|events| {
            let annotation = events.remove(6);
            events.insert(4, annotation);
        })
        .finds(&[("annotation-before-part", Error, Some(4))]);
}

#[test]
fn part_added_twice() {
    create().with(|events| events.insert(5, events[4].clone())).finds(&[(
        "part-added-twice",
        Warning,
        Some(5),
    )]);
}

#[test]
fn part_index_gap() {
    let mut exchange = create();
    for event in 4..9 {
        exchange = exchange.set(event, "/update/content_index", json!(1));
    }
    exchange.set(9, "/item/content", json!([content(""), content("Hello you")])).finds(&[(
        "part-index-gap",
        Warning,
        Some(4),
    )]);
}

#[test]
fn part_not_done() {
    create().with(|events| drop(events.remove(8))).finds(&[("part-not-done", Warning, Some(8))]);
}

#[test]
fn part_done_without_added() {
    create().with(|events| drop(events.drain(4..8))).finds(&[(
        "part-done-without-added",
        Warning,
        Some(4),
    )]);
}

#[test]
fn delta_after_part_done() {
    create()
        .with(|events| events.swap(7, 8))
        .finds(&[("text-differs", Error, Some(7)), ("delta-after-part-done", Warning, Some(8))]);
    create().with(|events| events.insert(9, delta("msg_2", 0, "!"))).finds(&[(
        "delta-after-part-done",
        Warning,
        Some(9),
    )]);
}

#[test]
fn text_differs() {
    let lost = create().with(|events| drop(events.remove(6)));
    lost.finds(&[("text-differs", Error, Some(7))]);
    assert_eq!(
        lost.found()[0].seen,
        "part 0 of `msg_2`: 6 characters were shown, 9 are in the end; from character 3 on they \
         are \"you\" and \"lo you\""
    );
    create().set(9, "/item/content/0/text", json!("Hello")).finds(&[(
        "text-differs",
        Error,
        Some(9),
    )]);
    create()
        .set(9, "/item/content", json!([]))
        .finds(&[("empty-message", Note, Some(9)), ("text-differs", Error, Some(9))]);
}

#[test]
fn annotation_lost() {
    citation().set(7, "/update/content/annotations", json!([])).finds(&[(
        "annotation-lost",
        Warning,
        Some(7),
    )]);
    citation().set(8, "/item/content/0/annotations", json!([])).finds(&[(
        "annotation-lost",
        Warning,
        Some(8),
    )]);
}

#[test]
fn annotation_without_index() {
    citation().unset(6, "/update/annotation/index").finds(&[(
        "annotation-without-index",
        Note,
        Some(6),
    )]);
    citation().set(6, "/update/annotation/index", json!(0)).finds(&[(
        "annotation-without-index",
        Warning,
        Some(6),
    )]);
    let mut unplaced = annotation();
    unplaced["index"] = json!(-1);
    whole().set(3, "/item/content/0/annotations", json!([unplaced])).finds(&[(
        "annotation-without-index",
        Warning,
        Some(3),
    )]);
}

#[test]
fn part_without_annotations() {
    let without = create().unset(4, "/update/content/annotations");
    without.finds(&[("part-without-annotations", Error, Some(4))]);
    assert_eq!(
        without.found()[0].seen,
        "update.content.annotations is absent in thread.item.updated"
    );
    create().unset(9, "/item/content/0/annotations").finds(&[(
        "part-without-annotations",
        Error,
        Some(9),
    )]);
}

#[test]
fn a_message_may_begin_with_its_text() {
    create()
        .with(|events| {
            events[3] = added(message("msg_2", &["Hel"]));
            events.drain(4..6);
        })
        .finds(&[]);
}
