"""A case, and the answers that the cases are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from build import AT, add, assistant, card, create, hidden, text, tool_call
from servers import Observation


@dataclass
class Case:
    """One exchange, and whether the difference of that id explains it."""

    difference: str
    name: str
    explained: bool
    request: Any
    reference: Observation
    ours: Observation
    scripts: list[Any] = field(default_factory=list)
    """Steps that the scenario has besides the request."""
    learned: dict[str, Any] = field(default_factory=dict)
    """Facts of the world before the exchange."""
    asked: list[Observation] = field(default_factory=list)
    """What the reference answers when the difference asks it something, in order."""


def sse(*events: Any, broken: bool = False) -> Observation:
    return {"status": 200, "content_type": "text/event-stream", "events": list(events), "broken": broken}


def body(value: Any, status: int = 200) -> Observation:
    return {"status": status, "content_type": "application/json", "body": value}


def page(*rows: Any, **more: Any) -> dict[str, Any]:
    return {"data": list(rows), "has_more": False, **more}


CRASH = {"status": 500, "content_type": "text/plain", "body": "Internal Server Error"}
OPTIONS = {"type": "stream_options", "stream_options": {"allow_cancel": True}}
UNEXPECTED = {"type": "error", "code": "stream.error", "allow_retry": True}
REFUSAL = {"type": "error", "code": "custom", "message": "no", "allow_retry": False}
THREAD = {"id": "t", "created_at": AT, "status": {"type": "active"}, "metadata": {}, "items": page()}
CREATED = {"type": "thread.created", "thread": THREAD}
CHANGED = {"type": "thread.updated", "thread": THREAD}
EFFECT = {"type": "client_effect", "name": "n", "data": {}}


def item_done(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "thread.item.done", "item": item}


def item_added(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "thread.item.added", "item": item}


def updated(id: str, **update: Any) -> dict[str, Any]:
    return {"type": "thread.item.updated", "item_id": id, "update": update}


def with_attachment(thread: str | None) -> Any:
    fields = {"attachments": ["f"]}
    return create(**fields) if thread is None else add(thread, **fields)


HALF = assistant("m", "half")
CALL, SECOND_CALL = tool_call("c1", status="pending"), tool_call("c2", status="pending")
SECRET = hidden("h")
ROWS = [assistant(f"m{number}", "x") for number in range(1001)]
GROWN, GREW = card(text("a")), card(text("ab"))
BOXED = [card({"type": "Box", "id": "b", "children": [text(value)]}) for value in ("a", "x")]
BEYOND = [card({"type": "Hologram"}), card({"type": "Hologram", "depth": 1})]
WITH_ACTION = card({"type": "Button", "label": "Go", "glow": 1, "onClickAction": {"type": "go"}})
FILLED = card(
    {
        "type": "Button",
        "label": "Go",
        "onClickAction": {"type": "go", "handler": "server", "loadingBehavior": "auto", "streaming": True},
    }
)
OTHER_DEFAULT = card(
    {"type": "Button", "label": "Go", "onClickAction": {"type": "go", "handler": "client"}},
)
STORED = sse(OPTIONS, EFFECT)
"""What the reference answers when a difference stores one thing in it."""


def widget_stream(updates: list[Any], last: Any, first: Any) -> Observation:
    item = {"type": "widget", "id": "w", "thread_id": "t", "created_at": AT}
    changes = [updated("w", **update) for update in updates]
    return sse(OPTIONS, item_added({**item, "widget": first}), *changes, item_done({**item, "widget": last}))


def root(widget: Any) -> dict[str, Any]:
    return {"type": "widget.root.updated", "widget": widget}


def component(id: str, component: Any) -> dict[str, Any]:
    return {"type": "widget.component.updated", "component_id": id, "component": component}


def grown(id: str, delta: str, done: bool) -> dict[str, Any]:
    return {"type": "widget.streaming_text.value_delta", "component_id": id, "delta": delta, "done": done}


IN_BOX = BOXED[1]["children"][0]
LIVE = [
    card({"type": "Transition", "children": text(value, id="t", streaming=True)}) for value in ("a", "ab")
]
