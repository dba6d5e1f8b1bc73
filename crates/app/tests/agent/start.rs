//! How the agent starts: who answers when nothing is said, and clear errors when there is no agent.

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{
    agent_with,
    common::{Server, create, kinds, shown_text, until},
    provider::{Provider, chats},
};

const IN_MEMORY: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--database", "memory:"];

fn command(args: &[&str]) -> Command {
    let mut command = Server::command();
    command.args(IN_MEMORY).args(args);
    command
}

/// What is said of a command that cannot serve.
fn refusal(command: Command) -> String {
    let output: Output = Server::output(command);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{stderr}");
    assert!(stderr.lines().any(|line| line.starts_with("error: ")), "{stderr}");
    stderr
}

/// The text of an answer of the demo's or the model's.
fn answer(server: &Server) -> String {
    let events: Vec<Value> = server.events(&create("hello"));
    assert!(!kinds(&events).contains(&"error"), "{events:?}");
    shown_text(&events)
}

#[test]
fn without_a_key_and_a_url_it_says_what_is_missing() {
    for key in [None, Some("")] {
        let mut command = command(&["--responder", "agent"]);
        if let Some(key) = key {
            command.env("OPENAI_API_KEY", key);
        }
        let stderr = refusal(command);
        assert!(stderr.contains("OPENAI_API_KEY"), "{stderr}");
        assert!(stderr.contains("--model-url"), "{stderr}");
    }
}

#[test]
fn with_a_url_the_agent_answers() {
    let provider = Provider::saying(&["I am the model."]);
    let url = provider.url();
    let server = Server::spawn(command(&["--model-url", &url]));
    assert_eq!(answer(&server), "I am the model.");
    assert_eq!(provider.requests()[0].body["model"], "gpt-5-mini");
}

#[test]
fn with_a_key_the_agent_is_chosen() {
    let mut command = command(&[]);
    command.env("OPENAI_API_KEY", "sk-0123456789");
    let server = Server::spawn(command);
    // Nobody is asked by this test: OpenAI is not there for it.
    until("the agent is there", || server.stderr().contains("the agent asks"));
}

#[test]
fn variables_name_the_agent_too() {
    let provider = Provider::start();
    provider.answer(chats("From the environment."));
    let mut command = command(&[]);
    command.env("CHATKIT_RESPONDER", "agent");
    command.env("CHATKIT_MODEL", "other-model");
    command.env("CHATKIT_MODEL_URL", provider.url());
    command.env("CHATKIT_MODEL_API", "chat-completions");
    let server = Server::spawn(command);
    assert_eq!(answer(&server), "From the environment.");
    assert_eq!(provider.requests()[0].body["model"], "other-model");
}

#[test]
fn the_demo_answers_without_a_model_or_when_it_is_asked_for() {
    let provider = Provider::start();
    let url = provider.url();
    for args in [&[][..], &["--responder", "demo", "--model-url", &url]] {
        let server = Server::spawn(command(args));
        assert!(answer(&server).contains("demo"), "{args:?}");
    }
    assert_eq!(provider.requests(), []);
}

#[test]
fn instructions_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("instructions.md");
    fs::write(&path, "Speak like a pirate.\nBe brief.").unwrap();
    let provider = Provider::saying(&["Arr."]);
    let server = agent_with(&provider, &["--instructions", path.to_str().unwrap()]);
    assert_eq!(answer(&server), "Arr.");
    assert_eq!(provider.requests()[0].body["instructions"], "Speak like a pirate.\nBe brief.");
}

#[test]
fn instructions_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("latin.txt"), b"caf\xe9").unwrap();
    for name in ["missing.md", "latin.txt", ""] {
        let path = folder.path().join(name);
        let path = path.to_str().unwrap();
        let url = "http://127.0.0.1:1/v1";
        let stderr = refusal(command(&["--model-url", url, "--instructions", path]));
        assert!(stderr.contains("instructions") && stderr.contains(path), "{stderr}");
    }
}

#[test]
fn an_mcp_server_that_is_none_is_named() {
    let nothing = Provider::start();
    let url = format!("http://user:hunter2@{}/mcp?key=hunter2", &nothing.url()[7..]);
    for (server, shown) in [
        ("no-such-program-here --verbose", "no-such-program-here"),
        ("true", "true"),
        ("sh -c 'echo out of order >&2; exit 3'", "out of order"),
        (url.as_str(), "/mcp"),
    ] {
        let model = "http://127.0.0.1:1/v1";
        let stderr = refusal(command(&["--model-url", model, "--mcp", server]));
        assert!(stderr.contains("MCP") && stderr.contains(shown), "{server}: {stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
}
