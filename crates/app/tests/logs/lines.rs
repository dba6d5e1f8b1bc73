//! Lines, and whose they are.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    common::{Server, add_message, create, op, script, until, words},
    lines, lines_with, server,
};

/// A script that says some words and then fails in a way that is logged.
fn failing(id: &str, words_said: usize) -> String {
    let mut steps = words(id, words_said, 1);
    steps.push(json!({"fail": {}}));
    script(json!(steps))
}

#[test]
fn a_line_of_json_is_flat_and_tells_whose_it_is() {
    let server = server(&["--responder", "playback", "--log", "debug"]);
    let events = server.events(&create(&failing("msg_a", 2)));
    let thread = events[0]["thread"]["id"].clone();
    let ended = lines_with(&server, "the turn ended", 1).remove(0);
    for line in lines(&server) {
        let fields = line.as_object().unwrap();
        for field in ["timestamp", "level", "target", "message"] {
            assert!(fields[field].is_string(), "{field}: {line}");
        }
        assert!(fields.values().all(|value| !value.is_object() && !value.is_array()), "{line}");
        let time = fields["timestamp"].as_str().unwrap();
        assert!(time.ends_with('Z') && time.as_bytes()[10] == b'T' && time.len() == 27, "{time}");
    }
    assert_eq!((&ended["thread"], &ended["end"]), (&thread, &json!("failed")));
    assert_eq!(
        (&ended["level"], &ended["target"]),
        (&json!("INFO"), &json!("chatkit_server::run::stats"))
    );
    assert!(ended["events"].is_u64() && ended["total_ms"].is_number(), "{ended}");
    // What a line does not say itself comes from the spans around it.
    let failed = lines_with(&server, "the response failed", 1).remove(0);
    assert_eq!(failed["level"], "ERROR");
    for field in ["op", "thread", "run", "owner"] {
        assert_eq!(failed[field], ended[field], "{field}: {failed}");
    }
    assert_eq!(failed["op"], "threads.create");
    assert_eq!(failed["owner"], "local");
    let answered = lines_with(&server, "a request was answered", 1).remove(0);
    assert_eq!((&answered["op"], &answered["status"]), (&json!("threads.create"), &json!(200)));
    assert!(answered.get("run").is_none(), "{answered}");
}

