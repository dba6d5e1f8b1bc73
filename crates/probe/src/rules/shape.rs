//! The shape of events, items and updates: which fields there must be, and what may stand in them.

use std::fmt;

use chatkit_protocol::{
    Annotation, AssistantMessageContent, AssistantMessageItem, ClientToolCallItem, EndOfTurnItem,
    ErrorCode, GeneratedImage, GeneratedImageItem, HiddenContextItem, Icon, JsonObject,
    NoticeLevel, SdkHiddenContextItem, StreamOptions, StructuredInputItem, Task, TaskItem,
    ThreadMetadata, UserMessageItem, WidgetComponent, WidgetItem, WidgetRoot, WorkflowItem,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    event::{list, text},
    fault::{Fault, Findings},
    sightings::prefix,
    text::{brief, quoted, reason},
};

/// The first thing that is wrong with a value, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    path: String,
    reason: String,
}

/// Looks at the shape of an event. What a client ignores is only noted.
pub(super) fn check_event(frame: usize, event: &Value, found: &mut Findings) -> Result<(), Flaw> {
    let mut notes = Notes { frame: Some(frame), found };
    let shape = event_shape(event, &mut notes);
    if let Err(flaw) = &shape {
        let kind = text(event, "type");
        found.add(&BAD_SHAPE, Some(frame), || match kind {
            "" => flaw.to_string(),
            kind => format!("{}: {flaw}", brief(kind)),
        });
    }
    shape
}

/// Looks at the shape of a JSON answer: a thread, an item or a page of them.
pub(super) fn check_answer(
    found: &mut Findings,
    check: impl FnOnce(&mut Notes<'_>) -> Result<(), Flaw>,
) -> Result<(), Flaw> {
    let shape = check(&mut Notes { frame: None, found });
    if let Err(flaw) = &shape {
        found.add(&BAD_SHAPE, None, || flaw.to_string());
    }
    shape
}

/// Where remarks go that do not make a shape wrong.
pub(super) struct Notes<'a> {
    frame: Option<usize>,
    found: &'a mut Findings,
}

/// A thread with its page of items.
pub(super) fn thread(value: &Value, path: &str, notes: &mut Notes<'_>) -> Result<(), Flaw> {
    is::<ThreadMetadata>(value).map_err(|flaw| flaw.below(path))?;
    notes.fields(value, path, &["status"]);
    let page = value.get("items").ok_or_else(|| Flaw::missing("items").below(path))?;
    let path = format!("{}items", prefix(path));
    list_page(page, &path, notes, item)
}

