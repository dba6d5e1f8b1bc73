use std::time::Duration;

use serde_json::{Value, json};

use super::{Error, Exchange, Found, Note, Warning, head, of_frames, streams::*};
use crate::{End, Finding, FollowUp, FollowUpKind, FrameKind, Recording, rules::follow_ups};

fn json_answer(request: Value, status: u16, text: &str) -> Recording {
    Recording {
        request,
        head: Some(head(status, "application/json")),
        text: Some(text.to_owned()),
        ..of_frames(Vec::new())
    }
}

fn listing(items: &[Value]) -> FollowUp {
    let page = json!({"data": items, "has_more": false});
    list_answer(&page)
}

fn list_answer(page: &Value) -> FollowUp {
    let request = asking("items.list", json!({"order": "asc", "limit": 1000}));
    let recording = json_answer(request, 200, &page.to_string());
    FollowUp { kind: FollowUpKind::ListItems, recording }
}

fn got(thread: &Value) -> FollowUp {
    let recording = json_answer(asking("threads.get_by_id", json!({})), 200, &thread.to_string());
    FollowUp { kind: FollowUpKind::GetThread, recording }
}

fn failure(kind: FollowUpKind, status: u16, text: &str) -> FollowUp {
    FollowUp { kind, recording: json_answer(asking("threads.get_by_id", json!({})), status, text) }
}

fn wrong_stream(events: Vec<Value>) -> FollowUp {
    let recording = of_frames(events.into_iter().map(FrameKind::Event).collect());
    FollowUp { kind: FollowUpKind::WrongStream, recording }
}

fn preflight(status: u16, headers: &[(&str, &str)]) -> FollowUp {
    let mut recording = of_frames(Vec::new());
    let mut head = head(status, "text/plain");
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    head.headers.extend(headers);
    recording.head = Some(head);
    FollowUp { kind: FollowUpKind::Preflight, recording }
}

fn found(main: &Exchange, others: &[FollowUp]) -> Vec<Finding> {
    follow_ups(&main.recording(), others)
}

#[track_caller]
fn finds(main: &Exchange, other: FollowUp, expected: &[Found]) {
    super::assert_found(&found(main, &[other]), expected);
}

/// The items of the stream as a store keeps them.
fn kept(main: &Exchange) -> Vec<Value> {
    let done = main.events.iter().filter(|event| event["type"] == "thread.item.done");
    done.map(|event| event["item"].clone()).collect()
}

#[test]
fn a_server_that_keeps_all_and_says_no_well_gives_nothing() {
    let refusal = json!({"type": "error", "code": "custom", "message": "no such thread"});
    for main in [create(), whole(), workflow(), widget(), client_tool()] {
        let items = kept(&main);
        let mut whole_thread = thread("Title");
        whole_thread["items"]["data"] = json!(items);
        let others = [
            got(&whole_thread),
            listing(&items),
            wrong_stream(vec![refusal.clone()]),
            failure(FollowUpKind::WrongJson, 404, "{\"message\": \"no such thread\"}"),
            preflight(
                204,
                &[
                    ("access-control-allow-origin", "*"),
                    ("access-control-allow-headers", "Content-Type, ChatKit-Frame-Instance-Id"),
                ],
            ),
        ];
        assert_eq!(found(&main, &others), []);
    }
}

#[test]
fn item_lost() {
    let main = create();
    finds(&main, listing(&kept(&main)[..1]), &[("item-lost", Error, Some(9))]);
    // Another page may have it.
    let page = json!({"data": kept(&main)[..1], "has_more": true});
    finds(&main, list_answer(&page), &[]);
}

#[test]
fn item_lost_with_an_error() {
    let main = create().with(|events| {
        events.truncate(6);
        events.push(json!({"type": "error", "code": "stream.error"}));
    });
    finds(&main, listing(&kept(&main)), &[("item-lost", Warning, Some(5))]);
}

#[test]
fn stored_text_differs() {
    let main = create();
    let mut items = kept(&main);
    items[1]["content"][0]["text"] = json!("Hello");
    finds(&main, listing(&items), &[("stored-text-differs", Warning, Some(9))]);
}

#[test]
fn items_out_of_order() {
    let main = create();
    let mut items = kept(&main);
    items.reverse();
    finds(&main, listing(&items), &[("items-out-of-order", Error, None)]);
}

