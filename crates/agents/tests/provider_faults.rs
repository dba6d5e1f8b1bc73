//! Providers that refuse, break off, hang, or send what they should not.

mod responses_support;

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use chatkit_agents::model::{ModelError, ModelEvent, ProviderOptions};
use chatkit_testkit::provider::{Answer, Chunking, FakeProvider, responses, responses::Reply};
use futures_util::StreamExt as _;
use responses_support::{answered, ask, is_complete, options, outcome, refused, text};
use serde_json::{Value, json};

fn hello() -> Answer {
    Answer::events(responses::text("Hello, world!"))
}

fn status(status: u16, message: &str, code: Option<&str>) -> ModelError {
    ModelError::Status {
        status,
        message: message.to_owned(),
        code: code.map(str::to_owned),
        retry_after: None,
    }
}

#[tokio::test]
async fn a_refusal_keeps_the_providers_words_and_is_final() {
    let body = json!({"error": {"message": "no key", "type": "auth", "code": "invalid_api_key"}});
    let error = refused(Answer::status(401).json(&body)).await;
    assert_eq!(error, status(401, "no key", Some("invalid_api_key")));
    assert_eq!(error.user_message(), "The model's provider refused the server's credentials.");

    let error = refused(Answer::status(404).json(&json!({"detail": "Not Found"}))).await;
    assert_eq!(error, status(404, "Not Found", None));
    assert_eq!(refused(Answer::status(400)).await, status(400, "Bad Request", None));
    assert_eq!(refused(Answer::status(403).body("go away")).await, status(403, "go away", None));

    let body = json!({"error": {"message": "pay", "type": "insufficient_quota", "code": null}});
    let error = refused(Answer::status(429).json(&body)).await;
    assert_eq!(error, status(429, "pay", Some("insufficient_quota")));
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for code in [408, 409, 429, 500, 502, 503] {
        let ((events, error), attempts) =
            answered([Answer::status(code), Answer::status(code), hello()]).await;
        assert_eq!((error, attempts), (None, 3), "{code}");
        assert_eq!(text(&events), "Hello, world!");
    }
    let ((events, error), attempts) =
        answered([Answer::status(500), Answer::status(500), Answer::status(500), hello()]).await;
    assert_eq!((error, attempts), (Some(status(500, "Internal Server Error", None)), 3));
    assert_eq!(events, []);
}

#[tokio::test]
async fn a_provider_that_asks_for_time_gets_it() {
    let busy = Answer::status(429).header("retry-after-ms", "120");
    let start = Instant::now();
    let ((events, error), attempts) = answered([busy, hello()]).await;
    assert!(start.elapsed() >= Duration::from_millis(120));
    assert_eq!((error, attempts), (None, 2));
    assert!(is_complete(&events));
}

