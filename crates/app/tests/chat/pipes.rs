//! One message in, its reply out.

use std::net::TcpListener;

use serde_json::json;

use crate::{
    Chat,
    common::{Server, message_item, said, script},
    completes, done,
    process::url,
};

#[test]
fn the_output_is_the_reply_and_nothing_else() {
    let server = Server::playback();
    let ended = Chat::tell(&url(&server), &[], &[&completes(20, 1)]);
    assert_eq!((ended.code, ended.out), (Some(0), format!("{}\n", said(20))));
    assert!(ended.notes.contains("thread thr_"), "{}", ended.notes);
}

#[test]
fn a_turn_that_fails_is_said_and_ends_in_failure() {
    let server = Server::playback();
    let fails = script(json!([{"text": {"deltas": 1, "delta": "half"}},
        {"fail": {"code": "custom", "message": "out of tea", "allow_retry": true}}]));
    let ended = Chat::tell(&url(&server), &[], &[&fails, &completes(2, 0)]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.out, format!("half\n{}\n", said(2)), "what follows is answered all the same");
    assert!(ended.notes.contains("error: out of tea (retry with /retry)\n"), "{}", ended.notes);
}

#[test]
fn a_server_that_is_not_there_is_said() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = Chat::tell(&format!("http://me:hunter22@{address}"), &[], &["hi", "/threads"]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.out, "");
    let says = format!("error: could not connect to http://{address}/chatkit: ");
    assert_eq!(ended.notes.matches(&says).count(), 1, "{}", ended.notes);
    assert!(ended.notes.contains("the threads could not be listed: "), "{}", ended.notes);
    assert!(!ended.notes.contains("hunter22"), "{}", ended.notes);

    let wrong = Chat::tell("host", &[], &[]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.notes.starts_with("error: the server's URL is wrong: "), "{}", wrong.notes);
}

#[test]
fn no_escape_sequence_of_the_servers_reaches_the_terminal() {
    let evil = "a\u{1b}[2Jb\u{9b}31m\u{7}c\r";
    let server = Server::playback();
    let steps = script(json!([
        {"event": {"type": "progress_update", "text": evil}},
        {"event": {"type": "notice", "level": "info", "message": evil, "title": evil}},
        {"event": {"type": "client_effect", "name": evil, "data": {"x": evil}}},
        {"thread": {"title": evil}},
        {"text": {"deltas": 1, "delta": evil}},
        {"widget": [{"type": "Card", "children": [{"type": "Text", "value": evil}]}]},
        {"fail": {"code": "custom", "message": evil}},
    ]));
    let ended = Chat::tell(&url(&server), &[], &[&steps, "/items", "/threads"]);
    for text in [&ended.out, &ended.notes] {
        assert!(text.contains("a[2Jb31mc"), "{text}");
        let is_control = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(is_control), "{text:?}");
    }
}

#[test]
fn a_message_may_have_several_lines() {
    let server = Server::playback();
    let said = script(json!([done(&message_item("msg_a", "yes"))]));
    let (first, second) = said.split_at(1);
    let ended = Chat::tell(&url(&server), &[], &[&format!("{first}\\"), second, "/items"]);
    assert_eq!(ended.out, format!("yes\n> {first}\n  {second}\nyes\n"), "{}", ended.notes);
}

#[test]
fn wrong_commands_are_said() {
    let server = Server::playback();
    let lines =
        ["/nothing", "/open 3", "/retry", "/items", "/delete", "/help", "/quit", "not sent"];
    let ended = Chat::tell(&url(&server), &[], &lines);
    assert_eq!((ended.code, &*ended.out), (Some(0), ""));
    for says in [
        "error: no such command: /nothing; /help lists them",
        "error: there is no thread 3 in the list",
        "error: there is no message to answer again",
        "there is no thread yet",
        "/attach PATH",
    ] {
        assert!(ended.notes.contains(says), "{says}: {}", ended.notes);
    }
    assert!(server.ended().is_empty());
}
