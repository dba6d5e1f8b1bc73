//! A connection that is lost in the middle of a reply.

use serde_json::json;

use crate::{
    Chat,
    common::{Server, said},
    completes, end_of,
    process::url,
    proxy::Proxy,
    says_and_waits,
};

/// How many bytes an answer has before its words begin, and some of the words.
fn within_words(message: &str) -> usize {
    json!(message).to_string().len() + 3000
}

#[test]
fn the_reply_goes_on_where_it_was_cut_and_nothing_comes_twice() {
    let server = Server::playback();
    let message = completes(150, 5);
    let proxy = Proxy::cutting(server.address(), &[within_words(&message), 2000, 1777, 3001]);
    let ended = Chat::tell(&proxy.url(), &[], &[&message]);
    proxy.until_cut();
    assert_eq!((ended.code, ended.out), (Some(0), format!("{}\n", said(150))), "{}", ended.notes);
    assert_eq!(ended.notes.matches("joining the reply again").count(), 4, "{}", ended.notes);
    assert_eq!(end_of(&server), "completed");
    assert_eq!(server.ended().len(), 1);
}

#[test]
fn what_ended_while_nobody_was_there_is_read_from_the_thread() {
    let server = Server::playback();
    let message = completes(100, 5);
    let proxy = Proxy::closing(server.address(), within_words(&message));
    let mut chat = Chat::with(&proxy.url(), &[]);
    chat.say(&message);
    proxy.until_cut();
    assert_eq!(end_of(&server), "completed");
    proxy.reopen();
    let ended = chat.end();
    assert_eq!((ended.code, ended.out), (Some(0), format!("{}\n", said(100))), "{}", ended.notes);
}

#[test]
fn a_server_that_does_not_come_back_is_given_up() {
    let server = Server::playback();
    let message = says_and_waits(60);
    let proxy = Proxy::closing(server.address(), within_words(&message));
    let mut chat = Chat::with(&proxy.url(), &[]);
    chat.say(&message);
    chat.until_note("joining the reply again");
    // Nobody wants to wait for all tries.
    chat.interrupt();
    chat.until_note("left: the reply may go on without this client");
    assert_eq!(chat.end().code, Some(0));
}

#[test]
fn a_thread_is_gone_on_with_and_its_running_reply_joined() {
    let server = Server::playback();
    let mut first = Chat::with(&url(&server), &[]);
    first.say("/new");
    first.say(&says_and_waits(3));
    first.until("w2 ");
    let thread = server.json("threads.list", json!({}));
    let thread = thread["data"][0]["id"].as_str().unwrap().to_owned();
    for args in [vec!["--thread", &*thread], vec!["--resume"]] {
        let second = Chat::with(&url(&server), &args);
        second.until_note("a reply is under way");
        second.until(&said(3));
        assert!(second.out().starts_with("> {\"steps\""), "{}", second.out());
        drop(second);
    }
    first.interrupt();
    first.until_note("stopped");
    assert_eq!(end_of(&server), "stop");
    let third = Chat::tell(&url(&server), &["--resume"], &[]);
    assert!(third.out.ends_with(&format!("\n{}\n", said(3))), "{}", third.out);
    assert_eq!(third.code, Some(0));
}
