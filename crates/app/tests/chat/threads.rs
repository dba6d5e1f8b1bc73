//! Threads, retries and files.

use serde_json::{Value, json};

use crate::{
    Chat,
    common::{Server, message_item, said, script, text_of},
    completes, done,
    process::url,
};

fn says(text: &str) -> String {
    script(json!([{"thread": {"title": text}}, done(&message_item("msg_a", text))]))
}

#[test]
fn threads_are_listed_opened_shown_and_deleted() {
    let server = Server::playback();
    let lines = [&*says("first"), "/new", &says("second"), "/threads", "/open 2", "/items"];
    let ended = Chat::tell(&url(&server), &[], &[&lines[..], &["/delete", "/threads"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.notes);
    let lines: Vec<&str> = ended.out.lines().collect();
    let [first, second, newest, oldest, opened @ .., left] = &lines[..] else {
        panic!("{}", ended.out)
    };
    assert_eq!([*first, *second], ["first", "second"]);
    assert!(newest.starts_with("  1  second  20") && newest.contains("  thr_"), "{newest}");
    assert!(oldest.starts_with("  2  first  20"), "{oldest}");
    let said = format!("> {}", says("first"));
    assert_eq!(opened, [&*said, "first", &said, "first"]);
    assert!(left.starts_with("  1  second"), "{left}");
    assert!(ended.notes.contains(" is deleted\n"), "{}", ended.notes);
    let threads = server.json("threads.list", json!({}));
    assert_eq!(threads["data"].as_array().unwrap().len(), 1);
}

#[test]
fn the_last_message_is_answered_again() {
    let server = Server::playback();
    let ended = Chat::tell(&url(&server), &[], &[&says("yes"), "/retry", "/items"]);
    let item = format!("> {}", says("yes"));
    assert_eq!(ended.out, format!("yes\nyes\n{item}\nyes\n"), "{}", ended.notes);
}

#[test]
fn a_thread_that_is_none_cannot_be_opened() {
    let server = Server::playback();
    let ended = Chat::tell(&url(&server), &["--thread", "thr_none"], &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.notes.contains("could not be opened") && ended.notes.contains("thr_none"));
}

#[test]
fn a_file_goes_with_the_next_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tea pot.txt");
    std::fs::write(&path, "short and stout").unwrap();
    let attach = format!("/attach {}", path.display());
    let server = Server::playback();
    let lines = ["/attach /nowhere", &attach, &completes(1, 0), "/items"];
    let ended = Chat::tell(&url(&server), &[], &lines);
    assert_eq!(ended.code, Some(1), "one of the files is nowhere");
    assert!(ended.notes.contains("error: /nowhere: "), "{}", ended.notes);
    assert!(ended.notes.contains("tea pot.txt goes with the next message\n"), "{}", ended.notes);
    assert!(ended.out.contains("\n  [tea pot.txt (text/plain)]\n"), "{}", ended.out);

    let threads = server.json("threads.list", json!({}));
    let items = server.items(threads["data"][0]["id"].as_str().unwrap());
    let attachments: &Vec<Value> = items[0]["attachments"].as_array().unwrap();
    let id = attachments[0]["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/attachments/{id}")).text(), "short and stout");
    assert_eq!(text_of(&items[1]), said(1));
}
