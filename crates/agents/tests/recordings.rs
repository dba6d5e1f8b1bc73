//! Recorded streams of the Responses API, replayed over HTTP in every way in which a network may
//! hand them over. Beside each recording is what a run is told of it.

use std::{fs, path::PathBuf};

use chatkit_agents::model::{
    Model as _, ModelError, ModelEvent, ModelRequest, OutputItem, ProviderOptions, ResponsesModel,
};
use chatkit_testkit::provider::{Answer, Chunking, FakeProvider};
use futures_util::StreamExt as _;

const NAMES: [&str; 14] = [
    "code-interpreter",
    "custom-tool",
    "file-search",
    "image",
    "incomplete",
    "mcp",
    "odd",
    "open-thoughts",
    "quota",
    "reasoning-and-calls",
    "refusal",
    "text",
    "unclosed-lines",
    "web-search",
];

type Events = Vec<Result<ModelEvent, ModelError>>;

/// A provider that plays recordings, and a model that asks it over one connection.
struct Player {
    provider: FakeProvider,
    model: ResponsesModel,
}

impl Player {
    async fn start() -> Self {
        let provider = FakeProvider::start().await;
        let options = ProviderOptions::new().base_url(provider.url());
        Self { model: ResponsesModel::new("model-1", options), provider }
    }

    async fn play(&self, answer: Answer) -> Events {
        self.provider.answer(answer);
        self.model.stream(ModelRequest::new(vec!["hi".into()])).collect().await
    }
}

fn file(name: &str, extension: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    fs::read_to_string(folder.join(format!("responses-{name}.{extension}"))).unwrap_or_default()
}

#[tokio::test]
async fn each_recording_gives_its_events() {
    let player = Player::start().await;
    for name in NAMES {
        let events = player.play(Answer::lines(&file(name, "jsonl"))).await;
        let outline = outline(&events);
        assert_eq!(outline, file(name, "events"), "{name} gives:\n{outline}");
    }
}

#[tokio::test]
async fn how_a_recording_arrives_does_not_matter() {
    let player = Player::start().await;
    for name in NAMES {
        let answer = Answer::lines(&file(name, "jsonl"));
        let whole = player.play(answer.clone()).await;
        let ways = [
            answer.clone().named(),
            answer.clone().crlf(),
            answer.clone().with_done_marker(),
            answer.clone().chunking(Chunking::Events(3)),
            answer.clone().chunking(Chunking::Events(usize::MAX)),
            answer.clone().chunking(Chunking::Bytes(1)),
            answer.clone().chunking(Chunking::Bytes(1)).crlf().named(),
            answer.clone().chunking(Chunking::Bytes(97)),
        ];
        for way in ways {
            let description = format!("{name}: {way:?}");
            assert_eq!(player.play(way).await, whole, "{description}");
        }
    }
}

#[tokio::test]
async fn a_recording_may_be_split_anywhere() {
    let player = Player::start().await;
    for name in ["odd", "quota", "text"] {
        let answer = Answer::lines(&file(name, "jsonl")).crlf();
        let whole = player.play(answer.clone()).await;
        for at in 0..answer.size() {
            let split = answer.clone().chunking(Chunking::SplitAt(at));
            assert_eq!(player.play(split).await, whole, "{name} split at {at}");
        }
    }
}

#[tokio::test]
async fn a_recording_that_pauses_anywhere_is_shown_as_far_as_it_came() {
    let player = Player::start().await;
    let recording = file("reasoning-and-calls", "jsonl");
    let whole = player.play(Answer::lines(&recording)).await;

    let (answer, gate) = Answer::lines(&recording).gated();
    let slow = Player::start().await;
    slow.provider.answer(answer);
    let mut stream = slow.model.stream(ModelRequest::new(vec!["hi".into()]));
    let mut events = Vec::new();
    for line in 1..=recording.lines().count() {
        gate.open(1);
        // What this line alone brings can be had before the next is sent.
        let lines: Vec<_> = recording.lines().take(line).collect();
        let expected = player.play(Answer::lines(&lines.join("\n"))).await;
        let expected = expected.into_iter().take_while(Result::is_ok).count();
        while events.len() < expected {
            events.push(stream.next().await.unwrap());
        }
    }
    assert_eq!(events, whole);
    assert_eq!(stream.next().await, None);
}

/// The events as text, one line each; deltas that follow each other in one line.
fn outline(events: &Events) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut last_place = String::new();
    for event in events {
        let (place, delta) = match event {
            Ok(ModelEvent::TextDelta { item, part, delta }) => {
                (format!("{item}.{part} text"), delta)
            }
            Ok(ModelEvent::ReasoningDelta { item, part, delta }) => {
                (format!("{item}.{part} thought"), delta)
            }
            Ok(ModelEvent::ArgumentsDelta { item, delta }) => (format!("{item} arguments"), delta),
            Ok(ModelEvent::CodeDelta { item, delta }) => (format!("{item} code"), delta),
            other => {
                last_place.clear();
                lines.push(line(other));
                continue;
            }
        };
        match lines.last_mut() {
            Some(line) if place == last_place => {
                line.push_str(&format!(" {delta:?}"));
            }
            _ => lines.push(format!("{place} + {delta:?}")),
        }
        last_place = place;
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn line(event: &Result<ModelEvent, ModelError>) -> String {
    match event {
        Ok(ModelEvent::Started { response_id, .. }) => format!("started {response_id:?}"),
        Ok(ModelEvent::ItemAdded { item, output }) => format!("{item} added {}", shown(output)),
        Ok(ModelEvent::PartAdded { item, part, content }) => {
            format!("{item}.{part} added {content:?}")
        }
        Ok(ModelEvent::TextDone { item, part, text }) => format!("{item}.{part} text = {text:?}"),
        Ok(ModelEvent::Annotation { item, part, citation }) => {
            format!("{item}.{part} {citation:?}")
        }
        Ok(ModelEvent::PartDone { item, part, content }) => {
            format!("{item}.{part} done {content:?}")
        }
        Ok(ModelEvent::ReasoningDone { item, part, text }) => {
            format!("{item}.{part} thought = {text:?}")
        }
        Ok(ModelEvent::HostedProgress { item, status }) => format!("{item} {status:?}"),
        Ok(ModelEvent::PartialImage { item, index, base64 }) => {
            format!("{item} image {index} {base64}")
        }
        Ok(ModelEvent::ItemDone { item, output }) => format!("{item} done {}", shown(output)),
        Ok(ModelEvent::Completed { response_id, usage, incomplete }) => {
            format!("completed {response_id:?} {incomplete:?} {usage:?}")
        }
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("error {error:?}"),
    }
}

fn shown(output: &OutputItem) -> String {
    let raw = output.raw.clone().map(serde_json::Value::Object);
    let raw = raw.map(|raw| format!("\n    back {raw}")).unwrap_or_default();
    format!("{:?}{raw}", output.kind)
}