#[tokio::test]
async fn a_provider_that_asks_for_too_much_time_is_not_asked_again() {
    let error = refused(Answer::status(429).header("retry-after", "3600").body("later")).await;
    let ModelError::Status { retry_after, .. } = &error else { panic!("{error}") };
    assert_eq!(*retry_after, Some(Duration::from_secs(3600)));
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_page_is_no_answer() {
    let page = "<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body>…</body></html>";
    let ((_, error), attempts) = answered(vec![Answer::status(502).body(page); 3]).await;
    assert_eq!((error, attempts), (Some(status(502, "an HTML page: Bad Gateway", None)), 3));

    let error = refused(Answer::status(200).header("content-type", "text/html").body(page)).await;
    assert!(
        matches!(&error, ModelError::Protocol(text) if text.contains("an HTML page")),
        "{error}"
    );
    // Whatever it is called.
    let page = Answer::status(200).header("content-type", "text/event-stream").body(page);
    assert_eq!(refused(page).await, error);
}

#[tokio::test]
async fn json_is_no_stream() {
    let error = refused(Answer::status(200).json(&json!({"error": "model is loading"}))).await;
    assert_eq!(error, ModelError::Failed { message: "model is loading".to_owned(), code: None });

    let error = refused(Answer::status(200).json(&json!({"id": "resp_1", "output": []}))).await;
    assert!(matches!(&error, ModelError::Protocol(text) if text.contains("JSON")), "{error}");

    let error = refused(Answer::status(200).body("It works!")).await;
    assert!(matches!(&error, ModelError::Protocol(text) if text.contains("It works!")), "{error}");
}

#[tokio::test]
async fn a_stream_may_be_called_anything() {
    for kind in ["text/plain", "application/x-ndjson", "application/json", ""] {
        let answer = hello().without_header("content-type");
        let answer = if kind.is_empty() { answer } else { answer.header("content-type", kind) };
        for answer in [answer.clone(), answer.chunking(Chunking::Bytes(1)).named()] {
            let ((events, error), _) = answered([answer]).await;
            assert_eq!((text(&events).as_str(), error), ("Hello, world!", None), "{kind}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_and_what_came_of_it_stays() {
    let all = responses::text("Hello, world!");
    for count in 1..all.len() {
        for (answer, way) in [
            (hello().cut_after(count), "cut"),
            (Answer::events(all.iter().take(count).cloned()), "ended"),
            (Answer::events(all.iter().take(count).cloned()).with_done_marker(), "done"),
        ] {
            // The second answer must not be asked for: the first has been shown already.
            let ((events, error), attempts) = answered([answer, hello()]).await;
            assert_eq!((error, attempts), (Some(ModelError::Closed), 1), "{way} after {count}");
            assert!(!events.is_empty() && !is_complete(&events));
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_first_event_is_tried_again() {
    let ((events, error), attempts) =
        answered([hello().cut_after(0), hello().cut_after(0), hello()]).await;
    assert_eq!((error, attempts), (None, 3));
    assert_eq!(text(&events), "Hello, world!");

    let ((_, error), attempts) = answered(vec![hello().cut_after(0); 3]).await;
    assert!(matches!(error, Some(ModelError::Transport(_))), "{error:?}");
    assert_eq!(attempts, 3);
}

#[tokio::test]
async fn nobody_at_home() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let options = ProviderOptions::new()
        .base_url(format!("http://{address}/v1"))
        .retry_delay(Duration::from_millis(1));
    let (events, error) = outcome(ask(options)).await;
    assert_eq!(events, []);
    assert!(matches!(error, Some(ModelError::Transport(_))), "{error:?}");
}

#[tokio::test]
async fn a_provider_that_falls_silent_is_left() {
    let total = responses::text("Hello, world!").len();
    for count in [1, 3, total - 1] {
        let provider = FakeProvider::start().await;
        provider.answer(hello().stall_after(count));
        let limit = Duration::from_secs(30);
        let mut stream = ask(options(&provider).idle_timeout(limit));
        let expected = answered([hello().cut_after(count)]).await.0.0.len();
        for _ in 0..expected {
            stream.next().await.unwrap().unwrap();
        }
        // Now that nothing more comes, the clock may run as fast as it can.
        tokio::time::pause();
        let (events, error) = outcome(stream).await;
        tokio::time::resume();
        assert_eq!(events, []);
        assert_eq!(error, Some(ModelError::Timeout { what: "sent nothing", after: limit }));
        provider.closed().await;
        assert_eq!(provider.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_provider_that_does_not_respond_is_left() {
    // The operating system takes the connection, and nobody answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let limit = Duration::from_millis(50);
    let slow = ProviderOptions::new().base_url(url);

    let (_, error) = outcome(ask(slow.clone().response_timeout(limit))).await;
    assert_eq!(error, Some(ModelError::Timeout { what: "did not respond", after: limit }));

    let (_, error) = outcome(ask(slow.total_timeout(limit))).await;
    assert_eq!(error, Some(ModelError::Timeout { what: "was at work", after: limit }));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_in_all_is_left() {
    let provider = FakeProvider::start().await;
    provider.answer(hello().stall_after(3));
    let limit = Duration::from_secs(30);
    let mut stream = ask(options(&provider).total_timeout(limit));
    stream.next().await.unwrap().unwrap();
    tokio::time::pause();
    let (_, error) = outcome(stream).await;
    assert_eq!(error, Some(ModelError::Timeout { what: "was at work", after: limit }));
}

#[tokio::test]
async fn an_event_that_is_no_json_is_left_out() {
    let whole = answered([hello()]).await.0;
    let lines: Vec<_> = responses::text("Hello, world!").iter().map(ToString::to_string).collect();
    let mut broken = lines.clone();
    for (at, garbage) in [(1, "{\"type\":\"respon"), (2, "null"), (4, "<b>"), (6, "{\"a\":}")] {
        broken.insert(at, garbage.to_owned());
    }
    assert_eq!(answered([Answer::lines(&broken.join("\n"))]).await.0, whole);
}

#[tokio::test]
async fn a_stream_of_garbage_is_given_up() {
    let few = "garbage\n".repeat(31);
    let error = refused(Answer::lines(&few)).await;
    assert!(matches!(&error, ModelError::Protocol(text) if text.contains("no events")), "{error}");

    let created = responses::text("")[0].to_string();
    let answer = Answer::lines(&format!("{created}\n{few}garbage\n{created}"));
    let ((events, error), _) = answered([answer]).await;
    assert_eq!(events.len(), 1);
    assert!(matches!(&error, Some(ModelError::Protocol(text)) if text.contains("32")), "{error:?}");

    let empty = refused(Answer::lines("")).await;
    assert!(matches!(empty, ModelError::Protocol(_)), "{empty}");
}

#[tokio::test]
async fn a_delta_of_ten_megabytes() {
    let large = "0123456789abcdef".repeat(10 << 16);
    let answer = Answer::events(Reply::new().deltas(&["a", &large, "b"]).completed());
    let answers = [answer.clone().chunking(Chunking::Bytes(1 << 14)), answer.clone()];
    for answer in answers {
        let ((events, error), _) = answered([answer]).await;
        assert_eq!(error, None);
        assert!(text(&events) == format!("a{large}b"));
    }

    let provider = FakeProvider::start().await;
    provider.answer(answer);
    let (events, error) = outcome(ask(options(&provider).max_event_size(1 << 20))).await;
    assert_eq!(text(&events), "a");
    assert!(
        matches!(&error, Some(ModelError::Protocol(text)) if text.contains("larger")),
        "{error:?}"
    );
    provider.closed().await;
}

#[tokio::test]
async fn failures_in_the_stream() {
    let failed = |message: &str, code: Option<&str>| ModelError::Failed {
        message: message.to_owned(),
        code: code.map(str::to_owned),
    };
    for (end, expected) in [
        (
            json!({"type": "error", "code": "server_error", "message": "m"}),
            failed("m", Some("server_error")),
        ),
        (json!({"type": "error", "error": {"code": "c", "message": "m"}}), failed("m", Some("c"))),
        (json!({"type": "error"}), failed("no reason given", None)),
        (json!({"error": {"message": "m", "type": "t"}}), failed("m", Some("t"))),
        (
            json!({"type": "response.failed", "response": {"error": {"code": "c", "message": "m"}}}),
            failed("m", Some("c")),
        ),
        (
            json!({"type": "response.failed", "response": {"error": null}}),
            failed("no reason given", None),
        ),
        (
            json!({"type": "response.completed", "response": {"status": "failed", "error": {"message": "m"}}}),
            failed("m", None),
        ),
    ] {
        let events = Reply::new().text("Hello").event(end.clone()).unfinished();
        let ((events, error), attempts) = answered([Answer::events(events), hello()]).await;
        assert_eq!((error, attempts), (Some(expected), 1), "{end}");
        assert_eq!(text(&events), "Hello");
    }
}

#[tokio::test]
async fn a_constant_item_id_does_not_mix_items() {
    let mut events = Reply::new()
        .reasoning("Hm, hm.")
        .text("One two")
        .function_call("c1", "f", "{}")
        .completed();
    let usual = answered([Answer::events(events.clone())]).await.0.0;
    for with_index in [true, false] {
        for event in &mut events {
            make_ids_constant(event, with_index);
            make_ids_constant(&mut event["item"], with_index);
        }
        let ((odd, error), _) = answered([Answer::events(events.clone())]).await;
        assert_eq!(error, None);
        assert_eq!(without_raw(&odd), without_raw(&usual), "with index: {with_index}");
    }
}

/// Gives an event or an item the id that all others have.
fn make_ids_constant(object: &mut Value, with_index: bool) {
    let Some(object) = object.as_object_mut() else { return };
    for name in ["id", "item_id"] {
        if let Some(id) = object.get_mut(name) {
            *id = "constant".into();
        }
    }
    if !with_index {
        object.remove("output_index");
    }
}

/// The events without what goes back to the provider, in which its ids are.
fn without_raw(events: &[ModelEvent]) -> Vec<ModelEvent> {
    let mut events = events.to_vec();
    for event in &mut events {
        if let ModelEvent::ItemDone { output, .. } = event {
            output.raw = None;
        }
    }
    events
}

#[tokio::test]
async fn an_item_may_be_done_without_a_beginning_or_only_be_listed_at_the_end() {
    let all = Reply::new().text("One").function_call("c1", "f", "{}").completed();
    let is = |event: &Value, kinds: &[&str]| {
        kinds.iter().any(|kind| event["type"] == format!("response.{kind}"))
    };
    let done = |events: &[ModelEvent]| -> Vec<ModelEvent> {
        let is_done = |event: &&ModelEvent| matches!(event, ModelEvent::ItemDone { .. });
        events.iter().filter(is_done).cloned().collect()
    };
    let expected = done(&answered([Answer::events(all.clone())]).await.0.0);
    assert_eq!(expected.len(), 2);
    for kept in [&["output_item.done", "completed"][..], &["completed"]] {
        let events = all.iter().filter(|event| is(event, kept)).cloned();
        let ((events, error), _) = answered([Answer::events(events)]).await;
        assert_eq!(error, None);
        assert_eq!(done(&events), expected);
        assert!(is_complete(&events));
    }
}
