//! What providers do wrong: what was told stays told, and then comes one error, or none where
//! nothing is missing.

use chatkit_agents::model::{ModelError, ModelEvent};
use chatkit_testkit::provider::{Answer, FakeProvider, chat};
use serde_json::json;

use super::{ask, items, message, model, read};

/// What comes of an answer: the text that was told, the items that were completed, the error.
async fn outcome(answer: Answer) -> (String, usize, Option<ModelError>) {
    let provider = FakeProvider::start().await;
    provider.answer(answer);
    let (events, error) = read(ask(&model(&provider))).await;
    let told = events.iter().filter_map(|event| match event {
        ModelEvent::TextDelta { delta, .. } => Some(delta.as_str()),
        _ => None,
    });
    (told.collect(), items(&events).len(), error)
}

#[tokio::test]
async fn an_answer_that_is_cut_is_closed() {
    let cut = outcome(Answer::events(chat::text("One two three")).cut_after(3)).await;
    assert_eq!(cut, ("One two ".to_owned(), 0, Some(ModelError::Closed)));

    let mut short = chat::text("One two three");
    short.truncate(3);
    let ended = outcome(Answer::events(short)).await;
    assert_eq!(ended, ("One two ".to_owned(), 0, Some(ModelError::Closed)));
}

#[tokio::test]
async fn behind_the_models_own_end_nothing_is_missing() {
    let chunks = chat::text("One");
    for kept in [chunks.len() - 1, chunks.len()] {
        let whole = outcome(Answer::events(chunks.clone()).cut_after(kept)).await;
        assert_eq!(whole, ("One".to_owned(), 1, None), "{kept}");
    }
    // The end of the body is missing.
    let provider = FakeProvider::start().await;
    provider.answer(Answer::events(chat::text("One")).with_done_marker().stall_after(usize::MAX));
    let (events, error) = read(ask(&model(&provider))).await;
    assert_eq!((items(&events), error), (vec![message("One")], None));
}

#[tokio::test]
async fn failures_are_the_providers_words_without_the_key() {
    let failed = |message: &str, code: Option<&str>| ModelError::Failed {
        message: message.to_owned(),
        code: code.map(str::to_owned),
    };
    let chunk = chat::text("One two").remove(1);
    let error = json!({"error": {"message": "bad key sk-very-secret", "code": 503}});
    let told = outcome(Answer::events([chunk.clone(), error])).await;
    let expected = failed("bad key [secret]", Some("server_error"));
    assert_eq!(told, ("One ".to_owned(), 0, Some(expected)));

    let named = json!({"type": "error", "message": "overloaded"});
    let told = outcome(Answer::events([named]).named()).await;
    assert_eq!(told, (String::new(), 0, Some(failed("overloaded", None))));
}

#[tokio::test]
async fn what_is_no_completion_is_not_understood() {
    let (_, _, error) = outcome(Answer::lines("<html>\n</html>")).await;
    assert!(matches!(error, Some(ModelError::Protocol(_))), "{error:?}");
    let (text, _, error) = outcome(Answer::lines(&"{\n".repeat(100))).await;
    assert!(matches!(error, Some(ModelError::Protocol(_))), "{error:?}");
    assert_eq!(text, "");
}

#[tokio::test]
async fn a_refused_request_has_its_status() {
    let refused = Answer::status(400).json(&json!({"error": {"message": "no such tool"}}));
    let (_, _, error) = outcome(refused).await;
    let expected = ModelError::Status {
        status: 400,
        message: "no such tool".to_owned(),
        code: None,
        retry_after: None,
    };
    assert_eq!(error, Some(expected));
}