/// A page whose records have a shape.
pub(super) fn list_page(
    page: &Value,
    path: &str,
    notes: &mut Notes<'_>,
    record: impl Fn(&Value, &str, &mut Notes<'_>) -> Result<(), Flaw>,
) -> Result<(), Flaw> {
    let fields = [required("data", is::<Vec<Value>>), required("has_more", is::<bool>)];
    check_fields(page, &fields).map_err(|flaw| flaw.below(path))?;
    for (at, value) in list(page, "data").iter().enumerate() {
        record(value, &format!("{}data[{at}]", prefix(path)), notes)?;
    }
    Ok(())
}

/// An item. One of an unknown type is noted.
pub(super) fn item(value: &Value, path: &str, notes: &mut Notes<'_>) -> Result<(), Flaw> {
    let kind = kind(value).map_err(|flaw| flaw.below(path))?;
    let Some((_, check, usual)) = ITEMS.iter().find(|(name, ..)| *name == kind) else {
        notes.add(&UNKNOWN_ITEM, || format!("{path}.type is {}", quoted(kind)));
        let fields = [required("id", is::<String>), required("thread_id", is::<String>)];
        return check_fields(value, &fields).map_err(|flaw| flaw.below(path));
    };
    check(value).map_err(|flaw| flaw.below(path))?;
    notes.fields(value, path, usual);
    Ok(())
}

fn event_shape(event: &Value, notes: &mut Notes<'_>) -> Result<(), Flaw> {
    let kind = kind(event)?;
    let Some((_, fields)) = EVENTS.iter().find(|(name, _)| *name == kind) else {
        notes.add(&UNKNOWN_EVENT, || format!("type is {}", quoted(kind)));
        return Ok(());
    };
    check_fields(event, fields)?;
    let usual: &[&str] = if kind == "client_effect" { &["data"] } else { &[] };
    notes.fields(event, "", usual);
    if let Some(value) = event.get("thread").filter(|_| is_known_for(fields, "thread")) {
        thread(value, "thread", notes)?;
    }
    if let Some(value) = event.get("item").filter(|_| is_known_for(fields, "item")) {
        item(value, "item", notes)?;
    }
    if let Some(value) = event.get("update").filter(|_| is_known_for(fields, "update")) {
        update(value, notes).map_err(|flaw| flaw.below("update"))?;
    }
    Ok(())
}

fn update(update: &Value, notes: &mut Notes<'_>) -> Result<(), Flaw> {
    let kind = kind(update)?;
    let Some((_, fields)) = UPDATES.iter().find(|(name, _)| *name == kind) else {
        notes.add(&UNKNOWN_UPDATE, || format!("update.type is {}", quoted(kind)));
        return Ok(());
    };
    check_fields(update, fields)?;
    notes.fields(update, "update", &[]);
    Ok(())
}

fn kind(value: &Value) -> Result<&str, Flaw> {
    let object = value.as_object().ok_or_else(|| Flaw {
        path: String::new(),
        reason: format!("expected an object, found {}", brief(&value.to_string())),
    })?;
    let kind = object.get("type").ok_or_else(|| Flaw::missing("type"))?;
    kind.as_str().ok_or_else(|| {
        let reason = format!("expected a string, found {}", brief(&kind.to_string()));
        Flaw { path: "type".to_owned(), reason }
    })
}

/// A field of an event or update.
struct Field {
    name: &'static str,
    required: bool,
    check: Check,
}

type Check = fn(&Value) -> Result<(), Flaw>;

const fn required(name: &'static str, check: Check) -> Field {
    Field { name, required: true, check }
}

const fn optional(name: &'static str, check: Check) -> Field {
    Field { name, required: false, check }
}

fn is_known_for(fields: &[Field], name: &str) -> bool {
    fields.iter().any(|field| field.name == name)
}

fn check_fields(object: &Value, fields: &[Field]) -> Result<(), Flaw> {
    if !object.is_object() {
        let reason = format!("expected an object, found {}", brief(&object.to_string()));
        return Err(Flaw { path: String::new(), reason });
    }
    for field in fields {
        match object.get(field.name) {
            Some(Value::Null) if !field.required => {}
            Some(value) => (field.check)(value).map_err(|flaw| flaw.below(field.name))?,
            None if field.required => return Err(Flaw::missing(field.name)),
            None => {}
        }
    }
    Ok(())
}

/// Whether a value can be read as a type of the protocol. Dates have rules of their own.
pub(super) fn is<T: DeserializeOwned>(value: &Value) -> Result<(), Flaw> {
    match serde_path_to_error::deserialize::<_, T>(value) {
        Ok(_) => Ok(()),
        Err(error) if error.path().to_string().ends_with("created_at") => Ok(()),
        Err(error) => {
            let path = error.path().to_string();
            let path = if path == "." { String::new() } else { path };
            Err(Flaw { path, reason: error.inner().to_string() })
        }
    }
}

fn object(value: &Value) -> Result<(), Flaw> {
    check_fields(value, &[])
}

fn part(value: &Value) -> Result<(), Flaw> {
    is::<AssistantMessageContent>(value)?;
    match kind(value)? {
        "output_text" => Ok(()),
        other => Err(Flaw {
            path: "type".to_owned(),
            reason: format!("expected \"output_text\", found {}", quoted(other)),
        }),
    }
}

fn assistant_message(value: &Value) -> Result<(), Flaw> {
    is::<AssistantMessageItem>(value)?;
    for (at, content) in list(value, "content").iter().enumerate() {
        part(content).map_err(|flaw| flaw.below(&format!("content[{at}]")))?;
    }
    Ok(())
}

/// The events and their fields.
const EVENTS: &[(&str, &[Field])] = &[
    ("thread.created", &[required("thread", object)]),
    ("thread.updated", &[required("thread", object)]),
    ("thread.item.added", &[required("item", object)]),
    ("thread.item.done", &[required("item", object)]),
    ("thread.item.replaced", &[required("item", object)]),
    ("thread.item.removed", &[required("item_id", is::<String>)]),
    ("thread.item.updated", &[required("item_id", is::<String>), required("update", object)]),
    ("stream_options", &[required("stream_options", is::<StreamOptions>)]),
    ("progress_update", &[required("text", is::<String>), optional("icon", is::<Icon>)]),
    ("client_effect", &[required("name", is::<String>), optional("data", is::<JsonObject>)]),
    (
        "error",
        &[
            optional("code", is::<ErrorCode>),
            optional("message", is::<String>),
            optional("allow_retry", is::<bool>),
        ],
    ),
    (
        "notice",
        &[
            required("level", is::<NoticeLevel>),
            required("message", is::<String>),
            optional("title", is::<String>),
        ],
    ),
];

/// The updates and their fields.
const UPDATES: &[(&str, &[Field])] = &[
    (
        "assistant_message.content_part.added",
        &[required("content_index", is::<usize>), required("content", part)],
    ),
    (
        "assistant_message.content_part.text_delta",
        &[required("content_index", is::<usize>), required("delta", is::<String>)],
    ),
    (
        "assistant_message.content_part.annotation_added",
        &[
            required("content_index", is::<usize>),
            required("annotation_index", is::<usize>),
            required("annotation", is::<Annotation>),
        ],
    ),
    (
        "assistant_message.content_part.done",
        &[required("content_index", is::<usize>), required("content", part)],
    ),
    (
        "widget.streaming_text.value_delta",
        &[
            required("component_id", is::<String>),
            required("delta", is::<String>),
            required("done", is::<bool>),
        ],
    ),
    (
        "widget.component.updated",
        &[required("component_id", is::<String>), required("component", is::<WidgetComponent>)],
    ),
    ("widget.root.updated", &[required("widget", is::<WidgetRoot>)]),
    ("workflow.task.added", &[required("task_index", is::<usize>), required("task", is::<Task>)]),
    ("workflow.task.updated", &[required("task_index", is::<usize>), required("task", is::<Task>)]),
    (
        "generated_image.updated",
        &[required("image", is::<GeneratedImage>), optional("progress", is::<f64>)],
    ),
];

/// The items, and the fields that may be absent but are always sent by the reference.
const ITEMS: &[(&str, Check, &[&str])] = &[
    ("user_message", is::<UserMessageItem>, &["attachments", "inference_options"]),
    ("assistant_message", assistant_message, &[]),
    ("client_tool_call", is::<ClientToolCallItem>, &[]),
    ("widget", is::<WidgetItem>, &[]),
    ("generated_image", is::<GeneratedImageItem>, &[]),
    ("structured_input", is::<StructuredInputItem>, &["status"]),
    ("workflow", is::<WorkflowItem>, &[]),
    ("task", is::<TaskItem>, &[]),
    ("end_of_turn", is::<EndOfTurnItem>, &[]),
    ("hidden_context_item", is::<HiddenContextItem>, &[]),
    ("sdk_hidden_context", is::<SdkHiddenContextItem>, &[]),
];

impl Notes<'_> {
    fn add(&mut self, fault: &Fault, seen: impl Fn() -> String) {
        self.found.add(fault, self.frame, seen);
    }

    /// Notes fields that are null, and those that are absent though usually sent.
    fn fields(&mut self, object: &Value, path: &str, usual: &[&str]) {
        for (name, _) in object.as_object().into_iter().flatten().filter(|(_, it)| it.is_null()) {
            self.add(&NULL_FIELD, || format!("{}{} is null", prefix(path), brief(name)));
        }
        for name in usual.iter().filter(|name| object.get(name).is_none()) {
            self.add(&DEFAULT_LEFT_OUT, || format!("{}{name} is absent", prefix(path)));
        }
    }
}

