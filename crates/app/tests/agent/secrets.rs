//! The provider's key: sent to the provider, and shown nowhere.

use chatkit_testkit::provider::{Answer, responses};
use serde_json::json;

use crate::{
    common::{Server, create, until},
    created, error,
    provider::{Provider, chats, says},
};

/// One key with a well-known form, and one without.
const KEYS: [&str; 2] = ["sk-proj-Abc_0123456789", "nothing+like/a.usual=key"];

/// A server that logs everything.
fn talkative(provider: &Provider, key: &str, api: &str) -> Server {
    let mut command = Server::command();
    command
        .env("CHATKIT_LOG", "trace")
        .env("OPENAI_API_KEY", key)
        .args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:"])
        .args(["--model-url", &provider.url(), "--model-api", api]);
    Server::spawn(command)
}

#[test]
fn the_key_goes_to_the_provider_and_nowhere_else() {
    for key in KEYS {
        for (api, answer) in [("responses", says("Hello.")), ("chat-completions", chats("Hello."))]
        {
            let provider = Provider::start();
            provider.answer(answer);
            let server = talkative(&provider, key, api);
            let events = server.events(&create("Hi"));
            let bearer = format!("Bearer {key}");
            assert_eq!(provider.requests()[0].header("authorization"), Some(bearer.as_str()));
            assert!(!provider.requests()[0].body.to_string().contains(key));
            let thread = created(&events);
            until("the turn has ended", || server.ended().iter().any(|end| end.thread == thread));
            assert_nowhere(&server, key, &json!(events).to_string());
        }
    }
}

#[test]
fn a_provider_that_repeats_the_key_does_not_give_it_away() {
    for key in KEYS {
        let text = format!("Incorrect API key provided: {key}. See https://provider.example/keys.");
        let refused =
            |status| Answer::status(status).json(&json!({"error": {"message": text, "code": key}}));
        let failed = Answer::events(responses::Reply::new().failed("server_error", &text));
        let faults = [
            refused(401),
            refused(400),
            failed,
            Answer::status(200).body(format!("<html><title>{key}</title></html>")),
            Answer::events([json!({"type": "error", "message": text, "code": key})]),
            Answer::lines(&text),
        ];
        let provider = Provider::start();
        let server = talkative(&provider, key, "responses");
        for fault in faults {
            // In case that another attempt is made.
            provider.answer_always(fault);
            let events = server.events(&create("Hi"));
            let shown = error(&events).to_string();
            assert!(!shown.contains("\"code\":\"stream.error\""), "it says what happened: {shown}");
            let thread = created(&events);
            until("the turn has ended", || server.ended().iter().any(|end| end.thread == thread));
            assert_nowhere(&server, key, &json!(events).to_string());
            assert_nowhere(&server, key, &json!(server.items(&thread)).to_string());
        }
    }
}

#[test]
fn what_a_url_hides_is_shown_nowhere() {
    let provider = Provider::saying(&["Hello."]);
    provider.answer_always(Answer::status(400).body("wrong key: query-s3cret, user-s3cret"));
    let address = &provider.url()["http://".len()..];
    let url = format!("http://user:user-s3cret@{address}?key=query-s3cret");
    let mut command = Server::command();
    command.env("CHATKIT_LOG", "trace").env("CHATKIT_MODEL_URL", &url);
    command.args(["serve", "--listen", "127.0.0.1:0", "--database", "memory:"]);
    let server = Server::spawn(command);
    let mut events = server.events(&create("Hi"));
    assert_eq!(provider.request(1).path, "/v1/responses?key=query-s3cret");
    events.extend(server.events(&create("Hi")));
    assert_eq!(error(&events)["message"], "The model's provider refused the request.");
    until("both turns have ended", || server.ended().len() == 2);
    assert_nowhere(&server, "s3cret", &json!(events).to_string());
}

#[test]
fn help_does_not_show_what_variables_say_of_urls() {
    let mut command = Server::command();
    command
        .env("CHATKIT_MODEL_URL", "http://user:s3cret@127.0.0.1/v1")
        .env("CHATKIT_MCP", "http://127.0.0.1/mcp?key=s3cret")
        .args(["serve", "--help"]);
    let help = String::from_utf8(Server::output(command).stdout).unwrap();
    assert!(help.contains("CHATKIT_MODEL_URL") && help.contains("CHATKIT_MCP"), "{help}");
    assert!(!help.contains("s3cret"), "{help}");
}

fn assert_nowhere(server: &Server, key: &str, shown: &str) {
    let log = server.stderr();
    assert!(log.contains("TRACE"), "it does not log everything");
    for (place, text) in [("log", log.as_str()), ("answer", shown)] {
        let line = text.lines().find(|line| line.contains(key));
        assert_eq!(line, None, "the {place} has the key");
    }
}
