//! Any event.

use chatkit_protocol::{
    Annotation, AssistantMessageContent, AssistantMessageItem, Attachment, AttachmentKind,
    ClientToolCallItem, ClientToolCallStatus, CustomSummary, CustomTask, DurationSummary,
    EndOfTurnItem, EntitySource, ErrorCode, ErrorEvent, FileSource, FileTask, GeneratedImage,
    GeneratedImageItem, HiddenContextItem, Icon, ImageTask, ItemId, NoticeEvent, NoticeLevel, Page,
    SdkHiddenContextItem, SearchTask, Source, StatusIndicator, StreamOptions, StructuredInput,
    StructuredInputAnswer, StructuredInputFreeform, StructuredInputItem,
    StructuredInputMultipleChoice, StructuredInputOption, StructuredInputStatus, Task, TaskItem,
    ThoughtTask, Thread, ThreadId, ThreadItem, ThreadItemUpdate, ThreadStatus, ThreadStreamEvent,
    Timestamp, UploadDescriptor, UploadMethod, UrlSource, UserMessageItem, WidgetItem, Workflow,
    WorkflowItem, WorkflowKind, WorkflowSummary,
};
use proptest::{
    collection::{btree_map, vec},
    option::of,
    prelude::*,
    sample::select,
};

use crate::{
    json::{self, component, finite, not_null, object, text, widget},
    requests::{content, options},
};

pub(crate) fn event() -> BoxedStrategy<ThreadStreamEvent> {
    let id = || text().prop_map(ItemId::from);
    prop_oneof![
        1 => thread().prop_map(|thread| ThreadStreamEvent::ThreadCreated { thread: Box::new(thread) }),
        1 => thread().prop_map(|thread| ThreadStreamEvent::ThreadUpdated { thread: Box::new(thread) }),
        3 => item().prop_map(ThreadStreamEvent::added),
        3 => item().prop_map(ThreadStreamEvent::done),
        1 => item().prop_map(ThreadStreamEvent::replaced),
        1 => id().prop_map(|item_id| ThreadStreamEvent::ThreadItemRemoved { item_id }),
        5 => (id(), update()).prop_map(|(id, update)| ThreadStreamEvent::updated(id, update)),
        1 => any::<bool>().prop_map(|allow_cancel| ThreadStreamEvent::StreamOptions {
            stream_options: StreamOptions { allow_cancel },
        }),
        1 => (of(icon()), text()).prop_map(|(icon, text)| ThreadStreamEvent::progress(icon, text)),
        1 => (text(), object())
            .prop_map(|(name, data)| ThreadStreamEvent::ClientEffect { name, data }),
        1 => (text(), of(text()), any::<bool>()).prop_map(|(code, message, allow_retry)| {
            let code = ErrorCode::new(code);
            ThreadStreamEvent::Error(ErrorEvent { code, message, allow_retry })
        }),
        1 => (level(), text(), of(text())).prop_map(|(level, message, title)| {
            ThreadStreamEvent::Notice(NoticeEvent { level, message, title })
        }),
    ]
    .boxed()
}

fn level() -> BoxedStrategy<NoticeLevel> {
    select(vec![NoticeLevel::Info, NoticeLevel::Warning, NoticeLevel::Danger]).boxed()
}

fn icon() -> BoxedStrategy<Icon> {
    text().prop_map(Icon::from).boxed()
}

fn time() -> BoxedStrategy<Timestamp> {
    use jiff::Timestamp as Time;

    (Time::MIN.as_second()..=Time::MAX.as_second(), 0..1_000_000_000_i32)
        .prop_map(|(second, nanosecond)| Time::new(second, nanosecond).unwrap_or(Time::MAX).into())
        .boxed()
}

fn thread() -> BoxedStrategy<Thread> {
    let status = prop_oneof![
        Just(ThreadStatus::Active),
        of(text()).prop_map(|reason| ThreadStatus::Locked { reason }),
        of(text()).prop_map(|reason| ThreadStatus::Closed { reason }),
    ];
    let domains = of(vec(text(), 0..3));
    let items = (vec(item(), 0..3), any::<bool>(), of(text()))
        .prop_map(|(data, has_more, after)| Page { data, has_more, after });
    (of(text()), text(), time(), status, domains, object(), items)
        .prop_map(|(title, id, created_at, status, allowed_image_domains, metadata, items)| {
            Thread {
                title,
                id: id.into(),
                created_at,
                status,
                allowed_image_domains,
                metadata,
                items,
            }
        })
        .boxed()
}

