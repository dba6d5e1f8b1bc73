//! What is said is not logged, unless it was asked for.

use std::{fs, path::PathBuf};

use chatkit_testkit::provider::{Answer, chat, responses};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    common::{Server, create, op, script, string, until, words},
    lines,
    provider::{Provider, says},
    server,
};

const MARKER: &str = "MARK-7f3a";
const KEY: &str = "sk-s3cret-0123";

/// Everything that our own crates say.
const EVERYTHING: &str = "off,chatkit=trace";

/// Fails if the log has the marker, and unless it has lines.
fn assert_private(server: &Server, turns: usize) {
    until("the turns have ended", || ended(server) >= turns);
    for line in server.stderr().lines() {
        assert!(!line.contains(MARKER) && !line.contains(KEY), "{line}");
    }
}

fn ended(server: &Server) -> usize {
    lines(server).iter().filter(|line| line["message"] == "the turn ended").count()
}

#[test]
fn the_demo() {
    let server = server(&["--responder", "demo", "--log", EVERYTHING]);
    for (number, text) in [MARKER.to_owned(), format!("fail {MARKER}")].iter().enumerate() {
        server.events(&create(text));
        assert_private(&server, number + 1);
    }
}

#[test]
fn playback() {
    let server = server(&["--responder", "playback", "--log", EVERYTHING]);
    let mut turns = 0;
    for end in [
        json!({"thread": {"title": MARKER, "metadata": {MARKER: MARKER}}}),
        json!({"fail": {"message": MARKER}}),
        json!({"fail": {}}),
        json!({"event": {"type": "thread.item.done", "item": {"id": MARKER}}}),
    ] {
        let mut steps = words(&format!("msg_{turns}"), 2, 0);
        steps.push(json!({"text": {"deltas": 2, "delta": MARKER, "gap_ms": 0}}));
        steps.push(end);
        server.events(&create(&script(json!(steps))));
        turns += 1;
        assert_private(&server, turns);
    }
    // What is wrong with a request is for its sender.
    server.post(&op("threads.create", json!({MARKER: MARKER, "input": MARKER})));
    server.post(&op(MARKER, json!({})));
    server.post(&op("threads.get_by_id", json!({"thread_id": "thr_none"})));
    assert_private(&server, turns);
}

#[test]
fn files() {
    let server = server(&["--responder", "demo", "--log", EVERYTHING]);
    let file = json!({"name": format!("{MARKER}.txt"), "size": 4, "mime_type": "text/plain"});
    let attachment = server.json("attachments.create", file);
    let id = string(&attachment, "id").to_owned();
    let mut asked = create("look");
    asked["params"]["input"]["attachments"] = json!([id]);
    server.events(&asked);
    assert_private(&server, 1);
}

/// A server with an agent, a key, and maybe more arguments.
fn agent(provider: &Provider, api: &str, args: &[&str]) -> Server {
    let mut command = Server::command();
    command
        .env("OPENAI_API_KEY", KEY)
        .args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:"])
        .args(["--model-url", &provider.url(), "--model-api", api])
        .args(["--log", EVERYTHING, "--log-format", "json"])
        .args(args);
    Server::spawn(command)
}

#[test]
fn an_agent_that_answers_and_a_provider_that_quotes_what_it_was_asked() {
    let refused = |status: u16| {
        let error = json!({"error": {"message": format!("'{MARKER}' is not allowed"), "code": format!("say {MARKER}")}});
        Answer::status(status).json(&error)
    };
    let unreadable = format!("{{\"choices\": \"{MARKER}\"}}\n").repeat(40);
    for (api, answers) in [
        (
            "responses",
            vec![
                says(&format!("You said {MARKER}.")),
                refused(400),
                refused(500),
                Answer::events(responses::Reply::new().failed("server_error", MARKER)),
                Answer::status(200).body(format!("<html><title>{MARKER}</title></html>")),
                says(&format!("You said {MARKER} twice")).cut_after(5),
            ],
        ),
        (
            "chat-completions",
            vec![
                Answer::events(chat::text(MARKER)).with_done_marker(),
                Answer::lines(&unreadable),
                refused(422),
            ],
        ),
    ] {
        let provider = Provider::start();
        let server = agent(&provider, api, &[]);
        let mut turns = 0;
        for answer in answers {
            provider.answer_always(answer);
            server.events(&create(&format!("Say {MARKER}")));
            turns += 1;
            assert_private(&server, turns);
        }
        let asked = provider.requests().last().unwrap().body.to_string();
        assert!(asked.contains(MARKER), "the model is asked");
    }
}

