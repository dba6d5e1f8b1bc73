use chatkit_protocol::{
    Annotation, AssistantMessageContent, CustomTask, FileSource, GeneratedImage, Task,
    ThreadItemUpdate, WidgetComponent, WidgetRoot,
};
use serde_json::json;

use crate::assert_wire;

#[test]
fn assistant_messages() {
    assert_wire(
        &ThreadItemUpdate::AssistantMessageContentPartAdded {
            content_index: 0,
            content: AssistantMessageContent::default(),
        },
        &json!({
            "type": "assistant_message.content_part.added",
            "content_index": 0,
            "content": { "type": "output_text", "text": "", "annotations": [] },
        }),
    );
    assert_wire(
        &ThreadItemUpdate::AssistantMessageContentPartTextDelta {
            content_index: 1,
            delta: "Hel".to_owned(),
        },
        &json!({
            "type": "assistant_message.content_part.text_delta",
            "content_index": 1,
            "delta": "Hel",
        }),
    );
    let source = FileSource {
        title: "Report".to_owned(),
        filename: "report.pdf".to_owned(),
        ..FileSource::default()
    };
    assert_wire(
        &ThreadItemUpdate::AssistantMessageContentPartAnnotationAdded {
            content_index: 1,
            annotation_index: 2,
            annotation: Box::new(Annotation { source: source.into(), index: Some(3) }),
        },
        &json!({
            "type": "assistant_message.content_part.annotation_added",
            "content_index": 1,
            "annotation_index": 2,
            "annotation": {
                "type": "annotation",
                "source": { "type": "file", "title": "Report", "filename": "report.pdf" },
                "index": 3,
            },
        }),
    );
    assert_wire(
        &ThreadItemUpdate::AssistantMessageContentPartDone {
            content_index: 1,
            content: AssistantMessageContent::text("Hello"),
        },
        &json!({
            "type": "assistant_message.content_part.done",
            "content_index": 1,
            "content": { "type": "output_text", "text": "Hello", "annotations": [] },
        }),
    );
}

#[test]
fn widgets() {
    for done in [true, false] {
        assert_wire(
            &ThreadItemUpdate::WidgetStreamingTextValueDelta {
                component_id: "story".to_owned(),
                delta: "Once".to_owned(),
                done,
            },
            &json!({
                "type": "widget.streaming_text.value_delta",
                "component_id": "story",
                "delta": "Once",
                "done": done,
            }),
        );
    }
    let text = json!({ "type": "Text", "id": "story", "value": "Once" });
    assert_wire(
        &ThreadItemUpdate::WidgetComponentUpdated {
            component_id: "story".to_owned(),
            component: WidgetComponent::new(text.clone()).unwrap(),
        },
        &json!({ "type": "widget.component.updated", "component_id": "story", "component": text }),
    );
    let card = json!({ "type": "Card", "children": [text] });
    assert_wire(
        &ThreadItemUpdate::WidgetRootUpdated { widget: WidgetRoot::new(card.clone()).unwrap() },
        &json!({ "type": "widget.root.updated", "widget": card }),
    );
}

#[test]
fn workflows() {
    let task = || Box::new(Task::Custom(CustomTask::default()));
    let json = json!({ "type": "custom", "status_indicator": "none" });
    assert_wire(
        &ThreadItemUpdate::WorkflowTaskAdded { task_index: 0, task: task() },
        &json!({ "type": "workflow.task.added", "task_index": 0, "task": json }),
    );
    assert_wire(
        &ThreadItemUpdate::WorkflowTaskUpdated { task_index: 7, task: task() },
        &json!({ "type": "workflow.task.updated", "task_index": 7, "task": json }),
    );
}

#[test]
fn generated_images() {
    let image = || GeneratedImage { id: "img_1".to_owned(), url: "https://i.example/1".to_owned() };
    let json = json!({ "id": "img_1", "url": "https://i.example/1" });
    assert_wire(
        &ThreadItemUpdate::GeneratedImageUpdated { image: image(), progress: None },
        &json!({ "type": "generated_image.updated", "image": json }),
    );
    assert_wire(
        &ThreadItemUpdate::GeneratedImageUpdated { image: image(), progress: Some(0.1) },
        &json!({ "type": "generated_image.updated", "image": json, "progress": 0.1 }),
    );
}
