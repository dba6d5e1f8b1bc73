"""Building blocks of scenarios: requests, script steps, events and items, as plain JSON.

`$THREAD` is filled in by the servers; `$thread1`, `$user_message2`, `$widget1`, `$attachment1`, … by the
comparison: the id of the N-th thing of that kind that the scenario's answers have shown so far.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

AT = "2026-01-01T00:00:00Z"
NO_SCRIPT = "This text is not a playback script."
"""How the answer to a text begins that is no script."""
YIELDED = "yielded: "
"""How the message of every `error` event begins that a script yields itself, without failing."""


# Scenarios.


def scenario(name: str, *steps: Json) -> Json:
    """A named list of requests; a step is a request, or a request with what is expected of us alone."""
    return {"name": name, "steps": [step if "request" in step else {"request": step} for step in steps]}


def refused(status: int, asked: Any) -> Json:
    """A request that we refuse with this status."""
    return {"request": asked, "refused": status}


def raw(body: str) -> Json:
    """A body that is sent as it stands."""
    return {"request": body}


# Requests.


def request(op: str, **params: Any) -> Json:
    return {"type": op, "params": params}


def create(*steps: Json, **fields: Any) -> Json:
    """`threads.create` with a script as the message."""
    return request("threads.create", input=message(*steps, **fields))


def add(thread: str, *steps: Json, **fields: Any) -> Json:
    """`threads.add_user_message` with a script as the message."""
    return request("threads.add_user_message", thread_id=thread, input=message(*steps, **fields))


def message(*steps: Json, **fields: Any) -> Json:
    content = [{"type": "input_text", "text": {"$script": {"steps": list(steps)}}}]
    return {"content": content, "attachments": [], "inference_options": {}, **fields}


def plain(text: str, **fields: Any) -> Json:
    """A message whose text is no script."""
    content = [{"type": "input_text", "text": text}]
    return {"content": content, "attachments": [], "inference_options": {}, **fields}


def retry(thread: str, item: str) -> Json:
    return request("threads.retry_after_item", thread_id=thread, item_id=item)


def tool_output(thread: str, result: Any) -> Json:
    return request("threads.add_client_tool_output", thread_id=thread, result=result)


def submit(thread: str, item: str, answers: Json, status: str | None = None) -> Json:
    """`threads.add_structured_input`."""
    submission = {"answers": answers} if status is None else {"answers": answers, "status": status}
    return request("threads.add_structured_input", thread_id=thread, item_id=item, input=submission)


def act(thread: str, *steps: Json, sender: str | None = None) -> Json:
    """`threads.custom_action` with a script as the payload."""
    action = {"type": "play", "payload": {"steps": list(steps)}}
    return request("threads.custom_action", thread_id=thread, action=action, **optional(item_id=sender))


def sync_act(thread: str, payload: Any, sender: str | None = None) -> Json:
    action = {"type": "play", "payload": payload}
    return request("threads.sync_custom_action", thread_id=thread, action=action, **optional(item_id=sender))


def get(thread: str) -> Json:
    return request("threads.get_by_id", thread_id=thread)


def items(thread: str, **paging: Any) -> Json:
    return request("items.list", thread_id=thread, **paging)


def threads(**paging: Any) -> Json:
    return request("threads.list", **paging)


def feedback(thread: str, item_ids: list[str], kind: str = "positive") -> Json:
    return request("items.feedback", thread_id=thread, item_ids=item_ids, kind=kind)


# Steps of a script.


def event(payload: Json) -> Json:
    return {"event": payload}


def added(item: Json) -> Json:
    return event({"type": "thread.item.added", "item": item})


def done(item: Json) -> Json:
    return event({"type": "thread.item.done", "item": item})


def replaced(item: Json) -> Json:
    return event({"type": "thread.item.replaced", "item": item})


def removed(id: str) -> Json:
    return event({"type": "thread.item.removed", "item_id": id})


def updated(id: str, kind: str, **update: Any) -> Json:
    return event({"type": "thread.item.updated", "item_id": id, "update": {"type": kind, **update}})


def part_added(id: str, text: str = "", index: int = 0) -> Json:
    return updated(id, "assistant_message.content_part.added", content_index=index, content=part(text))


def delta(id: str, text: str, index: int = 0) -> Json:
    return updated(id, "assistant_message.content_part.text_delta", content_index=index, delta=text)


def annotated(id: str, annotation: Json, at: int = 0, index: int = 0) -> Json:
    kind = "assistant_message.content_part.annotation_added"
    return updated(id, kind, content_index=index, annotation_index=at, annotation=annotation)


def part_done(id: str, text: str, annotations: list[Json] | None = None, index: int = 0) -> Json:
    content = part(text, annotations)
    return updated(id, "assistant_message.content_part.done", content_index=index, content=content)


def progress(text: str, icon: str | None = None) -> Json:
    return event({"type": "progress_update", "text": text, **optional(icon=icon)})


def error(text: str, **fields: Any) -> Json:
    return event({"type": "error", "message": YIELDED + text, **fields})


def thread(**changes: Any) -> Json:
    return {"thread": changes}


def resume_with(*steps: Json) -> Json:
    """What the responder plays when it is called without a message."""
    return thread(metadata={"on_resume": {"steps": list(steps)}})


def stream(text: str, deltas: int = 1) -> Json:
    return {"text": {"deltas": deltas, "delta": text}}


def widget(*roots: Json, copy_text: str | None = None) -> Json:
    return {"widget": list(roots), **optional(copy_text=copy_text)}


def fail(**how: Any) -> Json:
    return {"fail": how}


# Items.


def item(kind: str, id: str, **fields: Any) -> Json:
    return {"type": kind, "id": id, "thread_id": "$THREAD", "created_at": AT, **fields}


def assistant(id: str, *texts: str) -> Json:
    return item("assistant_message", id, content=[part(text) for text in texts])


def part(text: str, annotations: list[Json] | None = None) -> Json:
    return {"type": "output_text", "text": text, "annotations": annotations or []}


def user(id: str, text: str, **fields: Any) -> Json:
    content = [{"type": "input_text", "text": text}]
    return item("user_message", id, content=content, inference_options={}, **fields)


def tool_call(id: str, **fields: Any) -> Json:
    return item(
        "client_tool_call", id, **{"call_id": f"call_{id}", "name": "open_tab", "arguments": {}, **fields}
    )


def widget_item(id: str, root: Json, **fields: Any) -> Json:
    return item("widget", id, widget=root, **fields)


def workflow(id: str, *tasks: Json, kind: str = "custom", **fields: Any) -> Json:
    return item("workflow", id, workflow={"type": kind, "tasks": list(tasks), **fields})


def task(title: str, **fields: Any) -> Json:
    return {"type": "custom", "title": title, **fields}


def hidden(id: str, content: Any = "secret") -> Json:
    return item("hidden_context_item", id, content=content)


def sdk_hidden(id: str) -> Json:
    return item("sdk_hidden_context", id, content="secret")


def choice(id: str, *values: str, multiple: bool = False) -> Json:
    options = [{"value": value} for value in values]
    return {
        "type": "multiple_choice",
        "id": id,
        "question": f"{id}?",
        "options": options,
        "multiple": multiple,
    }


def freeform(id: str, **fields: Any) -> Json:
    return {"type": "freeform", "id": id, "question": f"{id}?", **fields}


def questions(id: str, *inputs: Json, **fields: Any) -> Json:
    return item("structured_input", id, inputs=list(inputs), **fields)


# Widgets.


def card(*children: Json, **fields: Any) -> Json:
    return {"type": "Card", "children": list(children), **fields}


def text(value: str, **fields: Any) -> Json:
    return {"type": "Text", "value": value, **fields}


# Sources and annotations.


def annotation(source: Json, **fields: Any) -> Json:
    return {"type": "annotation", "source": source, **fields}


def url_source(title: str, **fields: Any) -> Json:
    return {"type": "url", "title": title, "url": "https://example.com/a", **fields}


def file_source(title: str, **fields: Any) -> Json:
    return {"type": "file", "title": title, "filename": "a.pdf", **fields}


def entity_source(title: str, **fields: Any) -> Json:
    return {"type": "entity", "title": title, "id": "entity-1", **fields}


def optional(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
