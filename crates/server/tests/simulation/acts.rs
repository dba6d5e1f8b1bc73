//! What a responder can do: items of all kinds, done or not.

use chatkit_protocol::{
    Annotation, AssistantMessageContent, AssistantMessageItem, ThreadItem, ThreadItemUpdate,
    ThreadStreamEvent, WidgetItem, WidgetRoot,
};
use chatkit_server::{IdKind, Turn};
use chatkit_widgets::WidgetStream;
use serde_json::{Value, json};

use crate::{model::Ms, rng::Rng, script::Step, world::Ctx};

/// When all items were made: a seed means one world.
const DATE: &str = "2026-01-01T00:00:00Z";

/// What becomes of an item that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    /// Done with other words than it was streamed with.
    DoneOtherwise,
    Never,
    Removed,
    DoneThenRemoved,
    DoneThenReplaced,
    /// Done, begun anew, and done again or not.
    Again,
}

pub(crate) fn fate(rng: &mut Rng) -> Fate {
    match rng.weighted(&[50, 8, 15, 8, 7, 6, 6]) {
        0 => Fate::Done,
        1 => Fate::DoneOtherwise,
        2 => Fate::Never,
        3 => Fate::Removed,
        4 => Fate::DoneThenRemoved,
        5 => Fate::DoneThenReplaced,
        _ => Fate::Again,
    }
}

/// How long a responder is silent between events.
pub(crate) struct Gaps {
    longest: Ms,
    /// One gap, once, as long as this.
    lapse: Option<Ms>,
}

impl Gaps {
    pub(crate) fn none() -> Self {
        Self { longest: 0, lapse: None }
    }

    pub(crate) fn of(rng: &mut Rng, longest: Ms, limit: Ms) -> Self {
        let lapse = (limit > 0 && rng.one_in(6)).then(|| limit / 2 + rng.between(0, limit));
        Self { longest, lapse }
    }

    pub(crate) fn step(&mut self, rng: &mut Rng) -> Step {
        if rng.one_in(8)
            && let Some(lapse) = self.lapse.take()
        {
            return Step::Wait(lapse);
        }
        if self.longest == 0 || rng.one_in(3) {
            Step::Pend
        } else {
            Step::Wait(rng.between(0, self.longest))
        }
    }

    fn maybe(&mut self, rng: &mut Rng, steps: &mut Vec<Step>) {
        if rng.one_in(2) {
            let step = self.step(rng);
            steps.push(step);
        }
    }
}

pub(crate) fn message(rng: &mut Rng, turn: &Turn<Ctx>, gaps: &mut Gaps, fate: Fate) -> Vec<Step> {
    let mut message = AssistantMessageItem {
        id: turn.new_item_id(IdKind::Message),
        thread_id: turn.thread().id().clone(),
        created_at: DATE.parse().unwrap(),
        content: Vec::new(),
    };
    let mut steps = Vec::new();
    streamed(rng, gaps, &mut message, &mut steps);
    let id = message.id.clone();
    let removed = event(ThreadStreamEvent::ThreadItemRemoved { item_id: id });
    match fate {
        Fate::Done => steps.push(done(&message)),
        Fate::DoneOtherwise => {
            says(&mut message, "in other words");
            steps.push(done(&message));
        }
        Fate::Never => {}
        Fate::Removed => steps.push(removed),
        Fate::DoneThenRemoved => {
            steps.push(done(&message));
            gaps.maybe(rng, &mut steps);
            steps.push(removed);
        }
        Fate::DoneThenReplaced => {
            steps.push(done(&message));
            gaps.maybe(rng, &mut steps);
            says(&mut message, "said better");
            steps.push(event(ThreadStreamEvent::replaced(ThreadItem::AssistantMessage(message))));
        }
        Fate::Again => {
            says(&mut message, "at first");
            steps.push(done(&message));
            gaps.maybe(rng, &mut steps);
            says(&mut message, "again");
            streamed(rng, gaps, &mut message, &mut steps);
            if rng.one_in(2) {
                steps.push(done(&message));
            }
        }
    }
    steps
}

/// Begins a message, with what it has already, and adds a part piece by piece.
fn streamed(
    rng: &mut Rng,
    gaps: &mut Gaps,
    message: &mut AssistantMessageItem,
    steps: &mut Vec<Step>,
) {
    steps.push(event(ThreadStreamEvent::added(ThreadItem::AssistantMessage(message.clone()))));
    let id = message.id.clone();
    let update = |update| event(ThreadStreamEvent::updated(id.clone(), update));
    for _ in 0..rng.between(1, 2) {
        gaps.maybe(rng, steps);
        let content_index = message.content.len();
        message.content.push(AssistantMessageContent::default());
        steps.push(update(ThreadItemUpdate::AssistantMessageContentPartAdded {
            content_index,
            content: AssistantMessageContent::default(),
        }));
        let is_blank = rng.one_in(15);
        let deltas = if rng.one_in(6) { rng.between(10, 60) } else { rng.below(9) };
        for _ in 0..deltas {
            gaps.maybe(rng, steps);
            let delta = if is_blank { " \n".to_owned() } else { words(rng) };
            let part = &mut message.content[content_index];
            part.text.push_str(&delta);
            steps.push(update(ThreadItemUpdate::AssistantMessageContentPartTextDelta {
                content_index,
                delta,
            }));
            if rng.one_in(12) {
                let annotation: Annotation = parsed(json!({"type": "annotation",
                    "source": {"type": "url", "title": "t", "url": "https://a.example"}}));
                let annotation_index = part.annotations.len();
                part.annotations.push(annotation.clone());
                steps.push(update(ThreadItemUpdate::AssistantMessageContentPartAnnotationAdded {
                    content_index,
                    annotation_index,
                    annotation: Box::new(annotation),
                }));
            }
        }
        if rng.one_in(2) {
            let content = message.content[content_index].clone();
            steps.push(update(ThreadItemUpdate::AssistantMessageContentPartDone {
                content_index,
                content,
            }));
        }
    }
}

