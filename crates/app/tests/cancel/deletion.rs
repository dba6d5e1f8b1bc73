//! A thread deleted while a turn runs on it.

use std::thread;

use serde_json::json;

use crate::{
    common::{Server, add_message, by_id, create, kinds, script, string},
    long_reply,
};

#[test]
fn the_stream_ends_and_the_thread_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    for server in [Server::playback(), Server::sqlite(&folder.path().join("chat.db"))] {
        let mut stream = server.stream(&create(&long_reply("half")));
        let thread = string(&stream.until_text()[0]["thread"], "id").to_owned();
        assert_eq!(server.json("threads.delete", json!({"thread_id": thread})), json!({}));
        assert_eq!(kinds(&stream.rest()), ["thread.item.done"]);
        assert_eq!(server.post(&by_id(&thread)).status(), 404);
        assert_eq!(server.json("threads.list", json!({}))["data"], json!([]));
        assert!(!server.stderr().contains("ERROR"), "{}", server.stderr());
    }
}

/// Whatever comes first, a deleted thread stays deleted.
#[test]
fn messages_and_deletion_at_once_leave_nothing_behind() {
    let server = Server::playback();
    for _ in 0..30 {
        let id = server.thread(r#"{"steps": []}"#);
        let text = script(json!([{"text": {"deltas": 5, "delta": "x", "gap_ms": 1}}]));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| server.stream(&add_message(&id, &text)).rest());
            }
            scope.spawn(|| server.json("threads.delete", json!({"thread_id": id})));
        });
        assert_eq!(server.post(&by_id(&id)).status(), 404);
    }
    assert_eq!(server.json("threads.list", json!({}))["data"], json!([]));
}