#[test]
fn turns_that_run_at_once_do_not_mix() {
    const TURNS: usize = 16;
    let server = server(&["--responder", "playback"]);
    let streams: Vec<_> = (0..TURNS)
        .map(|turn| server.stream(&create(&failing(&format!("msg_{turn}"), 20))))
        .collect();
    let mut threads = BTreeMap::new();
    for mut stream in streams {
        let created = stream.next().unwrap();
        let run = stream.last_id().unwrap().split_once('.').unwrap().0.to_owned();
        threads.insert(run, created["thread"]["id"].as_str().unwrap().to_owned());
        stream.rest();
    }
    assert_eq!(threads.len(), TURNS);
    for message in ["the response failed", "the turn ended"] {
        let lines = lines_with(&server, message, TURNS);
        let told: BTreeMap<_, _> = lines
            .iter()
            .map(|line| {
                (
                    line["run"].as_str().unwrap().to_owned(),
                    line["thread"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        assert_eq!(told, threads, "{message}");
    }
}

#[test]
fn a_line_for_people_says_the_same() {
    let server = Server::playback_with(&["--log", "debug"]);
    let thread = server.thread(&failing("msg_a", 2));
    until("the turn has ended", || server.ended().iter().any(|end| end.thread == thread));
    let log = server.stderr();
    let failed = log.lines().find(|line| line.contains("the response failed")).unwrap();
    let run = &server.ended()[0].run;
    for part in [
        " ERROR chatkit_server::run::drive::end: the response failed ",
        &format!(" thread={thread} "),
        &format!(" op=threads.create run={run} owner=local"),
    ] {
        assert!(failed.contains(part), "{part}: {failed}");
    }
    assert!(!log.contains('\x1b'), "colours are for terminals");
}

#[test]
fn nothing_of_a_client_makes_a_line_long_or_reaches_a_terminal_as_a_command() {
    let long = "a".repeat(100_000);
    let evil = "\u{1b}[2J\u{9b}1m\u{7f}\nERROR fake";
    for format in ["human", "json"] {
        let args = ["--responder", "playback", "--database", "memory:", "--log", "trace"];
        let server = Server::serve(&[&args[..], &["--log-format", format]].concat());
        for thread in [&*long, evil, "last"] {
            server.post(&op("threads.get_by_id", json!({"thread_id": thread})));
            server.events(&add_message(thread, "hi"));
        }
        let shown = |log: &str| log.matches("last").count();
        until("all is logged", || shown(&server.stderr()) >= 3);
        let log = server.stderr();
        assert!(log.contains("[2J"), "{format}: {log}");
        assert!(!log.contains(|c: char| c.is_control() && c != '\n'), "{format}: {log:?}");
        assert!(!log.contains("\nERROR fake"), "{format}: {log}");
        let longest = log.lines().map(str::len).max();
        assert!(longest < Some(1000), "{format}: {longest:?}");
    }
}

#[test]
fn whatever_the_level_a_line_tells_whose_it_is() {
    for filter in [
        "error",
        "off,chatkit_server=error",
        "[run{owner=local}]=error",
        "off,[run]=error",
        // Spans that this turn has none of.
        "error,[execute_tool]=debug",
        "error,[run{op=threads.add_user_message}]=debug",
    ] {
        let server = server(&["--responder", "playback", "--log", filter]);
        server.thread(&failing("msg_a", 2));
        let failed = lines_with(&server, "the response failed", 1).remove(0);
        assert_eq!(lines(&server).len(), 1, "{filter}");
        for field in ["op", "thread", "run", "owner"] {
            assert!(failed[field].is_string(), "{filter}, {field}: {failed}");
        }
        assert_eq!(failed["op"], "threads.create", "{filter}: {failed}");
    }
}

/// A request that is no run has its line, too.
#[test]
fn a_filter_that_looks_at_turns_leaves_requests_their_context() {
    let filter = "off,chatkit_http=debug,[run{op=threads.create}]=debug";
    let server = server(&["--responder", "playback", "--log", filter]);
    server.json("threads.list", json!({}));
    let answered = lines_with(&server, "a request was answered", 1).remove(0);
    assert_eq!(answered["op"], "threads.list", "{answered}");
    assert_eq!(lines(&server).len(), 1);
}

/// `[run{op=…}]=debug`: one turn's lines in all their detail.
#[test]
fn a_filter_may_look_at_turns() {
    let server =
        server(&["--responder", "playback", "--log", "info,[run{op=threads.create}]=debug"]);
    let quiet = script(json!([{"fail": {"message": "so be it"}}]));
    let thread = server.thread(&quiet);
    let ended = lines_with(&server, "the response ended with an error", 1).remove(0);
    assert_eq!((&ended["level"], &ended["thread"]), (&json!("DEBUG"), &json!(thread)));
    server.say(&thread, &quiet);
    lines_with(&server, "the turn ended", 2);
    assert_eq!(lines_with(&server, "the response ended with an error", 1).len(), 1);
}

#[test]
fn a_filter_or_a_format_that_cannot_be_read_is_refused() {
    for (args, told) in
        [(["--log", "chatkit=loud"], "--log"), (["--log-format", "xml"], "--log-format")]
    {
        let mut command = Server::command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:"]).args(args);
        let output = Server::output(command);
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn the_environment_says_the_same_as_the_flags() {
    let mut command = Server::command();
    command
        .env("CHATKIT_LOG", "debug")
        .env("CHATKIT_LOG_FORMAT", "json")
        .env("CHATKIT_LOG_CONTENT", "0")
        .args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:"]);
    let server = Server::spawn(command);
    assert_eq!(server.post(&op("threads.list", json!({}))).status(), 200);
    lines_with(&server, "a request was answered", 1);
}
