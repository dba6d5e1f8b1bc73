//! Chat completions over real connections.

mod failures;

use chatkit_agents::model::{
    ChatCompletionsModel, Model, ModelError, ModelEvent, ModelRequest, ModelStream, OutputItem,
    OutputKind, OutputPart, ProviderOptions, ToolSpec,
};
use chatkit_testkit::provider::{Answer, Chunking, FakeProvider, chat};
use futures_util::StreamExt as _;
use serde_json::json;

fn model(provider: &FakeProvider) -> ChatCompletionsModel {
    let options =
        ProviderOptions::new().base_url(provider.url()).api_key("sk-very-secret").max_retries(0);
    ChatCompletionsModel::new("m", options)
}

fn ask(model: &ChatCompletionsModel) -> ModelStream {
    model.stream(ModelRequest::new(vec!["Hi".into()]))
}

/// All that comes until the stream ends.
async fn read(mut stream: ModelStream) -> (Vec<ModelEvent>, Option<ModelError>) {
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(stream.next().await.is_none());
                return (events, Some(error));
            }
        }
    }
    (events, None)
}

fn items(events: &[ModelEvent]) -> Vec<OutputItem> {
    let done = events.iter().filter_map(|event| match event {
        ModelEvent::ItemDone { output, .. } => Some(output.clone()),
        _ => None,
    });
    done.collect()
}

fn message(text: &str) -> OutputItem {
    OutputKind::Message(vec![OutputPart::text(text)]).into()
}

#[tokio::test]
async fn a_text_and_what_was_asked() {
    let provider = FakeProvider::start().await;
    provider.answer(Answer::events(chat::text("Hello, world!")).with_done_marker());
    let mut request = ModelRequest::new(vec!["Hi".into()]);
    request.tools = vec![ToolSpec::hosted("web_search")];
    let (events, error) = read(model(&provider).stream(request)).await;
    assert_eq!((items(&events), error), (vec![message("Hello, world!")], None));
    match events.last() {
        Some(ModelEvent::Completed { usage, incomplete: None, .. }) => {
            assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (10, 5, 15));
        }
        other => panic!("{other:?}"),
    }

    let request = provider.request(1).await.unwrap();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(request.header("authorization"), Some("Bearer sk-very-secret"));
    assert_eq!(
        request.body,
        json!({
            "model": "m",
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let provider = FakeProvider::start().await;
    provider.answer_always(Answer::events(chat::text("Hello!")).with_done_marker());
    let model = model(&provider);
    for _ in 0..3 {
        let (events, error) = read(ask(&model)).await;
        assert_eq!((items(&events), error), (vec![message("Hello!")], None));
    }
    assert_eq!((provider.requests().len(), provider.connections()), (3, 1));
}

#[tokio::test]
async fn thoughts_and_calls_of_tools() {
    let provider = FakeProvider::start().await;
    let recording = include_str!("recordings/ollama-thinking-tools.chunks.txt");
    provider.answer(Answer::lines(recording).with_done_marker());
    let (events, error) = read(ask(&model(&provider))).await;
    assert_eq!(error, None);
    let calls: Vec<_> = items(&events)
        .into_iter()
        .map(|item| match item.kind {
            OutputKind::Reasoning(thoughts) => thoughts.concat(),
            OutputKind::FunctionCall(call) => format!("{}{}", call.name, call.arguments),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(calls, ["Both cities.", "find{\"city\":\"Ulm\"}", "find{\"city\":\"Bern\"}"]);
}

#[tokio::test]
async fn the_pieces_of_the_wire_do_not_matter() {
    let provider = FakeProvider::start().await;
    let answer = || {
        Answer::lines(include_str!("recordings/deepseek-reasoning.chunks.txt")).with_done_marker()
    };
    provider.answer(answer());
    let model = model(&provider);
    let whole = read(ask(&model)).await;
    assert_eq!(items(&whole.0).len(), 2);
    let ways = [Chunking::Events(3), Chunking::Bytes(1), Chunking::Bytes(7), Chunking::Events(99)];
    for way in ways {
        provider.answer(answer().crlf().chunking(way));
        assert_eq!(read(ask(&model)).await, whole, "{way:?}");
    }
}

#[tokio::test]
async fn nothing_is_asked_before_the_first_poll_and_nothing_goes_on_after_a_drop() {
    let provider = FakeProvider::start().await;
    provider.answer(Answer::events(chat::text("One two three")).stall_after(2));
    let mut stream = ask(&model(&provider));
    assert_eq!(provider.requests(), vec![]);
    while let Some(event) = stream.next().await {
        if matches!(event.unwrap(), ModelEvent::TextDelta { .. }) {
            break;
        }
    }
    assert_eq!(provider.closed_count(), 0);
    drop(stream);
    provider.closed().await;
}
