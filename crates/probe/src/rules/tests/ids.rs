use serde_json::json;

use super::{Error, Note, Warning, check, streams::*};

#[test]
fn id_clash() {
    let clash = whole().set(3, "/item/id", json!("msg_1"));
    clash.finds(&[("id-clash", Error, Some(3))]);
    assert_eq!(
        clash.found()[0].seen,
        "assistant_message `msg_1` has the id of the user_message of frame 1"
    );
    create().with(|events| events.extend(reply("msg_2", &["Once more"]))).finds(&[(
        "id-clash",
        Error,
        Some(11),
    )]);
    workflow()
        .with(|events| events[6]["item"] = message("wf_1", &["x"]))
        .finds(&[("id-clash", Error, Some(6)), ("task-lost", Warning, Some(6))]);
}

#[test]
fn id_empty() {
    whole().set(3, "/item/id", json!("")).finds(&[("id-empty", Error, Some(3))]);
}

#[test]
fn id_reserved_prefix() {
    for id in ["client_1", "@@__oai_ckst__@@:1"] {
        let reserved = whole().set(3, "/item/id", json!(id));
        reserved.finds(&[("id-reserved-prefix", Error, Some(3))]);
        assert_eq!(reserved.found()[0].seen, format!("item.id is `{id}`"));
    }
}

#[test]
fn id_placeholder() {
    whole().set(3, "/item/id", json!("__fake_id__")).finds(&[("id-placeholder", Error, Some(3))]);
}

#[test]
fn thread_id_differs() {
    whole().set(3, "/item/thread_id", json!("thr_2")).finds(&[(
        "thread-id-differs",
        Error,
        Some(3),
    )]);
    add().set(7, "/item/thread_id", json!("thr_2")).finds(&[("thread-id-differs", Error, Some(7))]);
    let other = create().set(10, "/thread/id", json!("thr_2"));
    other.finds(&[("thread-id-differs", Warning, Some(10))]);
    assert_eq!(other.found()[0].seen, "thread.id of thread is `thr_2`, the thread is `thr_1`");
}

#[test]
fn event_id_twice() {
    let mut recording = create().recording();
    recording.frames[5].id = Some("run.4".to_owned());
    super::assert_found(&check(&recording), &[("event-id-twice", Warning, Some(5))]);
}

#[test]
fn date_without_offset() {
    let local = whole().set(3, "/item/created_at", json!("2026-01-31T09:30:00.123456"));
    local.finds(&[("date-without-offset", Warning, Some(3))]);
    assert_eq!(
        local.found()[0].seen,
        "item.created_at of assistant_message `msg_2` is \"2026-01-31T09:30:00.123456\""
    );
    create().set(0, "/thread/created_at", json!("2026-01-31T09:30:00")).finds(&[(
        "date-without-offset",
        Warning,
        Some(0),
    )]);
}

#[test]
fn bad_date() {
    for bad in [json!("31.01.2026"), json!(1_769_851_800), json!("2026-01-31 09:30:00Z"), json!({})]
    {
        whole().set(3, "/item/created_at", bad).finds(&[("bad-date", Error, Some(3))]);
    }
}

#[test]
fn created_at_changes() {
    create().set(9, "/item/created_at", json!("2026-01-31T09:30:01Z")).finds(&[(
        "created-at-changes",
        Note,
        Some(9),
    )]);
}

#[test]
fn hidden_item_leaked() {
    let mut hidden = item("hid_1", "hidden_context_item");
    hidden["content"] = json!("secret");
    let mut note = item("hid_2", "sdk_hidden_context");
    note["content"] = json!("cancelled");
    for leaked in [hidden, note] {
        create().with(|events| events.push(done(leaked.clone()))).finds(&[(
            "hidden-item-leaked",
            Error,
            Some(11),
        )]);
        create().with(|events| events.insert(3, added(leaked.clone()))).finds(&[(
            "hidden-item-leaked",
            Error,
            Some(3),
        )]);
        create().set(10, "/thread/items/data", json!([leaked])).finds(&[(
            "hidden-item-leaked",
            Error,
            Some(10),
        )]);
    }
}

#[test]
fn metadata_leaked() {
    let leaked = create().set(10, "/thread/metadata", json!({"owner": "u1"}));
    leaked.finds(&[("metadata-leaked", Warning, Some(10))]);
    assert_eq!(leaked.found()[0].seen, "thread.metadata has owner");
    let file = json!({"type": "file", "id": "atc_1", "name": "a.txt", "mime_type": "text/plain",
        "metadata": {"path": "/a"}});
    create().set(1, "/item/attachments", json!([file])).finds(&[(
        "metadata-leaked",
        Warning,
        Some(1),
    )]);
}

#[test]
fn empty_page_with_more() {
    create().set(10, "/thread/items/has_more", json!(true)).finds(&[(
        "empty-page-with-more",
        Error,
        Some(10),
    )]);
}
