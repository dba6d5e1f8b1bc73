//! Streams as they should be: each sequence of the protocol, as our server sends it.

use serde_json::{Value, json};

use super::Exchange;

pub(super) const AT: &str = "2026-01-31T09:30:00.25Z";
pub(super) const THREAD: &str = "thr_1";

/// Every sequence by name.
pub(super) fn all() -> Vec<(&'static str, Exchange)> {
    vec![
        ("create", create()),
        ("add", add()),
        ("two parts", two_parts()),
        ("citation", citation()),
        ("whole message", whole()),
        ("progress", progress()),
        ("client tool", client_tool()),
        ("client tool output", tool_output()),
        ("client tool in a workflow", tool_in_workflow()),
        ("form", form()),
        ("answered form", answered()),
        ("retry", retry()),
        ("action", action()),
        ("streamed widget", widget()),
        ("static widget", static_widget()),
        ("workflow", workflow()),
        ("image", image()),
        ("effects and notices", page()),
        ("removed item", removed()),
        ("update of an earlier item's replacement", replaced_earlier()),
        ("attached", attached()),
    ]
}

/// A new thread: 0 thread, 1 message, 2 options, 3 added, 4 part, 5 to 7 deltas, 8 part done,
/// 9 done, 10 thread again.
pub(super) fn create() -> Exchange {
    let mut events = opening();
    events.extend(reply("msg_2", &["Hel", "lo ", "you"]));
    events.push(json!({"type": "thread.updated", "thread": thread("Hello")}));
    Exchange::new(create_request(), events)
}

/// A message more: 0 message, 1 options, 2 added, 3 part, 4 and 5 deltas, 6 part done, 7 done.
pub(super) fn add() -> Exchange {
    let mut events = vec![echo(), options()];
    events.extend(reply("msg_2", &["Hel", "lo"]));
    Exchange::new(asking("threads.add_user_message", json!({"input": input()})), events)
}

fn two_parts() -> Exchange {
    let mut events = opening();
    events.extend([
        added(message("msg_2", &[])),
        part("msg_2", 0, "added", content("")),
        delta("msg_2", 0, "one"),
        part("msg_2", 0, "done", content("one")),
        part("msg_2", 1, "added", content("")),
        delta("msg_2", 1, "two"),
        part("msg_2", 1, "done", content("two")),
        done(message("msg_2", &["one", "two"])),
    ]);
    Exchange::new(create_request(), events)
}

/// 3 added, 4 part, 5 delta, 6 annotation, 7 part done, 8 done.
pub(super) fn citation() -> Exchange {
    let mut cited = content("As they say");
    cited["annotations"] = json!([annotation()]);
    let mut finished = message("msg_2", &[]);
    finished["content"] = json!([cited]);
    let mut events = opening();
    events.extend([
        added(message("msg_2", &[])),
        part("msg_2", 0, "added", content("")),
        delta("msg_2", 0, "As they say"),
        updated(
            "msg_2",
            "assistant_message.content_part.annotation_added",
            json!({"content_index": 0, "annotation_index": 0, "annotation": annotation()}),
        ),
        part("msg_2", 0, "done", cited.clone()),
        done(finished),
    ]);
    Exchange::new(create_request(), events)
}

/// 3 done.
pub(super) fn whole() -> Exchange {
    let mut events = opening();
    events.push(done(message("msg_2", &["Hello"])));
    Exchange::new(create_request(), events)
}

/// 3 and 4 progress, 5 done, 6 progress, 7 progress cleared.
pub(super) fn progress() -> Exchange {
    let mut events = opening();
    events.extend([
        json!({"type": "progress_update", "icon": "search", "text": "Searching"}),
        json!({"type": "progress_update", "icon": "vendor:cog", "text": "Reading"}),
        done(message("msg_2", &["Hello"])),
        json!({"type": "progress_update", "text": "Storing"}),
        json!({"type": "progress_update", "text": ""}),
    ]);
    Exchange::new(create_request(), events)
}

/// 3 call.
pub(super) fn client_tool() -> Exchange {
    let mut events = opening();
    events.push(done(tool_call("tc_1")));
    Exchange::new(create_request(), events)
}

fn tool_in_workflow() -> Exchange {
    let mut events = opening();
    events.push(added(steps(&["Look"])));
    events.push(done(tool_call("tc_1")));
    Exchange::new(create_request(), events)
}

/// 0 options, 1 added, …
pub(super) fn tool_output() -> Exchange {
    let mut events = vec![options()];
    events.extend(reply("msg_3", &["Done"]));
    let result = json!({"result": {"ok": true}});
    Exchange::new(asking("threads.add_client_tool_output", result), events)
}

/// 3 form.
pub(super) fn form() -> Exchange {
    let mut events = opening();
    events.push(done(questions("pending")));
    Exchange::new(create_request(), events)
}

