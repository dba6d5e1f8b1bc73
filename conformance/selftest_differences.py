"""For each deliberate difference: pairs of answers that it explains, and near misses that it must not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from build import (
    AT,
    NO_SCRIPT,
    YIELDED,
    add,
    assistant,
    card,
    create,
    done,
    feedback,
    get,
    hidden,
    items,
    request,
    retry,
    scenario,
    task,
    text,
    thread,
    tool_call,
    tool_output,
    widget,
    workflow,
)
from differences import DIFFERENCES
from play import Comparison, Stage
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


class Scripted:
    """A server that gives prepared answers."""

    def __init__(self, answers: list[Observation]) -> None:
        self.answers = list(answers)

    def ask(self, _: Any) -> Observation:
        return self.answers.pop(0)


def explains(case: Case) -> bool:
    """Whether the one difference makes the two answers equal, or brings the reference's state in line with ours."""
    (difference,) = [one for one in DIFFERENCES if one.id == case.difference]
    # The reference is not asked where the difference stands in for it.
    reference = Scripted(([case.reference] if case.reference else []) + case.asked)
    stage = Stage(
        (reference, Scripted([case.ours])), ("reference.test:1", "ours.test:1"), [difference], strict=False
    )
    comparison = Comparison(
        scenario("case", case.request, *[{"request": extra} for extra in case.scripts]), stage
    )
    vars(comparison.world).update(case.learned)
    try:
        equal = comparison.step("case", {"request": case.request})
    except IndexError:
        # It asked the reference for more than the case provides.
        return False
    return equal and comparison.result.uses[difference.id] == 1 and not reference.answers


# Answers.


def sse(*events: Any, broken: bool = False) -> Observation:
    return {"status": 200, "content_type": "text/event-stream", "events": list(events), "broken": broken}


def body(value: Any, status: int = 200) -> Observation:
    return {"status": status, "content_type": "application/json", "body": value}


def page(*rows: Any, **more: Any) -> dict[str, Any]:
    return {"data": list(rows), "has_more": False, **more}


CRASH = {"status": 500, "content_type": "text/plain", "body": "Internal Server Error"}
OPTIONS = {"type": "stream_options", "stream_options": {"allow_cancel": True}}
UNEXPECTED = {"type": "error", "code": "stream.error", "allow_retry": True}
WRONG_SENDER = {"type": "error", "code": "stream.error", "allow_retry": False}
ACTION = request("threads.custom_action", thread_id="t", action={"type": "x"})
REFUSAL = {"type": "error", "code": "custom", "message": "no", "allow_retry": False}
THREAD = {"id": "t", "created_at": AT, "status": {"type": "active"}, "metadata": {}, "items": page()}
CREATED = {"type": "thread.created", "thread": THREAD}
CHANGED = {"type": "thread.updated", "thread": THREAD}
EFFECT = {"type": "client_effect", "name": "n", "data": {}}


def event_of(step: dict[str, Any]) -> dict[str, Any]:
    return step["event"]


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