/// An MCP server that writes what it is called with to its standard error, and refuses it.
const QUOTING: &str = r#"
while read -r line; do
    id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
    case $line in
        *'"initialize"'*) result='"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},
            "serverInfo":{"name":"quoting","version":"1"}}' ;;
        *'"tools/list"'*) result='"result":{"tools":[{"name":"look","description":"Looks.",
            "inputSchema":{"type":"object","properties":{"name":{"type":"string"}}}}]}' ;;
        *'"tools/call"'*) printf 'called with %s\n' "$line" >&2
            result='"error":{"code":-32602,"message":"no MARK-7f3a here"}' ;;
        *) continue ;;
    esac
    printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$(printf '%s' "$result" | tr -d '\n')"
done
"#;

fn quoting() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("quoting.sh");
    fs::write(&path, QUOTING).unwrap();
    let command = format!("sh '{}'", path.display());
    (folder, command)
}

/// Has the agent call the tool with the marker, then with what is no JSON.
fn call_tools(provider: &Provider) {
    let arguments = json!({"name": MARKER}).to_string();
    provider.answer(Answer::events(responses::function_call("look", &arguments)));
    provider.answer(Answer::events(responses::function_call("look", &format!("{{{MARKER}"))));
    provider.answer(says("I saw nothing."));
}

#[test]
fn tools() {
    let (_folder, quoting) = quoting();
    let provider = Provider::start();
    let server = agent(&provider, "responses", &["--mcp", &quoting]);
    call_tools(&provider);
    server.events(&create("Look."));
    assert_private(&server, 1);
    let failed: Vec<_> =
        lines(&server).into_iter().filter(|line| line["message"] == "a tool failed").collect();
    let told: Vec<_> = failed.iter().map(|line| string(line, "error")).collect();
    assert!(told[0].ends_with("refused the request (-32602)"), "{told:?}");
    assert_eq!(told[1], "the model's arguments do not fit");
    assert!(
        failed.iter().all(|line| line["run"].is_string() && line["tool"] == "look"),
        "{failed:?}"
    );
}

#[test]
fn for_those_who_ask_all_of_it_is_logged() {
    let (_folder, quoting) = quoting();
    let provider = Provider::start();
    let server = agent(&provider, "responses", &["--mcp", &quoting, "--log-content"]);
    call_tools(&provider);
    server.events(&create(&format!("Look for {MARKER}")));
    until("the turn has ended", || ended(&server) == 1);
    let lines = lines(&server);
    let line = |message: &str| -> Value {
        let found = lines.iter().find(|line| line["message"] == message);
        found.unwrap_or_else(|| panic!("{message}: {lines:?}")).clone()
    };
    assert_eq!(line("the user says")["text"], format!("Look for {MARKER}"));
    assert_eq!(line("a tool is called")["arguments"], json!({"name": MARKER}).to_string());
    assert!(string(&line("a tool has returned"), "output").contains(MARKER));
    assert!(string(&line("an MCP server wrote to its standard error"), "line").contains(MARKER));
    assert!(!server.stderr().contains(KEY), "keys are logged for nobody");
    provider.answer_always(Answer::status(400).body(format!("no {MARKER}")));
    server.events(&create("Hi"));
    until("the turn has ended", || ended(&server) == 2);
    assert!(server.stderr().contains(&format!("answered 400: no {MARKER}")), "{}", server.stderr());
}
