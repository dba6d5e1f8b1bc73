use chatkit_protocol::{
    CustomSummary, CustomTask, DurationSummary, FileSource, FileTask, Icon, ImageTask, SearchTask,
    StatusIndicator, Task, ThoughtTask, UrlSource, Workflow, WorkflowKind, WorkflowSummary,
};
use serde_json::json;

use crate::{assert_read, assert_wire};

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn tasks_with_as_little_as_they_need() {
    for (task, written, read) in [
        (
            Task::Custom(CustomTask::default()),
            json!({ "type": "custom", "status_indicator": "none" }),
            json!({ "type": "custom" }),
        ),
        (
            Task::Search(SearchTask::default()),
            json!({
                "type": "web_search",
                "status_indicator": "none",
                "queries": [],
                "sources": [],
            }),
            json!({ "type": "web_search" }),
        ),
        (
            Task::Thought(ThoughtTask { content: "Hm".to_owned(), ..ThoughtTask::default() }),
            json!({ "type": "thought", "status_indicator": "none", "content": "Hm" }),
            json!({ "type": "thought", "content": "Hm" }),
        ),
        (
            Task::File(FileTask::default()),
            json!({ "type": "file", "status_indicator": "none", "sources": [] }),
            json!({ "type": "file" }),
        ),
        (
            Task::Image(ImageTask::default()),
            json!({ "type": "image", "status_indicator": "none" }),
            json!({ "type": "image" }),
        ),
    ] {
        assert_wire(&task, &written);
        assert_read(&read, &task);
    }
}

#[test]
fn tasks_with_all_they_may_have() {
    let url = UrlSource {
        title: "Rust".to_owned(),
        url: "https://rust-lang.org".to_owned(),
        ..UrlSource::default()
    };
    let file = FileSource {
        title: "Report".to_owned(),
        filename: "report.pdf".to_owned(),
        ..FileSource::default()
    };
    for (task, json) in [
        (
            Task::Custom(CustomTask {
                status_indicator: StatusIndicator::Loading,
                title: some("Reading"),
                icon: Some(Icon::BOOK_OPEN),
                content: some("Page *1*"),
            }),
            json!({
                "type": "custom",
                "status_indicator": "loading",
                "title": "Reading",
                "icon": "book-open",
                "content": "Page *1*",
            }),
        ),
        (
            Task::Search(SearchTask {
                status_indicator: StatusIndicator::Complete,
                title: some("Searched"),
                title_query: some("rust"),
                queries: vec!["rust".to_owned()],
                sources: vec![url],
            }),
            json!({
                "type": "web_search",
                "status_indicator": "complete",
                "title": "Searched",
                "title_query": "rust",
                "queries": ["rust"],
                "sources": [{ "type": "url", "title": "Rust", "url": "https://rust-lang.org" }],
            }),
        ),
        (
            Task::Thought(ThoughtTask {
                status_indicator: StatusIndicator::Complete,
                title: some("Thinking"),
                content: "Hm".to_owned(),
            }),
            json!({
                "type": "thought",
                "status_indicator": "complete",
                "title": "Thinking",
                "content": "Hm",
            }),
        ),
        (
            Task::File(FileTask {
                status_indicator: StatusIndicator::Loading,
                title: some("Files"),
                sources: vec![file],
            }),
            json!({
                "type": "file",
                "status_indicator": "loading",
                "title": "Files",
                "sources": [{ "type": "file", "title": "Report", "filename": "report.pdf" }],
            }),
        ),
        (
            Task::Image(ImageTask {
                status_indicator: StatusIndicator::Loading,
                title: some("Painting"),
            }),
            json!({ "type": "image", "status_indicator": "loading", "title": "Painting" }),
        ),
    ] {
        assert_wire(&task, &json);
    }
}

#[test]
fn workflows_and_their_summaries() {
    let workflow = |kind, summary, expanded| Workflow { kind, tasks: vec![], summary, expanded };
    let bare = workflow(WorkflowKind::Custom, None, false);
    assert_wire(&bare, &json!({ "type": "custom", "tasks": [], "expanded": false }));
    assert_read(&json!({ "type": "custom", "tasks": [] }), &bare);

    let title = |icon| CustomSummary { title: "Read 3 files".to_owned(), icon };
    for (summary, json) in [
        (WorkflowSummary::Custom(title(None)), json!({ "title": "Read 3 files" })),
        (
            WorkflowSummary::Custom(title(Some(Icon::DOCUMENT))),
            json!({ "title": "Read 3 files", "icon": "document" }),
        ),
        (WorkflowSummary::Duration(DurationSummary { duration: 0 }), json!({ "duration": 0 })),
    ] {
        assert_wire(
            &workflow(WorkflowKind::Reasoning, Some(summary), true),
            &json!({ "type": "reasoning", "tasks": [], "summary": json, "expanded": true }),
        );
    }
}
