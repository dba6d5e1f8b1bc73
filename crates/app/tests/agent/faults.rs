//! Providers that fail: the user is told in plain words, what was shown is kept, and the server goes
//! on.

use chatkit_testkit::provider::{Answer, responses};
use serde_json::json;

use crate::{
    agent, agent_with,
    common::{create, kinds, shown_text, until},
    created, error,
    provider::{Provider, chats, says},
    story,
};

/// What the user is told of a fault, whether another attempt is offered, and how often the model is
/// asked.
struct Fault {
    answer: Answer,
    message: &'static str,
    allow_retry: bool,
    requests: usize,
}

fn faults() -> Vec<Fault> {
    let refused = |status: u16, message: &str, code: &str| {
        Answer::status(status)
            .header("retry-after", "0")
            .json(&json!({"error": {"message": message, "type": "t", "code": code}}))
    };
    let fault =
        |answer, message, allow_retry, requests| Fault { answer, message, allow_retry, requests };
    vec![
        fault(
            refused(401, "Incorrect API key provided.", "invalid_api_key"),
            "The model's provider refused the server's credentials.",
            false,
            1,
        ),
        fault(
            refused(429, "Rate limit reached for org-1.", "rate_limit_exceeded"),
            "The model is busy. Please try again in a moment.",
            true,
            3,
        ),
        fault(
            refused(429, "You exceeded your quota.", "insufficient_quota"),
            "The quota of the model's provider is used up.",
            false,
            1,
        ),
        fault(
            refused(500, "The server had an error.", "server_error"),
            "The model's provider has a problem. Please try again in a moment.",
            true,
            3,
        ),
        fault(
            refused(400, "No deployment of m1 at http://10.0.0.7.", "invalid_value"),
            "The model's provider refused the request.",
            false,
            1,
        ),
        fault(
            Answer::status(400).body("upstream http://10.0.0.7: no such parameter"),
            "The model's provider refused the request.",
            false,
            1,
        ),
        fault(
            refused(400, "Your input exceeds the window.", "context_length_exceeded"),
            "The conversation is too long for the model.",
            false,
            1,
        ),
        fault(
            refused(404, "No such model.", "model_not_found"),
            "The model does not exist.",
            false,
            1,
        ),
        fault(
            Answer::status(200)
                .header("content-type", "text/html")
                .body("<!doctype html><title>Welcome</title>"),
            "The model's answer was not understood.",
            false,
            1,
        ),
    ]
}

#[test]
fn each_fault_is_an_error_in_plain_words_and_the_server_goes_on() {
    for Fault { answer, message, allow_retry, requests } in faults() {
        let provider = Provider::start();
        for _ in 0..requests {
            provider.answer(answer.clone());
        }
        provider.answer(says("Here I am again."));
        let server = agent(&provider);
        let events = server.events(&create("Hi"));
        assert_eq!(
            *error(&events),
            json!({"type": "error", "code": "custom", "message": message, "allow_retry": allow_retry})
        );
        // Nobody is left thinking.
        let progress: Vec<_> = events.iter().filter_map(|event| event["text"].as_str()).collect();
        assert_eq!(progress, ["Thinking…", ""], "{events:?}");
        assert_eq!(provider.requests().len(), requests, "{message}");

        let thread = created(&events);
        assert_eq!(shown_text(&server.say(&thread, "Hello?")), "Here I am again.");
        let told = ["user: Hi", "user: Hello?", "assistant: Here I am again."];
        assert_eq!(story(&server, &thread), told);
    }
}

#[test]
fn a_provider_that_is_not_there_is_an_error() {
    let provider = Provider::start();
    let url = provider.url();
    let server = agent(&provider);
    drop(provider);
    let events = server.events(&create("Hi"));
    let error = error(&events);
    assert_eq!(error["message"], "The model could not be reached.", "{url}");
    assert_eq!(error["allow_retry"], true);
}

#[test]
fn an_answer_that_breaks_off_is_kept_as_far_as_it_came() {
    let cases = [
        ("responses", says("Half a sentence is lost").cut_after(5)),
        ("chat-completions", chats("Half a sentence is lost").cut_after(3)),
    ];
    for (api, answer) in cases {
        let provider = Provider::start();
        provider.answer(answer);
        let server = agent_with(&provider, &["--model-api", api]);
        let events = server.events(&create("Hi"));
        assert_eq!(shown_text(&events), "Half a ", "{api}");
        assert_eq!(error(&events)["message"], "The model's answer broke off.");
        assert_eq!(error(&events)["allow_retry"], true);
        assert_eq!(events.last(), Some(error(&events)));
        assert_eq!(story(&server, &created(&events)), ["user: Hi", "assistant: Half a "]);
        assert_eq!(provider.requests().len(), 1, "what was shown is not asked for again");
    }
}

#[test]
fn an_answer_that_breaks_off_before_it_began_is_asked_for_again() {
    let provider = Provider::start();
    provider.answer(says("Never seen.").cut_after(0));
    provider.answer(says("Hello."));
    let server = agent(&provider);
    let events = server.events(&create("Hi"));
    assert_eq!(shown_text(&events), "Hello.");
    assert!(!kinds(&events).contains(&"error"), "{events:?}");
}

#[test]
fn a_failure_that_the_model_reports_is_told() {
    let provider = Provider::start();
    let half = responses::Reply::new().text("Half a thought.");
    provider.answer(Answer::events(half.failed("server_error", "The model crashed.")));
    let server = agent(&provider);
    let events = server.events(&create("Hi"));
    let error = error(&events);
    let told = "The model's provider has a problem. Please try again in a moment.";
    assert_eq!(error["message"], told, "not in the provider's words");
    assert_eq!(error["allow_retry"], true);
    assert_eq!(story(&server, &created(&events))[1], "assistant: Half a thought.");
}

#[test]
fn the_log_says_why_a_turn_failed() {
    let provider = Provider::start();
    let body = json!({"error": {"message": "Project proj-7 is archived.", "code": "archived"}});
    provider.answer(Answer::status(403).json(&body));
    let server = agent(&provider);
    server.events(&create("Hi"));
    until("the log says why", || {
        let log = server.stderr();
        log.lines().any(|line| line.contains("403") && line.contains("Project proj-7 is archived."))
    });
}
