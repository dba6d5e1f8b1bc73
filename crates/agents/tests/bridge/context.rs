//! What tools send while they run.

use chatkit_agents::{RunEvent, thinking};
use chatkit_server::{
    IdKind,
    protocol::{
        CustomSummary, CustomTask, Icon, Task, ThreadItem, ThreadStreamEvent, WidgetRoot, Workflow,
        WorkflowKind, WorkflowSummary,
    },
};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde_json::json;

use crate::stage::{answer, completed, delta_of, kinds, run};

fn task(title: &str) -> Task {
    Task::Custom(CustomTask { title: Some(title.to_owned()), ..CustomTask::default() })
}

fn custom() -> Workflow {
    Workflow { kind: WorkflowKind::Custom, tasks: Vec::new(), summary: None, expanded: false }
}

fn card(text: &str) -> WidgetRoot {
    let text = json!({"type": "Text", "id": "t", "value": text});
    WidgetRoot::new(json!({"type": "Card", "children": [text]})).unwrap()
}

#[tokio::test]
async fn it_is_in_order_with_what_the_model_says() {
    let (events, _) = answer(|context| {
        let working = stream::unfold(0, move |step| {
            let context = context.clone();
            async move {
                context.progress("search", step.to_string()).await.unwrap();
                (step < 40).then(|| (Ok(RunEvent::Model(delta_of(0, &step.to_string()))), step + 1))
            }
        });
        working.boxed()
    })
    .await;
    let order: Vec<_> = events
        .iter()
        .filter_map(|event| match event["type"].as_str().unwrap() {
            "progress_update" => Some(("sent", event["text"].as_str().unwrap())),
            _ => Some(("said", event["update"].get("delta")?.as_str().unwrap())),
        })
        .collect();
    let steps: Vec<_> = (0..=40).map(|step| step.to_string()).collect();
    let wanted: Vec<_> = steps
        .iter()
        .flat_map(|step| [("sent", step.as_str()), ("said", step.as_str())])
        .take(81)
        .collect();
    assert_eq!(order, wanted);
}

#[tokio::test]
async fn it_is_shown_while_the_tool_runs() {
    let (events, _) = answer(|context| {
        let (told, mut hears) = tokio::sync::mpsc::channel::<()>(1);
        let tool = async move {
            context.progress("clock", "waiting").await.unwrap();
            // Goes on only when the other side was polled again, that is, when the event was taken.
            hears.recv().await;
            Ok(RunEvent::Model(completed()))
        };
        let taken = async move { told.send(()).await.unwrap() };
        stream::once(async move { tokio::join!(tool, taken).0 }).boxed()
    })
    .await;
    assert_eq!(kinds(&events), ["progress"]);
}

#[tokio::test]
async fn workflows_are_told_of_as_they_change() {
    let (events, stored) = answer(|context| {
        stream::once(async move {
            context.start_workflow(custom()).await.unwrap();
            assert_eq!(context.add_workflow_task(task("one")).await.unwrap(), 0);
            assert_eq!(context.add_workflow_task(task("two")).await.unwrap(), 1);
            context.update_workflow_task(task("TWO"), 1).await.unwrap();
            let missing = context.update_workflow_task(task("x"), 9).await.unwrap_err();
            assert_eq!(missing.to_string(), "no task 9 in the open workflow: it has 2");
            let title = CustomSummary { title: "Done".to_owned(), icon: None };
            let summary = Some(WorkflowSummary::Custom(title));
            context.end_workflow(summary, true).await.unwrap();
            // Each begins after the one before has ended, whenever the events are taken.
            context.add_workflow_task(task("other")).await.unwrap();
            context.add_widget(card("hi"), Some("hi".to_owned())).await.unwrap();
            Ok(RunEvent::Model(completed()))
        })
        .boxed()
    })
    .await;
    let wanted = ["added", "task", "task updated", "done", "added", "done", "done"];
    assert_eq!(kinds(&events), wanted);
    assert_eq!(events[0]["item"]["workflow"]["tasks"][0]["title"], "one");
    assert_eq!(events[3]["item"]["workflow"]["summary"]["title"], "Done");
    assert_eq!(events[3]["item"]["workflow"]["expanded"], true);
    assert_eq!(events[6]["item"]["copy_text"], "hi");
    assert_eq!(stored.len(), 3);
}

#[tokio::test]
async fn a_widget_is_streamed_as_its_differences() {
    let (events, stored) = answer(|context| {
        stream::once(async move {
            let states = stream::iter(["a", "ab", "abc"]).map(card);
            context.stream_widget(states, None).await.unwrap();
            Ok(RunEvent::Model(completed()))
        })
        .boxed()
    })
    .await;
    assert_eq!(events.len(), 4);
    assert_eq!(events[2]["update"]["delta"], "c");
    assert_eq!(stored.len(), 1);
}

#[tokio::test]
async fn after_the_run_nobody_listens() {
    let (late, given) = std::sync::mpsc::channel();
    answer(move |context| {
        late.send(context).unwrap();
        run(vec![RunEvent::Model(completed())])
    })
    .await;
    let context = given.recv().unwrap();
    let sent = context.progress("clock", "late").now_or_never();
    assert_eq!(sent.unwrap().unwrap_err().to_string(), "the turn is over");
    assert!(context.generate_id(IdKind::Message).starts_with("msg_"));
}

#[tokio::test]
async fn a_sign_of_life_goes_when_the_answer_begins() {
    let item = serde_json::from_value::<ThreadItem>(json!({"type": "end_of_turn", "id": "e",
        "thread_id": "t", "created_at": "2026-01-01T00:00:00Z"}));
    let events = [
        ThreadStreamEvent::added(item.as_ref().unwrap().clone()),
        ThreadStreamEvent::done(item.unwrap()),
    ];
    let shown: Vec<_> = thinking("Thinking…", stream::iter(events.map(Ok))).collect().await;
    let shown: Vec<_> = shown.iter().map(|event| event.as_ref().unwrap().kind()).collect();
    let wanted = ["progress_update", "progress_update", "thread.item.added", "thread.item.done"];
    assert_eq!(shown, wanted);
}

#[tokio::test]
async fn a_sign_of_life_goes_when_there_is_no_answer() {
    let shown: Vec<_> = thinking("Thinking…", stream::iter([])).collect().await;
    let shown: Vec<_> = shown.into_iter().map(Result::unwrap).collect();
    let cleared = ThreadStreamEvent::progress(Icon::CHECK, "");
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[1], cleared);
}
