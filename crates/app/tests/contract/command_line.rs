//! Flags, environment variables and what is said about wrong ones.

use std::process::Output;

use crate::common::{Connection, Server};

/// Each flag with its variable.
const FLAGS: [(&str, &str); 13] = [
    ("--listen", "CHATKIT_LISTEN"),
    ("--database", "CHATKIT_DATABASE"),
    ("--responder", "CHATKIT_RESPONDER"),
    ("--public-url", "CHATKIT_PUBLIC_URL"),
    ("--allow-origin", "CHATKIT_ALLOW_ORIGIN"),
    ("--heartbeat", "CHATKIT_HEARTBEAT"),
    ("--model", "CHATKIT_MODEL"),
    ("--model-url", "CHATKIT_MODEL_URL"),
    ("--model-api", "CHATKIT_MODEL_API"),
    ("--instructions", "CHATKIT_INSTRUCTIONS"),
    ("--max-input-tokens", "CHATKIT_MAX_INPUT_TOKENS"),
    ("--mcp", "CHATKIT_MCP"),
    ("--metrics-listen", "CHATKIT_METRICS_LISTEN"),
];

/// Values that must be refused, by flag.
const WRONG_VALUES: [(&str, &str); 30] = [
    ("--listen", "nowhere"),
    ("--listen", "127.0.0.1"),
    ("--listen", "127.0.0.1:65536"),
    ("--listen", ""),
    ("--database", "postgres://localhost/chat"),
    ("--database", "sqlite:"),
    ("--database", "memory"),
    ("--database", ""),
    ("--responder", "parrot"),
    ("--responder", ""),
    ("--model-api", "grpc"),
    ("--model-url", "127.0.0.1:11434"),
    ("--model-url", "localhost/v1"),
    ("--model-url", "ftp://localhost/v1"),
    ("--model-url", ""),
    ("--max-input-tokens", "many"),
    ("--max-input-tokens", "-1"),
    ("--mcp", "ftp://localhost/mcp"),
    ("--mcp", "sh -c 'no end"),
    ("--mcp", ""),
    ("--allow-origin", "http://a\u{7f}b"),
    ("--heartbeat", "soon"),
    ("--heartbeat", "-1"),
    ("--heartbeat", "NaN"),
    ("--heartbeat", "inf"),
    ("--heartbeat", "86401"),
    ("--heartbeat", "1e300"),
    ("--heartbeat", ""),
    ("--metrics-listen", "9464"),
    ("--metrics-listen", ""),
];