/// 0 options, 1 form, 2 answer.
pub(super) fn answered() -> Exchange {
    let replaced = json!({"type": "thread.item.replaced", "item": questions("answered")});
    let events = vec![options(), replaced, done(message("msg_3", &["Thanks"]))];
    let answers = json!({"q1": {"values": ["red"]}});
    let params = json!({"item_id": "si_1", "input": {"status": "answered", "answers": answers}});
    Exchange::new(asking("threads.add_structured_input", params), events)
}

/// 0 options, 1 added, …
pub(super) fn retry() -> Exchange {
    let mut events = vec![options()];
    events.extend(reply("msg_3", &["Again"]));
    Exchange::new(asking("threads.retry_after_item", json!({"item_id": "msg_1"})), events)
}

fn action() -> Exchange {
    let mut item = card("Sent");
    item["id"] = json!("wdg_0");
    let replaced = json!({"type": "thread.item.replaced", "item": item});
    let params = json!({"item_id": "wdg_0", "action": {"type": "send", "payload": {}}});
    Exchange::new(asking("threads.custom_action", params), vec![options(), replaced])
}

/// 3 added, 4 and 5 text, 6 another root, 7 text, 8 component, 9 done.
pub(super) fn widget() -> Exchange {
    let grow = |delta: &str, done: bool| {
        let fields = json!({"component_id": "text", "delta": delta, "done": done});
        updated("wdg_1", "widget.streaming_text.value_delta", fields)
    };
    let root = card("Once upon")["widget"].clone();
    let title = json!({"type": "Title", "id": "title", "value": "Tale"});
    let mut finished = card("Once upon a time");
    finished["widget"]["children"][0] = title.clone();
    let mut events = opening();
    events.extend([
        added(card("Once")),
        grow(" up", false),
        grow("on", false),
        updated("wdg_1", "widget.root.updated", json!({"widget": root})),
        grow(" a time", true),
        updated(
            "wdg_1",
            "widget.component.updated",
            json!({"component_id": "title", "component": title}),
        ),
        done(finished),
    ]);
    Exchange::new(create_request(), events)
}

fn static_widget() -> Exchange {
    let mut events = opening();
    events.push(done(card("Hello")));
    Exchange::new(create_request(), events)
}

/// 3 added, 4 task added, 5 task updated, 6 done, 7 and so on a message.
pub(super) fn workflow() -> Exchange {
    let mut finished = steps(&["Look", "Found"]);
    finished["workflow"]["summary"] = json!({"duration": 3});
    let mut events = opening();
    events.extend([
        added(steps(&["Look"])),
        updated("wf_1", "workflow.task.added", json!({"task_index": 1, "task": task("Find")})),
        updated("wf_1", "workflow.task.updated", json!({"task_index": 1, "task": task("Found")})),
        done(finished),
        done(message("msg_2", &["There it is"])),
    ]);
    Exchange::new(create_request(), events)
}

/// 3 added, 4 updated, 5 done.
pub(super) fn image() -> Exchange {
    let picture = |url: &str| json!({"id": "pic", "url": url});
    let mut item = item("img_1", "generated_image");
    let begun = item.clone();
    item["image"] = picture("https://example.com/2.png");
    let half = json!({"image": picture("https://example.com/1.png"), "progress": 0.5});
    let mut events = opening();
    events.extend([added(begun), updated("img_1", "generated_image.updated", half), done(item)]);
    Exchange::new(create_request(), events)
}

/// 3 effect, 4 notice, 5 task, 6 end of turn.
pub(super) fn page() -> Exchange {
    let mut single = item("tsk_1", "task");
    single["task"] = task("Look");
    let mut events = opening();
    events.extend([
        json!({"type": "client_effect", "name": "flash", "data": {"a": null}}),
        json!({"type": "notice", "level": "info", "message": "Hello"}),
        done(single),
        done(item("eot_1", "end_of_turn")),
    ]);
    Exchange::new(create_request(), events)
}

fn removed() -> Exchange {
    let mut events = opening();
    events.extend([
        added(message("msg_2", &[])),
        part("msg_2", 0, "added", content("")),
        delta("msg_2", 0, "Oops"),
        json!({"type": "thread.item.removed", "item_id": "msg_2"}),
        done(message("msg_3", &["Better"])),
    ]);
    Exchange::new(create_request(), events)
}

fn replaced_earlier() -> Exchange {
    let mut exchange = add();
    let replaced = json!({"type": "thread.item.replaced", "item": card("New")});
    exchange.events.insert(2, replaced);
    exchange.events.insert(2, json!({"type": "thread.item.removed", "item_id": "msg_0"}));
    exchange
}

/// A stream that is joined at its beginning.
pub(super) fn attached() -> Exchange {
    Exchange::new(asking("threads.attach", json!({})), add().events)
}