#[test]
fn pages_have_the_rules_of_streams() {
    let main = create();
    let mut items = kept(&main);
    items[1]["created_at"] = json!("2026-01-31T09:30:00");
    let list = [listing(&items)];
    super::assert_found(&found(&main, &list), &[("date-without-offset", Warning, None)]);
    assert_eq!(
        found(&main, &list)[0].seen,
        "items.list: data[1].created_at of assistant_message `msg_2` is \"2026-01-31T09:30:00\""
    );

    let mut hidden = item("hid_1", "hidden_context_item");
    hidden["content"] = json!("secret");
    let mut items = kept(&main);
    items.push(hidden);
    finds(&main, listing(&items), &[("hidden-item-leaked", Error, None)]);

    let empty = json!({"data": [], "has_more": true});
    finds(&main, list_answer(&empty), &[("empty-page-with-more", Error, None)]);
    let mut endless = thread("Title");
    endless["items"]["has_more"] = json!(true);
    finds(&main, got(&endless), &[("empty-page-with-more", Error, None)]);

    let mut items = kept(&main);
    items[1]["content"] = json!("Hello you");
    let list = [listing(&items)];
    assert_eq!(
        found(&main, &list)[0].seen,
        "items.list: data[1].content: invalid type: string \"Hello you\", expected a sequence"
    );
}

#[test]
fn an_answer_that_was_cut_says_nothing() {
    let main = create();
    let text = json!({"data": [message("msg_1", &["x".repeat(5000).as_str()])]}).to_string();
    let request = asking("items.list", json!({}));
    let cut = FollowUp {
        kind: FollowUpKind::ListItems,
        recording: Recording {
            end: End::TooLarge(Duration::ZERO),
            ..json_answer(request.clone(), 200, &text[..4096])
        },
    };
    finds(&main, cut, &[]);
    let whole = json_answer(request.clone(), 200, &text[..4096]);
    let whole = FollowUp { kind: FollowUpKind::ListItems, recording: whole };
    finds(&main, whole, &[("not-json", Error, None)]);
    let html =
        FollowUp { kind: FollowUpKind::ListItems, recording: json_answer(request, 200, "<html>") };
    finds(&main, html, &[("not-json", Error, None)]);
}

#[test]
fn thread_unreadable() {
    let gone = |kind, status| failure(kind, status, "{\"message\": \"no such thread\"}");
    for kind in [FollowUpKind::GetThread, FollowUpKind::ListItems] {
        for status in [404, 500] {
            finds(&create(), gone(kind, status), &[("thread-unreadable", Error, None)]);
        }
        let recording = Recording { head: None, text: None, ..gone(kind, 200).recording };
        finds(&create(), FollowUp { kind, recording }, &[("thread-unreadable", Error, None)]);
        let failed = create().with(|events| *events = vec![json!({"type": "error"})]);
        finds(&failed, gone(kind, 404), &[]);
    }
}

#[test]
fn unknown_thread_accepted() {
    let reply = wrong_stream(create().events);
    finds(&create(), reply, &[("unknown-thread-accepted", Note, None)]);
}

#[test]
fn json_error_without_message() {
    for body in ["Not Found", "{\"detail\": \"Not Found\"}", "{\"message\": \"\"}", "[]"] {
        let other = failure(FollowUpKind::WrongJson, 404, body);
        finds(&create(), other, &[("json-error-without-message", Warning, None)]);
    }
}

#[test]
fn failed_json_status() {
    for status in [200, 500] {
        let other = failure(FollowUpKind::WrongJson, status, "{\"message\": \"oops\"}");
        finds(&create(), other, &[("failed-json-status", Warning, None)]);
    }
}

#[test]
fn failed_stream_status() {
    for status in [200, 404, 500] {
        let other = failure(FollowUpKind::WrongStream, status, "{\"message\": \"oops\"}");
        finds(&create(), other, &[("failed-stream-status", Error, None)]);
    }
}

#[test]
fn failed_stream_silent() {
    finds(&create(), wrong_stream(Vec::new()), &[("failed-stream-silent", Error, None)]);
    finds(&create(), wrong_stream(vec![options()]), &[("failed-stream-silent", Error, None)]);
}

#[test]
fn cors_preflight() {
    let origin = ("access-control-allow-origin", "*");
    for (status, headers, severity) in [
        (405, vec![], Note),
        (204, vec![("access-control-allow-headers", "*")], Note),
        (204, vec![origin], Warning),
        (204, vec![origin, ("access-control-allow-headers", "content-type")], Warning),
    ] {
        finds(&create(), preflight(status, &headers), &[("cors-preflight", severity, None)]);
    }
    let any = [origin, ("access-control-allow-headers", "*")];
    finds(&create(), preflight(200, &any), &[]);
}
