//! How the server starts: the first line, the defaults, and clear errors when it cannot.

use std::{fs, net::TcpListener, process::Output};

use crate::common::{Server, create, kinds, text_of};

fn fails_to_start(args: &[&str]) -> String {
    let mut command = Server::command();
    command.arg("serve").args(args);
    let output: Output = Server::output(command);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code().is_some_and(|code| code != 0), "{:?}: {stderr}", output.status);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{stderr}");
    stderr
}

#[test]
fn the_first_line_says_where_and_nothing_follows() {
    let mut server = Server::playback();
    assert_ne!(server.address().port(), 0);
    assert_eq!(server.first_line(), format!("listening on http://{}\n", server.address()));
    assert_eq!(server.get("/healthz").status(), 200);
    server.signal("TERM");
    let (status, rest) = server.wait();
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
}

#[test]
fn an_ipv6_address_is_written_as_in_a_url() {
    let mut command = Server::command();
    command.args(["serve", "--listen", "[::1]:0", "--database", "memory:"]);
    let server = Server::spawn(command);
    assert_eq!(
        server.first_line(),
        format!("listening on http://[::1]:{}\n", server.address().port()),
    );
    assert_eq!(server.get("/healthz").status(), 200);
}

#[test]
fn without_a_subcommand_it_serves() {
    let mut command = Server::command();
    command.args(["--listen", "127.0.0.1:0", "--database", "memory:", "--responder", "playback"]);
    let server = Server::spawn(command);
    assert_eq!(kinds(&server.events(&create(r#"{"steps": []}"#))).len(), 3);
}

#[test]
fn by_default_the_demo_answers_and_threads_are_kept_in_the_current_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Server::command();
    command.current_dir(folder.path()).args(["--listen", "127.0.0.1:0"]);
    let server = Server::spawn(command);
    let events = server.events(&create("help"));
    let last = events.iter().rev().find(|event| event["type"] == "thread.item.done").unwrap();
    assert_eq!(last["item"]["type"], "assistant_message", "{events:?}");
    assert!(text_of(&last["item"]).contains("widget"), "{last}");
    assert!(folder.path().join("chatkit.db").is_file());
}

#[test]
fn a_key_for_a_model_does_not_keep_the_demo_from_answering() {
    let mut command = Server::command();
    command.env("OPENAI_API_KEY", "sk-secret").args(["serve", "--listen", "127.0.0.1:0"]);
    command.args(["--database", "memory:", "--responder", "demo"]);
    let server = Server::spawn(command);
    let events = server.events(&create("help"));
    assert!(!kinds(&events).contains(&"error"), "{events:?}");
    assert!(!server.stderr().contains("sk-secret"), "{}", server.stderr());
}

#[test]
fn an_agent_without_a_model_is_told_what_it_needs_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}/chat.db", folder.path().display());
    let stderr = fails_to_start(&["--responder=agent", "--database", &database]);
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(stderr.contains("`agent`") && stderr.contains("OPENAI_API_KEY"), "{stderr}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_address_in_use_is_named_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let database = format!("sqlite:{}/chat.db", folder.path().display());
    let stderr = fails_to_start(&["--listen", &address, "--database", &database]);
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(stderr.contains(&address), "{stderr}");
    assert!(stderr.contains("in use"), "{stderr}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_database_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let first = Server::sqlite(&path);
    let thread = first.thread(r#"{"steps": []}"#);
    let database = format!("sqlite:{}", path.display());
    let stderr = fails_to_start(&["--listen", "127.0.0.1:0", "--database", &database]);
    assert!(stderr.contains("chat.db"), "{stderr}");
    assert!(stderr.contains("has it open"), "{stderr}");
    assert_eq!(first.items(&thread).len(), 1);
}

#[test]
fn a_database_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| format!("sqlite:{}/{name}", folder.path().display());
    fs::write(
        folder.path().join("text.db"),
        "no database, but more than a header is long\n".repeat(99),
    )
    .unwrap();
    fs::create_dir(folder.path().join("folder.db")).unwrap();
    for name in ["missing/chat.db", "text.db", "folder.db"] {
        let stderr = fails_to_start(&["--listen", "127.0.0.1:0", "--database", &at(name)]);
        assert!(stderr.contains(name), "{name}: {stderr}");
    }
    let text = fs::read_to_string(folder.path().join("text.db")).unwrap();
    assert!(text.starts_with("no database"), "the file was changed");
}

#[test]
fn history_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let mut first = Server::sqlite(&path);
    let thread = first.thread(r#"{"steps": [{"text": {"deltas": 3, "delta": "ab"}}]}"#);
    let before = first.items(&thread);
    assert_eq!(text_of(&before[1]), "ababab");
    first.signal("TERM");
    assert_eq!(first.wait().0.code(), Some(0));

    let second = Server::sqlite(&path);
    assert_eq!(second.items(&thread), before);
    assert_eq!(second.say(&thread, r#"{"steps": []}"#).len(), 2);
    assert_eq!(second.items(&thread).len(), 3);
}