fn item() -> BoxedStrategy<ThreadItem> {
    let base = || (text().prop_map(ItemId::from), text().prop_map(ThreadId::from), time());
    macro_rules! item {
        ($kind:ident($ty:ident { $($field:ident: $strategy:expr),* })) => {
            (base(), $($strategy),*).prop_map(|((id, thread_id, created_at), $($field),*)| {
                ThreadItem::$kind($ty { id, thread_id, created_at, $($field),* })
            })
        };
    }
    let call_status = select(vec![ClientToolCallStatus::Pending, ClientToolCallStatus::Completed]);
    let input_status = select(vec![
        StructuredInputStatus::Pending,
        StructuredInputStatus::Answered,
        StructuredInputStatus::Skipped,
    ]);
    prop_oneof![
        item!(UserMessage(UserMessageItem {
            content: vec(content(), 0..3),
            attachments: vec(attachment(), 0..3),
            quoted_text: of(text()),
            inference_options: options()
        })),
        item!(AssistantMessage(AssistantMessageItem { content: vec(part(), 0..3) })),
        item!(ClientToolCall(ClientToolCallItem {
            status: call_status,
            call_id: text(),
            name: text(),
            arguments: object(),
            output: of(not_null())
        })),
        item!(Widget(WidgetItem { widget: widget(), copy_text: of(text()) })),
        item!(GeneratedImage(GeneratedImageItem { image: of(image()) })),
        item!(StructuredInput(StructuredInputItem {
            status: input_status,
            inputs: vec(question(), 0..3)
        })),
        item!(Workflow(WorkflowItem { workflow: workflow() })),
        item!(Task(TaskItem { task: task() })),
        item!(HiddenContext(HiddenContextItem { content: json::any() })),
        item!(SdkHiddenContext(SdkHiddenContextItem { content: text() })),
        base().prop_map(|(id, thread_id, created_at)| {
            ThreadItem::EndOfTurn(EndOfTurnItem { id, thread_id, created_at })
        }),
    ]
    .boxed()
}

fn attachment() -> BoxedStrategy<Attachment> {
    let kind = prop_oneof![
        Just(AttachmentKind::File),
        text().prop_map(|preview_url| AttachmentKind::Image { preview_url }),
    ];
    let method = select(vec![UploadMethod::Post, UploadMethod::Put]);
    let upload = (text(), method, btree_map(text(), text(), 0..2))
        .prop_map(|(url, method, headers)| UploadDescriptor { url, method, headers });
    (kind, text(), text(), text(), of(upload), of(text()), of(object()))
        .prop_map(|(kind, id, name, mime_type, upload_descriptor, thread_id, metadata)| {
            Attachment {
                kind,
                id: id.into(),
                name,
                mime_type,
                upload_descriptor,
                thread_id: thread_id.map(Into::into),
                metadata,
            }
        })
        .boxed()
}

fn image() -> BoxedStrategy<GeneratedImage> {
    (text(), text()).prop_map(|(id, url)| GeneratedImage { id, url }).boxed()
}

fn question() -> BoxedStrategy<StructuredInput> {
    let answer = || {
        of((vec(text(), 0..3), any::<bool>())
            .prop_map(|(values, skipped)| StructuredInputAnswer { values, skipped }))
    };
    let options = vec(text().prop_map(|value| StructuredInputOption { value }), 0..3);
    prop_oneof![
        (text(), text(), answer(), options, any::<bool>()).prop_map(
            |(id, question, answer, options, multiple)| {
                StructuredInput::MultipleChoice(StructuredInputMultipleChoice {
                    id,
                    question,
                    answer,
                    options,
                    multiple,
                })
            }
        ),
        (text(), text(), answer(), of(text())).prop_map(|(id, question, answer, description)| {
            StructuredInput::Freeform(StructuredInputFreeform { id, question, answer, description })
        }),
    ]
    .boxed()
}

fn url() -> BoxedStrategy<UrlSource> {
    (text(), text(), of(text()), of(text()), of(text()), of(text()))
        .prop_map(|(title, url, description, timestamp, group, attribution)| UrlSource {
            title,
            url,
            description,
            timestamp,
            group,
            attribution,
        })
        .boxed()
}

fn file() -> BoxedStrategy<FileSource> {
    (text(), text(), of(text()), of(text()), of(text()))
        .prop_map(|(title, filename, description, timestamp, group)| FileSource {
            title,
            filename,
            description,
            timestamp,
            group,
        })
        .boxed()
}

