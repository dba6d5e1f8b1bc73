//! What was saved comes back as it was.

use chatkit_protocol::{Attachment, HiddenContextItem, ThreadItem, ThreadMetadata};
use serde_json::{Value, json};

use super::{SharedStore, samples::*};

/// Texts that a store with a careless encoding would change.
pub(super) fn unusual_texts() -> Vec<String> {
    let every_ascii: String = (0..128).map(char::from).collect();
    [
        "",
        " leading and trailing ",
        "\0",
        "before\0after",
        "line\nbreak\r\nand\ttab",
        "\u{1f600} \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        "e\u{301} is not \u{e9}",
        "\u{202e}right to left\u{202c}",
        "\u{feff}byte order mark",
        "\u{fffd}\u{ffff}\u{10ffff}",
        "\u{2028}\u{2029}",
        r#"'; DROP TABLE threads; -- "quoted" \back\slash"#,
        "%_*?[a]",
        r#"{"json": null}"#,
        "null",
        "1e400",
        every_ascii.as_str(),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// One item of each kind with every optional field set, and the given text wherever text may stand.
pub(super) fn every_kind(text: &str) -> Vec<ThreadItem> {
    let url = json!({
        "type": "url", "title": text, "url": text, "description": text, "timestamp": text,
        "group": text, "attribution": text,
    });
    let file = json!({
        "type": "file", "title": text, "filename": text, "description": text, "timestamp": text,
        "group": text,
    });
    let entity = json!({
        "type": "entity", "title": text, "id": text, "description": text, "timestamp": text,
        "group": text, "icon": text, "label": text, "inline_label": text, "interactive": true,
        "data": {text: [text, null]}, "preview": "lazy",
    });
    let tasks = json!([
        {"type": "custom", "status_indicator": "loading", "title": text, "icon": text,
         "content": text},
        {"type": "web_search", "status_indicator": "complete", "title": text, "title_query": text,
         "queries": [text], "sources": [url]},
        {"type": "thought", "title": text, "content": text},
        {"type": "file", "title": text, "sources": [file]},
        {"type": "image", "title": text},
    ]);
    let attachment = json!({
        "type": "image", "preview_url": text, "id": "atc", "name": text, "mime_type": text,
        "upload_descriptor": {"url": text, "method": "POST", "headers": {text: text}},
        "thread_id": "t", "metadata": {text: {"a": [1, null, text]}},
    });
    let answer = json!({"values": [text], "skipped": true});
    let items = json!([
        {"type": "user_message",
         "content": [
             {"type": "input_text", "text": text},
             {"type": "input_tag", "id": text, "text": text, "data": {text: text}, "group": text,
              "interactive": true},
         ],
         "attachments": [attachment], "quoted_text": text,
         "inference_options": {"tool_choice": {"id": text}, "model": text}},
        {"type": "assistant_message",
         "content": [
             {"type": "output_text", "text": text, "annotations": [
                 {"type": "annotation", "source": url, "index": 7},
                 {"type": "annotation", "source": file},
                 {"type": "annotation", "source": entity, "index": -1},
             ]},
             {"type": "output_text", "text": "", "annotations": []},
         ]},
        {"type": "client_tool_call", "status": "completed", "call_id": text, "name": text,
         "arguments": {text: [text, {"deep": {"er": null}}]}, "output": {text: [false, text]}},
        {"type": "widget", "copy_text": text,
         "widget": {"type": "Card", "id": text, "children": [
             {"type": "Text", "value": text},
             {"type": "Transition", "children": null},
         ]}},
        {"type": "generated_image", "image": {"id": text, "url": text}},
        {"type": "structured_input", "status": "answered", "inputs": [
            {"type": "multiple_choice", "id": text, "question": text, "answer": answer,
             "options": [{"value": text}], "multiple": true},
            {"type": "freeform", "id": text, "question": text, "answer": answer,
             "description": text},
        ]},
        {"type": "workflow",
         "workflow": {"type": "reasoning", "tasks": tasks, "expanded": true,
                      "summary": {"title": text, "icon": text}}},
        {"type": "task", "task": {"type": "thought", "title": text, "content": text}},
        {"type": "hidden_context_item", "content": {text: [text, null, true]}},
        {"type": "sdk_hidden_context", "content": text},
        {"type": "end_of_turn"},
    ]);
    let Value::Array(items) = items else {
        return Vec::new();
    };
    items.into_iter().enumerate().map(|(n, item)| named(item, &format!("item {n}"))).collect()
}

fn named(mut item: Value, id: &str) -> ThreadItem {
    item["id"] = id.into();
    item["thread_id"] = "t".into();
    item["created_at"] = "2026-01-01T00:00:00.123456Z".into();
    serde_json::from_value(item).unwrap()
}

async fn assert_exact(store: &SharedStore, items: &[ThreadItem]) {
    fill(store, &alice(), "t", items).await;
    for item in items {
        let stored = store.load_item(&alice(), &"t".into(), item.id()).await.unwrap();
        assert_eq!(stored, *item);
    }
    assert_eq!(all_items(&**store, &alice(), "t").await, items);
}

/// Items of all eleven kinds come back exactly, with every optional field and with none.
pub async fn every_kind_of_item_comes_back_exactly(store: SharedStore) {
    let mut items = every_kind("text");
    let mut kinds: Vec<_> = items.iter().map(ThreadItem::kind).collect();
    kinds.dedup();
    assert_eq!(kinds.len(), 11);
    let bare = json!([
        {"type": "user_message", "content": []},
        {"type": "assistant_message", "content": []},
        {"type": "client_tool_call", "call_id": "", "name": "", "arguments": {}},
        {"type": "widget", "widget": {"type": "ListView"}},
        {"type": "widget", "widget": {"type": "Basic", "children": null}},
        {"type": "generated_image"},
        {"type": "structured_input", "status": "skipped", "inputs": []},
        {"type": "workflow", "workflow": {"type": "custom", "tasks": []}},
        {"type": "workflow", "workflow": {"type": "custom", "tasks": [],
                                          "summary": {"duration": i64::MIN}}},
        {"type": "task", "task": {"type": "custom"}},
        {"type": "hidden_context_item", "content": null},
        {"type": "hidden_context_item", "content": []},
    ]);
    for (n, item) in bare.as_array().unwrap().iter().enumerate() {
        items.push(named(item.clone(), &format!("bare {n}")));
    }
    assert_exact(&store, &items).await;
}

/// Texts with NUL, emoji, quotes and the like come back exactly, wherever they stand.
pub async fn unusual_text_comes_back_exactly(store: SharedStore) {
    let mut items = Vec::new();
    for (n, text) in unusual_texts().iter().enumerate() {
        for (kind, item) in every_kind(text).into_iter().enumerate() {
            let item = serde_json::to_value(item).unwrap();
            items.push(named(item, &format!("{n} {kind}")));
        }
    }
    assert_exact(&store, &items).await;
}

/// An item of more than a megabyte, of characters of one to four bytes, comes back exactly.
pub async fn a_megabyte_comes_back_exactly(store: SharedStore) {
    let long = "a\u{e9}\u{20ac}\u{1f600}\0\"".repeat(100_000);
    assert!(long.len() > 1 << 20);
    let items = [message("t", "before"), said("t", "long", &long), message("t", "after")];
    assert_exact(&store, &items).await;
}

/// Numbers keep their value to the last bit, and integers stay integers.
pub async fn numbers_come_back_exactly(store: SharedStore) {
    let mut numbers = vec![
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!((1_u64 << 53) + 1),
        json!(0.0),
        json!(-0.0),
        json!(1.0),
        json!(0.1 + 0.2),
        json!(f64::MAX),
        json!(f64::MIN_POSITIVE),
        json!(5e-324),
        json!(1.797_693_134_862_315_5e308),
        json!(9_007_199_254_740_993.0),
    ];
    // A walk over bit patterns finds the values that a parser without exact rounding gets wrong.
    let mut bits = 0x3ff0_0000_0000_0001_u64;
    for _ in 0..2_000 {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = f64::from_bits(bits);
        if number.is_finite() {
            numbers.push(json!(number));
        }
    }
    let item = ThreadItem::HiddenContext(HiddenContextItem {
        id: "numbers".into(),
        thread_id: "t".into(),
        created_at: noon(),
        content: Value::Array(numbers),
    });
    assert_exact(&store, &[item]).await;
}

/// Times keep their precision, far from today too.
pub async fn times_come_back_exactly(store: SharedStore) {
    let times = [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.123456Z",
        "2026-01-01T00:00:00.123456789Z",
        "1969-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00Z",
        "9999-12-30T22:00:00.999999Z",
    ];
    let mut threads = Vec::new();
    for (n, time) in times.into_iter().enumerate() {
        threads.push(ThreadMetadata::new(n.to_string().into(), time.parse().unwrap()));
    }
    for thread in &threads {
        store.save_thread(&alice(), thread).await.unwrap();
    }
    let first = request(9, chatkit_protocol::Order::Asc, None);
    assert_eq!(store.load_threads(&alice(), &first).await.unwrap().data, threads);
}

/// Threads with every field set come back exactly.
pub async fn threads_come_back_exactly(store: SharedStore) {
    let mut threads = Vec::new();
    for (n, text) in unusual_texts().iter().enumerate() {
        for status in ["active", "locked", "closed"] {
            let id = format!("{n} {status}");
            let mut thread = json!({
                "id": id, "created_at": noon(), "title": text, "status": {"type": status},
                "allowed_image_domains": [text],
                "metadata": {text: {"list": [1, 0.5, null, text, {}]}, "other": text},
            });
            if status != "active" {
                thread["status"]["reason"] = text.as_str().into();
            }
            threads.push(serde_json::from_value::<ThreadMetadata>(thread).unwrap());
        }
    }
    for thread in &threads {
        store.save_thread(&alice(), thread).await.unwrap();
        assert_eq!(store.load_thread(&alice(), &thread.id).await.unwrap(), *thread);
    }
    let first = request(1_000, chatkit_protocol::Order::Asc, None);
    assert_eq!(store.load_threads(&alice(), &first).await.unwrap().data, threads);
}

/// Records of attachments with every field set come back exactly.
pub async fn attachments_come_back_exactly(store: SharedStore) {
    for (n, text) in unusual_texts().iter().enumerate() {
        let records = json!([
            {"type": "file", "id": format!("file {n}"), "name": text, "mime_type": text},
            {"type": "image", "id": format!("image {n}"), "name": text, "mime_type": text,
             "preview_url": text, "thread_id": text, "metadata": {text: [text, null]},
             "upload_descriptor": {"url": text, "method": "PUT", "headers": {text: text}}},
        ]);
        for record in serde_json::from_value::<Vec<Attachment>>(records).unwrap() {
            store.save_attachment(&alice(), &record).await.unwrap();
            assert_eq!(store.load_attachment(&alice(), &record.id).await.unwrap(), record);
        }
    }
}

/// Values that nest very deep come back or are refused; they never make a thread unreadable.
pub async fn what_was_accepted_can_be_read(store: SharedStore) {
    fill(&store, &alice(), "t", &[message("t", "before")]).await;
    let mut expected = vec![message("t", "before")];
    for levels in [20, 60, 100, 110, 120, 125, 130, 200, 400] {
        let item = ThreadItem::HiddenContext(HiddenContextItem {
            id: format!("{levels}").into(),
            thread_id: "t".into(),
            created_at: noon(),
            content: (0..levels).fold(json!(null), |inner, _| json!([inner])),
        });
        let saved = store.save_item(&alice(), &"t".into(), &item).await;
        assert!(saved.is_ok() || levels > 100, "{levels} levels are not too many: {saved:?}");
        if saved.is_ok() {
            expected.push(item);
        }
    }
    assert_eq!(all_items(&*store, &alice(), "t").await, expected);
}
