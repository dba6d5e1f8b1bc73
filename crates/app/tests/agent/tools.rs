//! Tools of MCP servers.

use std::{fs, path::PathBuf};

use chatkit_testkit::provider::{Answer, responses};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    agent_with,
    common::{create, kinds, shown_text},
    provider::{Provider, says},
};

/// An MCP server with one tool, which says how it was greeted.
const GREETER: &str = r#"
while read -r line; do
    id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
    case $line in
        *'"initialize"'*) result='{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},
            "serverInfo":{"name":"greeter","version":"1"}}' ;;
        *'"tools/list"'*) result='{"tools":[{"name":"greet","description":"Greets somebody.",
            "inputSchema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}}]}' ;;
        *'"tools/call"'*Ada*) result='{"content":[{"type":"text","text":"Good morning, Ada!"}]}' ;;
        *) continue ;;
    esac
    printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$(printf '%s' "$result" | tr -d '\n')"
done
"#;

/// The server as a command for `--mcp`.
fn greeter() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("greeter.sh");
    fs::write(&path, GREETER).unwrap();
    let command = format!("sh '{}'", path.display());
    (folder, command)
}

/// The names of the tools that the model is given.
fn tool_names(body: &Value) -> Vec<&str> {
    body["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[test]
fn the_model_may_call_the_tools_of_an_mcp_server() {
    let (_folder, greeter) = greeter();
    let provider = Provider::start();
    provider.answer(Answer::events(responses::function_call("greet", r#"{"name": "Ada"}"#)));
    provider.answer(says("I have greeted her."));
    let server = agent_with(&provider, &["--mcp", &greeter]);
    let events = server.events(&create("Greet Ada."));
    assert_eq!(shown_text(&events), "I have greeted her.");
    assert!(!kinds(&events).contains(&"error"), "{events:?}");
    assert_eq!(tool_names(&provider.request(1).body), ["greet"]);
    let input = provider.request(2).body["input"].clone();
    let [.., call, output] = &input.as_array().unwrap()[..] else { panic!("{input}") };
    assert_eq!((&call["type"], &call["call_id"]), (&json!("function_call"), &json!("call_0")));
    assert_eq!(output["type"], "function_call_output");
    assert_eq!(
        (&output["call_id"], &output["output"]),
        (&json!("call_0"), &json!("Good morning, Ada!"))
    );
}

#[test]
fn tools_of_two_servers_are_told_apart() {
    let (_folder, greeter) = greeter();
    let provider = Provider::start();
    provider.answer(Answer::events(responses::function_call("s2_greet", r#"{"name": "Ada"}"#)));
    provider.answer(says("Done."));
    let server = agent_with(&provider, &["--mcp", &greeter, "--mcp", &greeter]);
    assert_eq!(shown_text(&server.events(&create("Greet Ada."))), "Done.");
    assert_eq!(tool_names(&provider.request(1).body), ["s1_greet", "s2_greet"]);
    assert!(provider.request(2).body["input"].to_string().contains("Good morning, Ada!"));
}