pub(crate) fn says(message: &mut AssistantMessageItem, text: &str) {
    message.content = vec![AssistantMessageContent::text(text)];
}

fn done(message: &AssistantMessageItem) -> Step {
    event(ThreadStreamEvent::done(ThreadItem::AssistantMessage(message.clone())))
}

pub(crate) fn widget(rng: &mut Rng, turn: &Turn<Ctx>, gaps: &mut Gaps) -> Vec<Step> {
    let mut text = words(rng);
    let state = |text: &str, badge: u64| {
        let text = json!({"type": "Text", "id": "t", "value": text, "streaming": true});
        let badge = json!({"type": "Badge", "id": "b", "label": badge.to_string()});
        WidgetRoot::new(json!({"type": "Card", "children": [text, badge]})).unwrap()
    };
    let mut stream = WidgetStream::new(WidgetItem {
        id: turn.new_item_id(IdKind::Message),
        thread_id: turn.thread().id().clone(),
        created_at: DATE.parse().unwrap(),
        widget: state(&text, 0),
        copy_text: None,
    });
    let mut steps = vec![event(stream.added())];
    for _ in 0..rng.below(5) {
        gaps.maybe(rng, &mut steps);
        match rng.below(4) {
            0 => text = words(rng),
            _ => text.push_str(&words(rng)),
        }
        let next = stream.next(state(&text, rng.below(2)));
        steps.extend(next.into_iter().map(event));
    }
    if !rng.one_in(4) {
        steps.push(event(stream.finish()));
    }
    steps
}

pub(crate) fn workflow(rng: &mut Rng, turn: &Turn<Ctx>, gaps: &mut Gaps) -> Vec<Step> {
    let id = turn.new_item_id(IdKind::Workflow);
    let mut tasks: Vec<Value> = Vec::new();
    let task = |number: u64| json!({"type": "custom", "title": format!("task {number}")});
    let item = |tasks: &[Value]| -> ThreadItem {
        item(
            turn,
            &id,
            json!({"type": "workflow",
            "workflow": {"type": "custom", "tasks": tasks, "expanded": false}}),
        )
    };
    let mut steps = vec![event(ThreadStreamEvent::added(item(&tasks)))];
    for _ in 0..rng.below(6) {
        gaps.maybe(rng, &mut steps);
        let new = task(rng.below(1000));
        let update = if tasks.is_empty() || rng.one_in(2) {
            tasks.push(new.clone());
            json!({"type": "workflow.task.added", "task_index": tasks.len() - 1, "task": new})
        } else {
            let at = rng.index(tasks.len());
            tasks[at] = new.clone();
            json!({"type": "workflow.task.updated", "task_index": at, "task": new})
        };
        steps.push(event(ThreadStreamEvent::updated(id.clone(), parsed(update))));
    }
    if !rng.one_in(4) {
        steps.push(event(ThreadStreamEvent::done(item(&tasks))));
    }
    steps
}

pub(crate) fn image(rng: &mut Rng, turn: &Turn<Ctx>, gaps: &mut Gaps) -> Vec<Step> {
    let id = turn.new_item_id(IdKind::Message);
    let image = |number: u64| json!({"id": "i", "url": format!("data:{number}")});
    let mut last = Value::Null;
    let mut steps =
        vec![event(ThreadStreamEvent::added(item(turn, &id, json!({"type": "generated_image"}))))];
    for number in 0..rng.below(4) {
        gaps.maybe(rng, &mut steps);
        last = image(number);
        let update = json!({"type": "generated_image.updated", "image": last});
        steps.push(event(ThreadStreamEvent::updated(id.clone(), parsed(update))));
    }
    if !rng.one_in(3) {
        let done = item(turn, &id, json!({"type": "generated_image", "image": last}));
        steps.push(event(ThreadStreamEvent::done(done)));
    }
    steps
}