fn run(args: &[&str]) -> Output {
    let mut command = Server::command();
    command.args(args);
    Server::output(command)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The command line was refused as such: nothing was printed but why, naming `what`.
fn assert_refused(output: &Output, what: &str) {
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{what}: {stderr}");
    assert_eq!(text(&output.stdout), "", "{what}");
    assert!(stderr.starts_with("error: "), "{what}: {stderr}");
    assert!(stderr.contains(what), "{what} is not named: {stderr}");
}

#[test]
fn help_explains_each_flag_and_names_its_variable() {
    let output = run(&["serve", "--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout);
    // One paragraph for each flag, or one line each, depending on the width.
    let mut words = help.split_whitespace().peekable();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let Some((flag, variable)) = FLAGS.iter().find(|(flag, _)| *flag == word) else {
            continue;
        };
        if !words.peek().is_some_and(|next| next.starts_with('<')) {
            // Mentioned by another flag.
            continue;
        }
        words.next();
        let explained: Vec<&str> = words.by_ref().take_while(|word| *word != "[env:").collect();
        assert!(explained.len() >= 3, "{flag} is not explained: {explained:?}");
        assert!(!explained.iter().any(|word| word.starts_with("--listen")), "{flag} lacks [env:");
        let named = words.next().unwrap().trim_end_matches(']');
        assert_eq!(named.split('=').next(), Some(*variable), "{flag}");
        found.push(*flag);
    }
    assert_eq!(found, FLAGS.map(|(flag, _)| flag));
}

#[test]
fn help_and_version_are_answered_without_a_server() {
    for args in [&["--help"][..], &["-h"], &["serve", "-h"]] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(text(&output.stdout).contains("--listen"), "{args:?}");
    }
    let version = run(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(text(&version.stdout), format!("chatkit {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_values_are_refused_by_name() {
    for (flag, value) in WRONG_VALUES {
        let assignment = format!("{flag}={value}");
        for args in [&["serve", &assignment][..], &[&assignment]] {
            assert_refused(&run(args), flag);
        }
    }
}

#[test]
fn wrong_variables_are_refused_as_flags_are() {
    for (flag, value) in WRONG_VALUES {
        if value.is_empty() {
            // A variable that is set to nothing is not set.
            continue;
        }
        let (_, variable) = FLAGS.into_iter().find(|(other, _)| *other == flag).unwrap();
        let mut command = Server::command();
        command.arg("serve").env(variable, value);
        assert_refused(&Server::output(command), flag);
    }
}

#[test]
fn variables_that_are_set_to_nothing_are_not_set() {
    const OTHERS: [&str; 11] = [
        "CHATKIT_WHILE_RUNNING",
        "CHATKIT_FIRST_EVENT_TIMEOUT",
        "CHATKIT_GAP_TIMEOUT",
        "CHATKIT_TURN_TIMEOUT",
        "CHATKIT_LINGER",
        "CHATKIT_SHUTDOWN_GRACE",
        "CHATKIT_METRICS",
        "CHATKIT_LOG",
        "CHATKIT_LOG_FORMAT",
        "CHATKIT_LOG_CONTENT",
        "OPENAI_API_KEY",
    ];
    for subcommand in [&["serve"][..], &[]] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Server::command();
        command.current_dir(folder.path()).args(subcommand).args(["--listen", "127.0.0.1:0"]);
        for variable in FLAGS.into_iter().map(|(_, variable)| variable).chain(OTHERS) {
            command.env(variable, "");
        }
        let server = Server::spawn(command);
        // The default responder says more than this, and its threads are kept where they are by
        // default.
        let events = server.events(&crate::common::create("hello"));
        assert!(events.iter().any(|event| event["type"] == "thread.item.added"), "{events:?}");
        assert!(folder.path().join("chatkit.db").is_file());
    }
}

#[test]
fn what_is_not_known_is_refused() {
    assert_refused(&run(&["serve", "--port", "8000"]), "--port");
    assert_refused(&run(&["serve", "now"]), "now");
    assert_refused(&run(&["dance"]), "dance");
    assert_refused(&run(&["serve", "--heartbeat"]), "--heartbeat");
    assert_refused(&run(&["serve", "--heartbeat", "1", "--heartbeat", "2"]), "--heartbeat");
}

/// Flags in front of the subcommand are either heeded or refused, never dropped: the user would
/// believe that they work.
#[test]
fn flags_before_the_subcommand_are_not_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Server::command();
    command.current_dir(folder.path());
    // Heeded, the database leads to an error; dropped, `--listen` does.
    command.args(["--database", "sqlite:no-such-folder/chat.db"]);
    command.args(["serve", "--listen", "203.0.113.1:1"]);
    let output = Server::output(command);
    let stderr = text(&output.stderr);
    let refused = output.status.code() == Some(2);
    let heeded = stderr.contains("no-such-folder");
    assert!(refused || heeded, "{:?}: {stderr}", output.status);
}

#[test]
fn variables_work_like_flags_and_flags_win() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Server::command();
    command
        .env("CHATKIT_LISTEN", "127.0.0.1:0")
        .env("CHATKIT_DATABASE", format!("sqlite:{}/env.db", folder.path().display()))
        .env("CHATKIT_RESPONDER", "demo")
        .env("CHATKIT_PUBLIC_URL", "https://chat.example.org/")
        .env("CHATKIT_ALLOW_ORIGIN", "https://a.example.org,https://b.example.org")
        .env("CHATKIT_HEARTBEAT", "0.2")
        .args(["serve", "--responder", "playback"]);
    let server = Server::spawn(command);

    let events = server.events(&crate::common::create(r#"{"steps": []}"#));
    assert_eq!(
        crate::common::kinds(&events),
        ["thread.created", "thread.item.done", "stream_options"]
    );
    assert!(folder.path().join("env.db").exists());

    let attachment = server.json(
        "attachments.create",
        serde_json::json!({"name": "a.txt", "size": 1, "mime_type": "text/plain"}),
    );
    let url = attachment["upload_descriptor"]["url"].as_str().unwrap();
    assert!(url.starts_with("https://chat.example.org/attachments/"), "{url}");

    for (origin, allowed) in [
        ("https://a.example.org", Some("https://a.example.org")),
        ("https://b.example.org", Some("https://b.example.org")),
        ("https://c.example.org", None),
    ] {
        let answer = Connection::open(server.address()).request(
            "POST",
            "/chatkit",
            &[("Origin", origin), ("Content-Type", "application/json")],
            br#"{"type": "threads.list", "params": {}}"#,
        );
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
    }
}

#[test]
fn origins_may_be_given_one_by_one() {
    let server = Server::serve(&[
        "--database",
        "memory:",
        "--allow-origin",
        "https://a.example.org",
        "--allow-origin",
        "https://b.example.org",
    ]);
    for origin in ["https://a.example.org", "https://b.example.org"] {
        let answer = server.connect().request(
            "POST",
            "/chatkit",
            &[("Origin", origin)],
            br#"{"type": "threads.list", "params": {}}"#,
        );
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    }
}

#[test]
fn any_origin_is_taken_or_refused_in_words() {
    let mut command = Server::command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:", "--allow-origin=*"]);
    match Server::try_spawn(command) {
        Ok(server) => {
            let request = br#"{"type": "threads.list", "params": {}}"#;
            let origin = [("Origin", "https://a.example.org")];
            let answer = server.connect().request("POST", "/chatkit", &origin, request);
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        }
        Err((status, log)) => {
            assert_eq!(status.code(), Some(2), "{log}");
            assert!(log.contains("--allow-origin"), "{log}");
        }
    }
}