impl Flaw {
    fn missing(field: &str) -> Self {
        Self { path: String::new(), reason: format!("missing field `{field}`") }
    }

    fn below(mut self, path: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => path.to_owned(),
            rest if rest.starts_with('[') || path.is_empty() => format!("{path}{rest}"),
            rest => format!("{path}.{rest}"),
        };
        self
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", brief(&self.path))?;
        }
        f.write_str(&reason(&self.reason))
    }
}

const BAD_SHAPE: Fault = Fault::error(
    "bad-shape",
    "The client cannot read the event: it ignores it, or fails at the field when it shows it.",
    "Send the field as the protocol has it; the path says where it is wrong.",
);

const UNKNOWN_EVENT: Fault = Fault::note(
    "unknown-event",
    "The client ignores events it does not know: the user sees nothing of it.",
    "Check the spelling of the type; leave it if your own client reads it.",
);

const UNKNOWN_ITEM: Fault = Fault::note(
    "unknown-item",
    "The client ignores items it does not know: the user sees nothing of it.",
    "Check the spelling of the type; use a widget for content of your own.",
);

const UNKNOWN_UPDATE: Fault = Fault::note(
    "unknown-update",
    "The client ignores updates it does not know: the item stays as it was.",
    "Check the spelling of the type.",
);

const NULL_FIELD: Fault = Fault::note(
    "null-field",
    "The reference leaves out what has no value; to a client null may not be the same as absent.",
    "Leave out fields without a value when you write events.",
);

const DEFAULT_LEFT_OUT: Fault = Fault::note(
    "default-left-out",
    "The reference always sends the field, so a client may rely on it.",
    "Send the field with its default.",
);
