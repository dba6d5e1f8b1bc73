//! Ctrl-C.

use serde_json::json;

use crate::{
    Chat,
    common::{Server, said, string, text_of},
    completes, end_of,
    process::url,
    says_and_waits,
};

#[test]
fn ctrl_c_stops_the_turn_and_the_chat_goes_on() {
    let server = Server::playback();
    let mut chat = Chat::with(&url(&server), &[]);
    chat.say(&says_and_waits(5));
    chat.until("w4 ");
    chat.interrupt();
    chat.until_note("stopped");
    assert_eq!(end_of(&server), "stop");
    chat.say(&completes(2, 0).replace("msg_reply", "msg_next"));
    let ended = chat.end();
    assert_eq!((ended.code, ended.out), (Some(0), format!("{}\n{}\n", said(5), said(2))));

    let threads = server.json("threads.list", json!({}));
    let items = server.items(string(&threads["data"][0], "id"));
    assert_eq!(items.iter().map(text_of).collect::<Vec<_>>()[1], said(5), "what was shown is kept");
}

#[test]
fn ctrl_c_at_the_prompt_leaves() {
    let server = Server::playback();
    let mut chat = Chat::with(&url(&server), &[]);
    chat.say(&completes(2, 0));
    chat.until("w1 \n");
    // It may still be on its way to the prompt, where it waits for ever.
    crate::until("the chat ends", || {
        chat.interrupt_if_running();
        chat.has_ended()
    });
    assert_eq!(chat.end().code, Some(0));
}