CASES = [
    Case(
        "json-failures-have-a-status-and-a-message", "404", True, get("t"), CRASH, body({"message": "m"}, 404)
    ),
    Case(
        "json-failures-have-a-status-and-a-message", "we succeed", False, get("t"), CRASH, body({"id": "t"})
    ),
    Case(
        "json-failures-have-a-status-and-a-message",
        "we fail too",
        False,
        get("t"),
        CRASH,
        body({"message": "m"}, 500),
    ),
    Case(
        "json-failures-have-a-status-and-a-message",
        "no message",
        False,
        get("t"),
        CRASH,
        body({"error": "m"}, 404),
    ),
    Case(
        "json-failures-have-a-status-and-a-message",
        "an empty message",
        False,
        get("t"),
        CRASH,
        body({"message": ""}, 404),
    ),
    Case(
        "json-failures-have-a-status-and-a-message",
        "it succeeds",
        False,
        get("t"),
        body(THREAD),
        body({"message": "m"}, 404),
    ),
    Case(
        "json-failures-have-a-status-and-a-message",
        "a streaming op",
        False,
        retry("t", "i"),
        CRASH,
        body({"message": "m"}, 404),
    ),
    Case(
        "wrong-streaming-requests-get-an-error-event", "an error event", True, add("t"), CRASH, sse(REFUSAL)
    ),
    Case(
        "wrong-streaming-requests-get-an-error-event",
        "two events",
        False,
        add("t"),
        CRASH,
        sse(OPTIONS, REFUSAL),
    ),
    Case("wrong-streaming-requests-get-an-error-event", "a JSON op", False, get("t"), CRASH, sse(REFUSAL)),
    Case(
        "failures-before-the-responder-are-error-events",
        "an error event",
        True,
        add("t"),
        sse(broken=True),
        sse(REFUSAL),
    ),
    Case(
        "failures-before-the-responder-are-error-events", "no event", False, add("t"), sse(broken=True), sse()
    ),
    Case(
        "failures-before-the-responder-are-error-events",
        "ours breaks too",
        False,
        add("t"),
        sse(broken=True),
        sse(REFUSAL, broken=True),
    ),
    Case(
        "failures-before-the-responder-are-error-events",
        "an error without a text",
        False,
        add("t"),
        sse(broken=True),
        sse({"type": "error", "code": "custom", "allow_retry": False}),
    ),
    Case(
        "failures-before-the-responder-are-error-events",
        "it broke later",
        False,
        add("t"),
        sse(OPTIONS, broken=True),
        sse(REFUSAL),
    ),
    Case(
        "no-thread-without-its-message",
        "an error event alone",
        True,
        create(),
        sse(CREATED, broken=True),
        sse(REFUSAL),
        asked=[body({})],
    ),
    Case(
        "no-thread-without-its-message",
        "we make the thread too",
        False,
        create(),
        sse(CREATED, broken=True),
        sse(CREATED, REFUSAL),
        asked=[body({})],
    ),
    Case(
        "retry-of-an-unknown-item-is-an-error", "an error event", True, retry("t", "i"), sse(), sse(REFUSAL)
    ),
    Case("retry-of-an-unknown-item-is-an-error", "another op", False, add("t"), sse(), sse(REFUSAL)),
    Case(
        "feedback-needs-its-thread",
        "unknown",
        True,
        feedback("t", []),
        body({}),
        body({"message": "m"}, 404),
        asked=[CRASH],
    ),
    Case(
        "feedback-needs-its-thread",
        "known",
        False,
        feedback("t", []),
        body({}),
        body({"message": "m"}, 404),
        asked=[body(THREAD)],
    ),
    Case(
        "negative-limits-are-refused",
        "minus one",
        True,
        items("t", limit=-1),
        body(page()),
        body({"message": "m"}, 422),
    ),
    Case(
        "negative-limits-are-refused",
        "zero",
        False,
        items("t", limit=0),
        body(page()),
        body({"message": "m"}, 422),
    ),
    Case(
        "lenient-requests",
        "no result",
        True,
        request("threads.add_client_tool_output", thread_id="t"),
        CRASH,
        sse(OPTIONS),
        asked=[sse(OPTIONS)],
    ),
    Case(
        "lenient-requests",
        "no result, another answer",
        False,
        request("threads.add_client_tool_output", thread_id="t"),
        CRASH,
        sse(OPTIONS, EFFECT),
        asked=[sse(OPTIONS)],
    ),
    Case(
        "lenient-requests",
        "nothing is missing",
        False,
        tool_output("t", 1),
        CRASH,
        sse(OPTIONS),
        asked=[sse(OPTIONS)],
    ),
    Case(
        "locked-threads-take-no-message",
        "locked",
        True,
        add("t"),
        {},
        sse(REFUSAL),
        learned={"status": {"t": "locked"}},
    ),
    Case(
        "locked-threads-take-no-message",
        "answered all the same",
        False,
        add("t"),
        {},
        sse(OPTIONS, REFUSAL),
        learned={"status": {"t": "closed"}},
    ),
    Case(
        "locked-threads-take-no-message",
        "active",
        False,
        add("t"),
        sse(OPTIONS),
        sse(REFUSAL),
        learned={"status": {"t": "active"}},
    ),
    Case(
        "attachments-belong-to-one-thread",
        "another thread",
        True,
        with_attachment("t"),
        {},
        sse(REFUSAL),
        learned={"attachment_thread": {"f": "other"}},
    ),
    Case(
        "attachments-belong-to-one-thread",
        "a new thread",
        True,
        with_attachment(None),
        {},
        sse(REFUSAL),
        learned={"attachment_thread": {"f": "other"}},
    ),
    Case(
        "attachments-belong-to-one-thread",
        "the same thread",
        False,
        with_attachment("t"),
        sse(OPTIONS),
        sse(REFUSAL),
        learned={"attachment_thread": {"f": "t"}},
    ),
    Case(
        "deleted-threads-take-their-attachments",
        "deleted",
        True,
        request("attachments.delete", attachment_id="f"),
        body({}),
        body({"message": "m"}, 404),
        learned={"attachment_thread": {"f": "t"}, "deleted": {"t"}},
    ),
    Case(
        "deleted-threads-take-their-attachments",
        "not deleted",
        False,
        request("attachments.delete", attachment_id="f"),
        body({}),
        body({"message": "m"}, 404),
        learned={"attachment_thread": {"f": "t"}},
    ),
    Case(
        "partial-items-survive-a-failure",
        "a half message",
        True,
        add("t"),
        sse(OPTIONS, item_added(HALF), UNEXPECTED),
        sse(OPTIONS, item_added(HALF), UNEXPECTED),
        asked=[STORED],
    ),
    Case(
        "partial-items-survive-a-failure",
        "an error that was only told",
        False,
        add("t"),
        sse(OPTIONS, item_added(HALF), {**REFUSAL, "message": YIELDED}),
        sse(OPTIONS, item_added(HALF), {**REFUSAL, "message": YIELDED}),
    ),
    Case(
        "partial-items-survive-a-failure",
        "nothing half",
        False,
        add("t"),
        sse(OPTIONS, item_done(HALF), UNEXPECTED),
        sse(OPTIONS, item_done(HALF), UNEXPECTED),
    ),
    Case(
        "partial-items-survive-a-failure",
        "no failure",
        False,
        add("t"),
        sse(OPTIONS, item_added(HALF)),
        sse(OPTIONS, item_added(HALF)),
    ),
    Case(
        "one-pending-tool-call-per-turn",
        "two",
        True,
        add("t"),
        sse(OPTIONS, item_done(CALL), item_done(SECOND_CALL)),
        sse(OPTIONS, item_done(CALL), UNEXPECTED),
        asked=[STORED],
    ),
    Case(
        "one-pending-tool-call-per-turn",
        "one",
        False,
        add("t"),
        sse(OPTIONS, item_done(CALL)),
        sse(OPTIONS, UNEXPECTED),
        asked=[STORED],
    ),
    Case(
        "all-forgotten-tool-calls-are-removed",
        "far back",
        True,
        tool_output("t", 1),
        sse(OPTIONS),
        sse(OPTIONS),
        asked=[body(page(*ROWS[:20], CALL)), STORED],
    ),
    Case(
        "all-forgotten-tool-calls-are-removed",
        "among the newest",
        False,
        tool_output("t", 1),
        sse(OPTIONS),
        sse(OPTIONS),
        asked=[body(page(*ROWS[:19], CALL))],
    ),
    Case(
        "hidden-items-never-leave",
        "added",
        True,
        add("t"),
        sse(OPTIONS, item_added(SECRET), EFFECT),
        sse(OPTIONS, EFFECT),
    ),
    Case(
        "hidden-items-never-leave",
        "updated",
        True,
        add("t"),
        sse(item_added(SECRET), updated("h", type="x")),
        sse(),
    ),
    Case(
        "hidden-items-never-leave",
        "replaced",
        True,
        add("t"),
        sse({"type": "thread.item.replaced", "item": SECRET}),
        sse(),
    ),
    Case("hidden-items-never-leave", "a shown one", False, add("t"), sse(item_added(HALF)), sse()),
    Case(
        "hidden-items-never-leave",
        "removed",
        False,
        add("t"),
        sse({"type": "thread.item.removed", "item_id": "h"}),
        sse(),
    ),
    Case(
        "hidden-items-do-not-shorten-pages",
        "a full page",
        True,
        items("t", limit=2),
        body(page(ROWS[0], has_more=True, after="h")),
        body(page(ROWS[0], ROWS[1], has_more=True, after="m1")),
        scripts=[done(SECRET)],
        asked=[body(page(*ROWS[:3]))],
    ),
    Case(
        "hidden-items-do-not-shorten-pages",
        "a page too long",
        False,
        items("t", limit=2),
        body(page(ROWS[0], has_more=True, after="h")),
        body(page(*ROWS[:3])),
        scripts=[done(SECRET)],
        asked=[body(page(*ROWS[:3]))],
    ),
    Case(
        "hidden-items-do-not-shorten-pages",
        "nothing is hidden",
        False,
        items("t", limit=2),
        body(page(ROWS[0], has_more=True, after="h")),
        body(page(ROWS[0], ROWS[1], has_more=True, after="m1")),
        asked=[body(page(*ROWS[:3]))],
    ),
    Case(
        "pages-have-at-most-a-thousand-rows",
        "1001",
        True,
        items("t", limit=9999),
        body(page(*ROWS)),
        body(page(*ROWS[:1000], has_more=True, after="m999")),
    ),
    Case(
        "pages-have-at-most-a-thousand-rows",
        "fewer",
        False,
        items("t", limit=9999),
        body(page(*ROWS[:9])),
        body(page(*ROWS[:8], has_more=True, after="m7")),
    ),
    Case(
        "any-icon",
        "upload",
        True,
        add("t"),
        sse(OPTIONS, UNEXPECTED),
        sse(OPTIONS, {"type": "progress_update", "text": "x", "icon": "upload"}),
    ),
    Case(
        "any-icon",
        "a known icon",
        False,
        add("t"),
        sse(OPTIONS, UNEXPECTED),
        sse(OPTIONS, {"type": "progress_update", "text": "x", "icon": "bolt"}),
    ),
    Case(
        "any-icon",
        "something else before",
        False,
        add("t"),
        sse(UNEXPECTED),
        sse(OPTIONS, {"type": "progress_update", "text": "x", "icon": "upload"}),
    ),
    Case(
        "any-error-code",
        "rate_limited",
        True,
        add("t"),
        sse(OPTIONS, UNEXPECTED),
        sse(OPTIONS, {"type": "error", "code": "rate_limited", "allow_retry": False}),
    ),
    Case("any-error-code", "custom", False, add("t"), sse(OPTIONS, UNEXPECTED), sse(OPTIONS, REFUSAL)),
    Case(
        "updates-that-do-not-fit-pass",
        "no such task",
        True,
        add("t"),
        sse(item_added(workflow("w")), UNEXPECTED),
        sse(
            item_added(workflow("w")),
            updated("w", type="workflow.task.updated", task_index=0, task=task("x")),
        ),
    ),
    Case(
        "updates-that-do-not-fit-pass",
        "there is such a task",
        False,
        add("t"),
        sse(item_added(workflow("w", task("x"))), UNEXPECTED),
        sse(
            item_added(workflow("w", task("x"))),
            updated("w", type="workflow.task.updated", task_index=0, task=task("x")),
        ),
    ),
    Case(
        "smaller-widget-updates",
        "a component for the root",
        True,
        create(widget(*BOXED)),
        widget_stream([root(BOXED[1])], BOXED[1], BOXED[0]),
        widget_stream([component("b", BOXED[1]["children"][0])], BOXED[1], BOXED[0]),
    ),
    Case(
        "smaller-widget-updates",
        "a component that is wrong",
        False,
        create(widget(*BOXED)),
        widget_stream([root(BOXED[1])], BOXED[1], BOXED[0]),
        widget_stream([component("b", BOXED[0]["children"][0])], BOXED[1], BOXED[0]),
    ),
    Case(
        "smaller-widget-updates",
        "an update too many",
        False,
        create(widget(*BOXED)),
        widget_stream([root(BOXED[1])], BOXED[1], BOXED[0]),
        widget_stream([root(BOXED[1]), root(BOXED[1])], BOXED[1], BOXED[0]),
    ),
    Case(
        "smaller-widget-updates",
        "an append that was lost",
        True,
        create(widget(GROWN, GREW)),
        widget_stream([], GREW, GROWN),
        widget_stream([root(GREW)], GREW, GROWN),
    ),
    Case(
        "smaller-widget-updates",
        "an append that we lose",
        False,
        create(widget(GROWN, GREW)),
        widget_stream([root(GREW)], GREW, GROWN),
        widget_stream([], GREW, GROWN),
    ),
    Case(
        "smaller-widget-updates",
        "a delta in a transition",
        True,
        create(widget(*LIVE)),
        widget_stream([], LIVE[1], LIVE[0]),
        widget_stream([grown("t", "b", False)], LIVE[1], LIVE[0]),
    ),
    Case(
        "smaller-widget-updates",
        "a delta that ends too early",
        False,
        create(widget(*LIVE)),
        widget_stream([], LIVE[1], LIVE[0]),
        widget_stream([grown("t", "b", True)], LIVE[1], LIVE[0]),
    ),
    Case(
        "widgets-are-open-json",
        "fields dropped and filled in",
        True,
        create(widget(WITH_ACTION)),
        sse(item_done({"type": "widget", "id": "w", "widget": FILLED})),
        sse(item_done({"type": "widget", "id": "w", "widget": WITH_ACTION})),
    ),
    Case(
        "widgets-are-open-json",
        "another value than the default",
        False,
        create(widget(WITH_ACTION)),
        sse(item_done({"type": "widget", "id": "w", "widget": OTHER_DEFAULT})),
        sse(item_done({"type": "widget", "id": "w", "widget": WITH_ACTION})),
    ),
    Case(
        "widgets-are-open-json",
        "not what the script says",
        False,
        create(widget(FILLED)),
        sse(item_done({"type": "widget", "id": "w", "widget": FILLED})),
        sse(item_done({"type": "widget", "id": "w", "widget": WITH_ACTION})),
    ),
    Case(
        "fields-may-appear-in-a-widget",
        "a new field",
        True,
        add("t", widget(*BEYOND)),
        sse(*widget_stream([], BEYOND[0], BEYOND[0])["events"][:-1], UNEXPECTED),
        widget_stream([root(BEYOND[1])], BEYOND[1], BEYOND[0]),
        asked=[STORED],
    ),
    Case(
        "fields-may-appear-in-a-widget",
        "no new field",
        False,
        add("t", widget(*BOXED)),
        sse(*widget_stream([], BOXED[0], BOXED[0])["events"][:-1], UNEXPECTED),
        widget_stream([root(BOXED[1])], BOXED[1], BOXED[0]),
        asked=[STORED],
    ),
    Case(
        "hidden-items-never-leave",
        "the answer to a sync action",
        True,
        request("threads.sync_custom_action", thread_id="t", action={"type": "x"}),
        body({"updated_item": SECRET}),
        body({}),
    ),
    Case(
        "json-failures-have-a-status-and-a-message",
        "a message with an id",
        True,
        get("$thread1"),
        CRASH,
        body({"message": "no thread thr_1"}, 404),
    ),
    Case("wrong-senders-are-named", "named", True, ACTION, sse(WRONG_SENDER), sse(REFUSAL)),
    Case("wrong-senders-are-named", "another op", False, add("t"), sse(WRONG_SENDER), sse(REFUSAL)),
    Case("wrong-senders-are-named", "another error", False, ACTION, sse(UNEXPECTED), sse(REFUSAL)),
    Case("wrong-senders-are-named", "answered", False, ACTION, sse(WRONG_SENDER), sse(OPTIONS)),
    Case(
        "hidden-items-do-not-hide-a-tool-call",
        "hidden behind it",
        True,
        tool_output("t", 1),
        sse(broken=True),
        sse(OPTIONS),
        scripts=[done(SECRET)],
        asked=[body(page(CALL)), STORED, sse(OPTIONS)],
    ),
    Case(
        "hidden-items-do-not-hide-a-tool-call",
        "no call",
        False,
        tool_output("t", 1),
        sse(broken=True),
        sse(OPTIONS),
        scripts=[done(SECRET)],
        asked=[body(page(HALF))],
    ),
    Case(
        "script-errors-are-named",
        "where and what",
        True,
        create(),
        sse(item_done(assistant("m", NO_SCRIPT))),
        sse(item_done(assistant("m", NO_SCRIPT + "\n\n`steps`: missing field"))),
    ),
    Case(
        "script-errors-are-named",
        "something else",
        False,
        create(),
        sse(item_done(assistant("m", NO_SCRIPT))),
        sse(item_done(assistant("m", NO_SCRIPT + " Sorry!"))),
    ),
    Case(
        "false-is-not-zero",
        "0 to false",
        True,
        add("t", thread(metadata={"k": 0}), thread(metadata={"k": False})),
        sse(CHANGED, EFFECT),
        sse(CHANGED, EFFECT, CHANGED),
    ),
    Case(
        "false-is-not-zero",
        "0 to 2",
        False,
        add("t", thread(metadata={"k": 0}), thread(metadata={"k": 2})),
        sse(CHANGED, EFFECT),
        sse(CHANGED, EFFECT, CHANGED),
    ),
    Case(
        "false-is-not-zero",
        "two too many",
        False,
        add("t", thread(metadata={"k": 0}), thread(metadata={"k": False})),
        sse(EFFECT),
        sse(CHANGED, EFFECT, CHANGED),
    ),
]