/// 0 thread, 1 message, 2 options.
pub(super) fn opening() -> Vec<Value> {
    vec![json!({"type": "thread.created", "thread": thread("")}), echo(), options()]
}

pub(super) fn create_request() -> Value {
    json!({"type": "threads.create", "params": {"input": input()}})
}

/// A request about the thread.
pub(super) fn asking(op: &str, mut params: Value) -> Value {
    params["thread_id"] = json!(THREAD);
    json!({"type": op, "params": params})
}

pub(super) fn input() -> Value {
    let words = json!([{"type": "input_text", "text": "Hi"}]);
    json!({"content": words, "attachments": [], "inference_options": {}})
}

pub(super) fn thread(title: &str) -> Value {
    let mut thread = json!({
        "id": THREAD,
        "created_at": AT,
        "status": {"type": "active"},
        "metadata": {},
        "items": {"data": [], "has_more": false},
    });
    if !title.is_empty() {
        thread["title"] = json!(title);
    }
    thread
}

pub(super) fn options() -> Value {
    json!({"type": "stream_options", "stream_options": {"allow_cancel": true}})
}

pub(super) fn echo() -> Value {
    let mut item = item("msg_1", "user_message");
    let input = input();
    for field in ["content", "attachments", "inference_options"] {
        item[field] = input[field].clone();
    }
    done(item)
}

/// Added, part, deltas, part done, done.
pub(super) fn reply(id: &str, deltas: &[&str]) -> Vec<Value> {
    let text = deltas.concat();
    let mut events = vec![added(message(id, &[])), part(id, 0, "added", content(""))];
    events.extend(deltas.iter().map(|text| delta(id, 0, text)));
    events.extend([part(id, 0, "done", content(&text)), done(message(id, &[&text]))]);
    events
}

pub(super) fn added(item: Value) -> Value {
    about(item, "thread.item.added")
}

pub(super) fn done(item: Value) -> Value {
    about(item, "thread.item.done")
}

fn about(item: Value, kind: &str) -> Value {
    let mut event = json!({"type": kind});
    event["item"] = item;
    event
}

pub(super) fn updated(id: &str, kind: &str, fields: Value) -> Value {
    let mut update = fields;
    update["type"] = json!(kind);
    json!({"type": "thread.item.updated", "item_id": id, "update": update})
}

pub(super) fn part(id: &str, index: usize, what: &str, content: Value) -> Value {
    let kind = format!("assistant_message.content_part.{what}");
    let mut fields = json!({"content_index": index});
    fields["content"] = content;
    updated(id, &kind, fields)
}

pub(super) fn delta(id: &str, index: usize, text: &str) -> Value {
    let fields = json!({"content_index": index, "delta": text});
    updated(id, "assistant_message.content_part.text_delta", fields)
}

pub(super) fn content(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": []})
}

pub(super) fn annotation() -> Value {
    let source = json!({"type": "url", "title": "Source", "url": "https://example.com"});
    json!({"type": "annotation", "source": source, "index": 11})
}

pub(super) fn item(id: &str, kind: &str) -> Value {
    json!({"id": id, "type": kind, "thread_id": THREAD, "created_at": AT})
}

pub(super) fn message(id: &str, parts: &[&str]) -> Value {
    let mut item = item(id, "assistant_message");
    item["content"] = parts.iter().map(|text| content(text)).collect();
    item
}

pub(super) fn tool_call(id: &str) -> Value {
    let mut item = item(id, "client_tool_call");
    item["status"] = json!("pending");
    item["call_id"] = json!("call_1");
    item["name"] = json!("open");
    item["arguments"] = json!({"page": null});
    item
}

pub(super) fn card(text: &str) -> Value {
    let mut item = item("wdg_1", "widget");
    // What looks like a component in an action's payload is none.
    let payload = json!({"type": "Text", "id": "text", "value": "payload"});
    item["widget"] = json!({
        "type": "Card",
        "action": {"type": "go", "payload": payload},
        "children": [
            {"type": "Title", "id": "title", "value": "Story"},
            {"type": "Text", "id": "text", "value": text, "streaming": true},
        ],
    });
    item
}

pub(super) fn steps(titles: &[&str]) -> Value {
    let mut item = item("wf_1", "workflow");
    let tasks: Value = titles.iter().map(|title| task(title)).collect();
    item["workflow"] = json!({"type": "custom", "tasks": tasks, "expanded": false});
    item
}

pub(super) fn task(title: &str) -> Value {
    json!({"type": "custom", "title": title, "status_indicator": "none"})
}

pub(super) fn questions(status: &str) -> Value {
    let mut item = item("si_1", "structured_input");
    item["status"] = json!(status);
    item["inputs"] = json!([
        {"type": "freeform", "id": "q1", "question": "Colour?"},
        {"type": "freeform", "id": "q2", "question": "Size?"},
    ]);
    item
}
