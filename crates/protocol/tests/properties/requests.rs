//! Any request.

use chatkit_protocol::{
    Action, AttachmentCreateParams, AttachmentDeleteParams, CustomActionParams, FeedbackKind,
    InferenceOptions, ItemFeedbackParams, ItemsListParams, Op, Order, Request, RequestBody,
    StructuredInputAnswerSubmission, StructuredInputSubmission, SubmissionStatus,
    ThreadAddClientToolOutputParams, ThreadAddStructuredInputParams, ThreadAddUserMessageParams,
    ThreadAttachParams, ThreadCreateParams, ThreadDeleteParams, ThreadGetByIdParams,
    ThreadListParams, ThreadRetryAfterItemParams, ThreadStopParams, ThreadUpdateParams, ToolChoice,
    TranscribeParams, UserMessageContent, UserMessageInput, UserMessageTag,
};
use proptest::{
    collection::{btree_map, vec},
    option::of,
    prelude::*,
    sample::select,
};

use crate::json::{self, object, text};

pub(crate) fn op() -> BoxedStrategy<Op> {
    select(Op::ALL.to_vec()).boxed()
}

pub(crate) fn request() -> BoxedStrategy<Request> {
    (body(), object()).prop_map(|(body, metadata)| Request { body, metadata }).boxed()
}

fn body() -> BoxedStrategy<RequestBody> {
    let order = || select(vec![Order::Asc, Order::Desc]);
    prop_oneof![
        input().prop_map(|input| RequestBody::ThreadsCreate(ThreadCreateParams { input })),
        (input(), text()).prop_map(|(input, thread)| {
            let thread_id = thread.into();
            RequestBody::ThreadsAddUserMessage(ThreadAddUserMessageParams { input, thread_id })
        }),
        (text(), json::any()).prop_map(|(thread, result)| {
            let thread_id = thread.into();
            RequestBody::ThreadsAddClientToolOutput(ThreadAddClientToolOutputParams {
                thread_id,
                result,
            })
        }),
        (text(), text(), submission()).prop_map(|(thread, item, input)| {
            let (thread_id, item_id) = (thread.into(), item.into());
            RequestBody::ThreadsAddStructuredInput(ThreadAddStructuredInputParams {
                thread_id,
                item_id,
                input,
            })
        }),
        (text(), text()).prop_map(|(thread, item)| {
            let (thread_id, item_id) = (thread.into(), item.into());
            RequestBody::ThreadsRetryAfterItem(ThreadRetryAfterItemParams { thread_id, item_id })
        }),
        action().prop_map(RequestBody::ThreadsCustomAction),
        action().prop_map(RequestBody::ThreadsSyncCustomAction),
        text().prop_map(|thread| {
            RequestBody::ThreadsGetById(ThreadGetByIdParams { thread_id: thread.into() })
        }),
        (of(any::<u64>()), order(), of(text())).prop_map(|(limit, order, after)| {
            RequestBody::ThreadsList(ThreadListParams { limit, order, after })
        }),
        (text(), text()).prop_map(|(thread, title)| {
            RequestBody::ThreadsUpdate(ThreadUpdateParams { thread_id: thread.into(), title })
        }),
        text().prop_map(|thread| {
            RequestBody::ThreadsDelete(ThreadDeleteParams { thread_id: thread.into() })
        }),
        text().prop_map(|thread| {
            RequestBody::ThreadsStop(ThreadStopParams { thread_id: thread.into() })
        }),
        (text(), of(text())).prop_map(|(thread, after)| {
            RequestBody::ThreadsAttach(ThreadAttachParams { thread_id: thread.into(), after })
        }),
        (text(), of(any::<u64>()), order(), of(text())).prop_map(
            |(thread, limit, order, after)| {
                let thread_id = thread.into();
                RequestBody::ItemsList(ItemsListParams { thread_id, limit, order, after })
            }
        ),
        (text(), vec(text(), 0..3), any::<bool>()).prop_map(|(thread, items, good)| {
            RequestBody::ItemsFeedback(ItemFeedbackParams {
                thread_id: thread.into(),
                item_ids: items.into_iter().map(Into::into).collect(),
                kind: if good { FeedbackKind::Positive } else { FeedbackKind::Negative },
            })
        }),
        (text(), any::<u64>(), text()).prop_map(|(name, size, mime_type)| {
            RequestBody::AttachmentsCreate(AttachmentCreateParams { name, size, mime_type })
        }),
        text().prop_map(|id| {
            RequestBody::AttachmentsDelete(AttachmentDeleteParams { attachment_id: id.into() })
        }),
        (text(), text()).prop_map(|(audio_base64, mime_type)| {
            RequestBody::InputTranscribe(TranscribeParams { audio_base64, mime_type })
        }),
    ]
    .boxed()
}

fn action() -> BoxedStrategy<CustomActionParams> {
    (text(), of(text()), text(), json::any())
        .prop_map(|(thread, item, kind, payload)| CustomActionParams {
            thread_id: thread.into(),
            item_id: item.map(Into::into),
            action: Action { kind, payload },
        })
        .boxed()
}

fn submission() -> BoxedStrategy<StructuredInputSubmission> {
    let answer = (vec(text(), 0..3), any::<bool>())
        .prop_map(|(values, skipped)| StructuredInputAnswerSubmission { values, skipped });
    let status = select(vec![SubmissionStatus::Answered, SubmissionStatus::Skipped]);
    (status, btree_map(text(), answer, 0..3))
        .prop_map(|(status, answers)| StructuredInputSubmission { status, answers })
        .boxed()
}

fn input() -> BoxedStrategy<UserMessageInput> {
    (vec(content(), 0..4), vec(text(), 0..3), of(text()), options())
        .prop_map(|(content, attachments, quoted_text, inference_options)| UserMessageInput {
            content,
            attachments: attachments.into_iter().map(Into::into).collect(),
            quoted_text,
            inference_options,
        })
        .boxed()
}

pub(crate) fn options() -> BoxedStrategy<InferenceOptions> {
    (of(text()), of(text()))
        .prop_map(|(tool, model)| InferenceOptions {
            tool_choice: tool.map(|id| ToolChoice { id }),
            model,
        })
        .boxed()
}

pub(crate) fn content() -> BoxedStrategy<UserMessageContent> {
    prop_oneof![
        text().prop_map(UserMessageContent::text),
        (text(), text(), object(), of(text()), any::<bool>()).prop_map(
            |(id, text, data, group, interactive)| {
                let tag = UserMessageTag { id, text, data, group, interactive };
                UserMessageContent::Tag(Box::new(tag))
            }
        ),
    ]
    .boxed()
}