pub(crate) fn task(rng: &mut Rng, turn: &Turn<Ctx>) -> Vec<Step> {
    let id = turn.new_item_id(IdKind::Task);
    let task = item(
        turn,
        &id,
        json!({"type": "task", "task": {"type": "thought", "content": words(rng)}}),
    );
    let mut steps = vec![event(ThreadStreamEvent::added(task.clone()))];
    if rng.one_in(2) {
        steps.push(event(ThreadStreamEvent::done(task)));
    }
    steps
}

/// What no client may ever see.
pub(crate) fn hidden(rng: &mut Rng, turn: &Turn<Ctx>, gaps: &mut Gaps) -> Vec<Step> {
    let id = turn.new_item_id(IdKind::SdkHiddenContext);
    let hidden = item(turn, &id, json!({"type": "hidden_context_item", "content": "secret"}));
    let mut steps = Vec::new();
    if rng.one_in(2) {
        steps.push(event(ThreadStreamEvent::added(hidden.clone())));
        gaps.maybe(rng, &mut steps);
    }
    let update = json!({"type": "assistant_message.content_part.text_delta",
        "content_index": 0, "delta": "secret"});
    let update = event(ThreadStreamEvent::updated(id, parsed(update)));
    if !steps.is_empty() {
        steps.push(update.clone());
    }
    if steps.is_empty() || rng.one_in(2) {
        steps.push(event(ThreadStreamEvent::done(hidden)));
        gaps.maybe(rng, &mut steps);
        steps.push(update);
    }
    steps
}

/// What stands beside the conversation.
pub(crate) fn beside(rng: &mut Rng) -> Vec<Step> {
    let kinds = [
        json!({"type": "progress_update", "text": words(rng)}),
        json!({"type": "notice", "level": "info", "message": words(rng)}),
        json!({"type": "client_effect", "name": "blink", "data": {"n": rng.below(9)}}),
    ];
    vec![event(parsed(rng.pick(&kinds).clone()))]
}

/// A call of a tool in the page.
pub(crate) fn call(rng: &mut Rng, turn: &Turn<Ctx>) -> Vec<Step> {
    let id = turn.new_item_id(IdKind::ToolCall);
    let call = item(
        turn,
        &id,
        json!({"type": "client_tool_call", "status": "pending",
        "call_id": format!("call {}", rng.below(1000)), "name": "tool", "arguments": {}}),
    );
    vec![event(ThreadStreamEvent::done(call))]
}

/// Questions to the user.
pub(crate) fn form(rng: &mut Rng, turn: &Turn<Ctx>) -> Vec<Step> {
    let id = turn.new_item_id(IdKind::Message);
    let form = item(
        turn,
        &id,
        json!({"type": "structured_input", "status": "pending",
        "inputs": [{"type": "freeform", "id": "q", "question": words(rng)}]}),
    );
    vec![event(ThreadStreamEvent::done(form))]
}

/// Many events without a pause.
pub(crate) fn flood(rng: &mut Rng, turn: &Turn<Ctx>) -> Vec<Step> {
    let id = turn.new_item_id(IdKind::Message);
    let mut text = String::new();
    let part = json!({"type": "assistant_message.content_part.added", "content_index": 0,
        "content": {"type": "output_text", "text": ""}});
    let empty = item(turn, &id, json!({"type": "assistant_message", "content": []}));
    let mut steps = vec![
        event(ThreadStreamEvent::added(empty)),
        event(ThreadStreamEvent::updated(id.clone(), parsed(part))),
    ];
    let long = if rng.one_in(4) { "lang ".repeat(200) } else { "la ".to_owned() };
    for _ in 0..rng.between(50, 700) {
        text.push_str(&long);
        let delta = ThreadItemUpdate::AssistantMessageContentPartTextDelta {
            content_index: 0,
            delta: long.clone(),
        };
        steps.push(event(ThreadStreamEvent::updated(id.clone(), delta)));
    }
    if rng.one_in(2) {
        let content = json!([{"type": "output_text", "text": text}]);
        let done = item(turn, &id, json!({"type": "assistant_message", "content": content}));
        steps.push(event(ThreadStreamEvent::done(done)));
    }
    steps
}

/// More than the log of a run keeps for a reader that is behind.
pub(crate) fn deluge(rng: &mut Rng) -> Vec<Step> {
    let message = "x".repeat(1024 * 1024);
    let notice = json!({"type": "notice", "level": "info", "message": message});
    (0..rng.between(7, 11)).map(|_| event(parsed(notice.clone()))).collect()
}

fn item(turn: &Turn<Ctx>, id: &str, mut fields: Value) -> ThreadItem {
    fields["id"] = json!(id);
    fields["thread_id"] = json!(turn.thread().id());
    fields["created_at"] = json!(DATE);
    parsed(fields)
}

fn parsed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn words(rng: &mut Rng) -> String {
    const WORDS: [&str; 9] = [
        "one ",
        "two, ",
        "\"three\" ",
        "vier\n",
        "😀",
        "\\six ",
        "\u{7}",
        "e\u{301} ",
        "data: x\n\n",
    ];
    (0..rng.between(1, 3)).map(|_| *rng.pick(&WORDS)).collect()
}

fn event(event: ThreadStreamEvent) -> Step {
    Step::Event(Box::new(event))
}