fn entity() -> BoxedStrategy<EntitySource> {
    let shown = (of(text()), of(text()), of(text()), of(icon()), of(text()), of(text()));
    (text(), text(), shown, any::<bool>(), object(), of(text()))
        .prop_map(|(title, id, shown, interactive, data, preview)| {
            let (description, timestamp, group, icon, label, inline_label) = shown;
            EntitySource {
                title,
                id,
                description,
                timestamp,
                group,
                icon,
                label,
                inline_label,
                interactive,
                data,
                preview,
            }
        })
        .boxed()
}

fn annotation() -> BoxedStrategy<Annotation> {
    let source = prop_oneof![
        url().prop_map(Source::Url),
        file().prop_map(Source::File),
        entity().prop_map(Source::Entity),
    ];
    (source, of(any::<i64>())).prop_map(|(source, index)| Annotation { source, index }).boxed()
}

fn part() -> BoxedStrategy<AssistantMessageContent> {
    (vec(annotation(), 0..2), text())
        .prop_map(|(annotations, text)| AssistantMessageContent { annotations, text })
        .boxed()
}

fn task() -> BoxedStrategy<Task> {
    let status =
        || select(vec![StatusIndicator::None, StatusIndicator::Loading, StatusIndicator::Complete]);
    prop_oneof![
        (status(), of(text()), of(icon()), of(text())).prop_map(
            |(status_indicator, title, icon, content)| {
                Task::Custom(CustomTask { status_indicator, title, icon, content })
            }
        ),
        (status(), of(text()), of(text()), vec(text(), 0..3), vec(url(), 0..2)).prop_map(
            |(status_indicator, title, title_query, queries, sources)| {
                Task::Search(SearchTask { status_indicator, title, title_query, queries, sources })
            }
        ),
        (status(), of(text()), text()).prop_map(|(status_indicator, title, content)| {
            Task::Thought(ThoughtTask { status_indicator, title, content })
        }),
        (status(), of(text()), vec(file(), 0..2)).prop_map(|(status_indicator, title, sources)| {
            Task::File(FileTask { status_indicator, title, sources })
        }),
        (status(), of(text())).prop_map(|(status_indicator, title)| {
            Task::Image(ImageTask { status_indicator, title })
        }),
    ]
    .boxed()
}

fn workflow() -> BoxedStrategy<Workflow> {
    let summary = prop_oneof![
        (text(), of(icon()))
            .prop_map(|(title, icon)| WorkflowSummary::Custom(CustomSummary { title, icon })),
        any::<i64>().prop_map(|duration| WorkflowSummary::Duration(DurationSummary { duration })),
    ];
    let kind = select(vec![WorkflowKind::Custom, WorkflowKind::Reasoning]);
    (kind, vec(task(), 0..3), of(summary), any::<bool>())
        .prop_map(|(kind, tasks, summary, expanded)| Workflow { kind, tasks, summary, expanded })
        .boxed()
}

fn update() -> BoxedStrategy<ThreadItemUpdate> {
    use ThreadItemUpdate as Update;

    let at = any::<usize>;
    prop_oneof![
        (at(), part()).prop_map(|(content_index, content)| {
            Update::AssistantMessageContentPartAdded { content_index, content }
        }),
        (at(), text()).prop_map(|(content_index, delta)| {
            Update::AssistantMessageContentPartTextDelta { content_index, delta }
        }),
        (at(), at(), annotation()).prop_map(|(content_index, annotation_index, annotation)| {
            Update::AssistantMessageContentPartAnnotationAdded {
                content_index,
                annotation_index,
                annotation: Box::new(annotation),
            }
        }),
        (at(), part()).prop_map(|(content_index, content)| {
            Update::AssistantMessageContentPartDone { content_index, content }
        }),
        (text(), text(), any::<bool>()).prop_map(|(component_id, delta, done)| {
            Update::WidgetStreamingTextValueDelta { component_id, delta, done }
        }),
        (text(), component()).prop_map(|(component_id, component)| {
            Update::WidgetComponentUpdated { component_id, component }
        }),
        widget().prop_map(|widget| Update::WidgetRootUpdated { widget }),
        (at(), task()).prop_map(|(task_index, task)| {
            Update::WorkflowTaskAdded { task_index, task: Box::new(task) }
        }),
        (at(), task()).prop_map(|(task_index, task)| {
            Update::WorkflowTaskUpdated { task_index, task: Box::new(task) }
        }),
        (image(), of(finite()))
            .prop_map(|(image, progress)| { Update::GeneratedImageUpdated { image, progress } }),
    ]
    .boxed()
}
