//! Thoughts of the model's.

use chatkit_agents::model::{ModelEvent, OutputKind};
use chatkit_server::protocol::{Task, ThreadItem};
use serde_json::Value;

use crate::stage::{answer_to, kinds, model, said};

fn begun(item: usize) -> ModelEvent {
    ModelEvent::ItemAdded { item, output: OutputKind::Reasoning(Vec::new()).into() }
}

fn delta(item: usize, part: usize, delta: &str) -> ModelEvent {
    ModelEvent::ReasoningDelta { item, part, delta: delta.to_owned() }
}

fn done(item: usize, part: usize, text: &str) -> ModelEvent {
    ModelEvent::ReasoningDone { item, part, text: text.to_owned() }
}

fn contents(item: &ThreadItem) -> Vec<&str> {
    let ThreadItem::Workflow(item) = item else { panic!("expected a workflow: {item:?}") };
    let tasks = item.workflow.tasks.iter();
    tasks
        .map(|task| match task {
            Task::Thought(thought) => thought.content.as_str(),
            other => panic!("expected a thought: {other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn they_are_a_workflow_that_ends_when_the_answer_begins() {
    let mut events = vec![begun(0), delta(0, 0, "Let "), delta(0, 0, "me"), done(0, 0, "Let me")];
    events.push(delta(0, 1, "see"));
    events.push(done(0, 1, "see"));
    events.extend(said(1, &["Hi"]));
    let (events, stored) = answer_to(model(events)).await;
    let wanted = ["added", "task", "task updated", "task updated", "task", "done", "added"];
    assert_eq!(kinds(&events)[..7], wanted);
    assert_eq!(events[0]["item"]["workflow"]["type"], "reasoning");
    assert_eq!(events[5]["item"]["workflow"]["summary"]["duration"], 0);
    assert_eq!(events[5]["item"]["created_at"], events[0]["item"]["created_at"]);
    assert_eq!(contents(&stored[0]), ["Let me", "see"]);
    assert_eq!(stored.len(), 2);
}

#[tokio::test]
async fn those_that_come_whole_are_shown_once() {
    let whole = ModelEvent::ItemDone {
        item: 0,
        output: OutputKind::Reasoning(vec!["one".to_owned(), "two".to_owned()]).into(),
    };
    let (events, stored) = answer_to(model(vec![begun(0), done(0, 0, "one"), whole])).await;
    assert_eq!(kinds(&events), ["added", "task", "task", "done"]);
    assert_eq!(contents(&stored[0]), ["one", "two"]);
}

#[tokio::test]
async fn one_whose_end_does_not_come_is_kept() {
    let (_, stored) = answer_to(model(vec![begun(0), delta(0, 0, "half a tho")])).await;
    assert_eq!(contents(&stored[0]), ["half a tho"]);
}

/// The bytes of all events that carry the text, the finished workflow included.
fn bytes_with(events: &[Value]) -> usize {
    events.iter().map(|event| event.to_string().len()).sum()
}

#[tokio::test]
async fn a_long_thought_costs_at_most_three_times_its_text() {
    for (words, word) in [
        (1_000, "word "),
        (4_000, "word "),
        (5_000, "word "),
        (6_300, "\"no\"\n"),
        (8_000, "word "),
        (10_000, "слово\n"),
        (12_700, "word "),
    ] {
        let text = word.repeat(words);
        let mut run = vec![begun(0)];
        run.extend((0..words).map(|_| delta(0, 0, word)));
        run.push(done(0, 0, &text));
        run.extend(said(1, &["Hi"]));
        let (events, stored) = answer_to(model(run)).await;
        let workflow: Vec<_> = events[..events.len() - 5].to_vec();
        let spent = bytes_with(&workflow);
        assert!(spent <= 3 * text.len(), "{words} words: {spent} bytes for {}", text.len());
        assert!(workflow.len() >= 5, "it grew on the screen: {} events", workflow.len());
        assert_eq!(contents(&stored[0]), [text]);
    }
}

#[tokio::test]
async fn many_short_thoughts_stay_linear() {
    let mut run = vec![begun(0)];
    for part in 0..500 {
        let text = format!("thought number {part} of many");
        run.push(delta(0, part, &text));
        run.push(done(0, part, &text));
    }
    let (events, stored) = answer_to(model(run)).await;
    assert_eq!(events.len(), 503, "added, each once and the first once more, done");
    assert_eq!(contents(&stored[0]).len(), 500);
}

#[tokio::test]
async fn an_end_without_a_text_takes_nothing_away() {
    let (_, stored) = answer_to(model(vec![
        ModelEvent::ReasoningDelta { item: 0, part: 0, delta: "so".to_owned() },
        ModelEvent::ReasoningDone { item: 0, part: 0, text: String::new() },
        ModelEvent::ItemDone { item: 0, output: OutputKind::Reasoning(Vec::new()).into() },
        ModelEvent::ReasoningDone { item: 0, part: 0, text: "so".to_owned() },
    ]))
    .await;
    let [ThreadItem::Workflow(item)] = &stored[..] else { panic!("{stored:?}") };
    let [Task::Thought(thought)] = &item.workflow.tasks[..] else { panic!("{item:?}") };
    assert_eq!(thought.content, "so");
}
