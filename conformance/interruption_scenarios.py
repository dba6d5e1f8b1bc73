"""What is left when a client goes away in the middle of a stream, and how the thread goes on."""

from __future__ import annotations

from build import (
    Json,
    act,
    add,
    added,
    annotated,
    annotation,
    assistant,
    card,
    create,
    delta,
    done,
    freeform,
    get,
    hidden,
    item,
    part_added,
    progress,
    questions,
    removed,
    replaced,
    request,
    resume_with,
    retry,
    scenario,
    stream,
    submit,
    task,
    text,
    thread,
    tool_call,
    tool_output,
    updated,
    url_source,
    widget_item,
    workflow,
)
from interrupting import interrupted, stored

# Longer than any test waits: the responder is interrupted in it.
FOREVER = {"sleep_ms": 3_600_000}
REACHED = {"type": "progress_update", "text": "here"}
CALLED = {"type": "thread.item.done", "item": {"type": "client_tool_call"}}
IMAGE = {"id": "i", "url": "https://example.com/i.png"}
HALF = [added(assistant("a")), part_added("a"), delta("a", "half a "), delta("a", "thought")]
NEVER = done(assistant("never", "too late"))


def stays(*steps: Json) -> list[Json]:
    """A script that says where the client shall leave, and would go on after that."""
    return [*steps, progress("here"), FOREVER, NEVER]


def left(name: str, *steps: Json) -> Json:
    return scenario(
        f"interrupted: {name}",
        interrupted(create(*stays(*steps)), REACHED),
        get("$thread1"),
        stored("$thread1"),
        add("$thread1", stream("next turn")),
        get("$thread1"),
    )


POINTS = [
    scenario(
        "interrupted: before the first event of the responder",
        interrupted(create(FOREVER, NEVER), {"type": "stream_options"}),
        get("$thread1"),
        stored("$thread1"),
    ),
    left("a message without parts", added(assistant("a"))),
    left("a message of spaces", added(assistant("a")), part_added("a"), delta("a", " \n")),
    left("in the middle of a message", *HALF),
    left(
        "in the second part of a message, with a citation",
        added(assistant("a", "one")),
        annotated("a", annotation(url_source("p"))),
        part_added("a", index=1),
        delta("a", "two", 1),
    ),
    left(
        "in two messages", added(assistant("a", "1")), added(assistant("b")), delta("b", "2"), delta("a", "!")
    ),
    left("in a widget", added(widget_item("w", card(text("a", id="t"))))),
    left(
        "in a widget that was updated",
        added(widget_item("w", card(text("a", id="t")))),
        updated("w", "widget.streaming_text.value_delta", component_id="t", delta="b", done=False),
        updated("w", "widget.root.updated", widget=card(text("abc", id="t"))),
    ),
    left("in a workflow without tasks", added(workflow("w"))),
    left(
        "in a workflow with tasks",
        added(workflow("w", task("one"))),
        updated("w", "workflow.task.added", task_index=1, task=task("two")),
        updated("w", "workflow.task.updated", task_index=0, task=task("ONE")),
    ),
    left("in a task", added(item("task", "k", task=task("t")))),
    left("in an image that never came", added(item("generated_image", "g"))),
    left(
        "in an image that got better",
        added(item("generated_image", "g")),
        updated("g", "generated_image.updated", image=IMAGE, progress=0.5),
    ),
    left("in a tool call that was not done", added(tool_call("t"))),
    left(
        "in a message between a widget and a workflow",
        added(widget_item("w", card())),
        *HALF,
        added(workflow("f", task("t"))),
    ),
    left("after done", *HALF, done(assistant("a", "a whole thought"))),
    left("after one is done, in the next", done(assistant("a", "whole")), added(assistant("b", "half"))),
    left("in one that was done before", done(assistant("a", "old")), added(assistant("a", "new"))),
    left("in a blank one that was done before", done(assistant("a", "old")), added(assistant("a"))),
    left("after replaced", *HALF, replaced(assistant("a", "another thought"))),
    left("after removed", done(assistant("b", "b")), *HALF, removed("a")),
    left("after a hidden item", done(hidden("h")), *HALF),
    left("after a change of the thread", thread(title="T", metadata={"k": 1}), *HALF),
]

FIRST = create(stream("first"))
"""A thread to interrupt something in."""
RESUMES = create(resume_with(*stays(*HALF)), done(tool_call("t")))
ASKS = create(resume_with(*stays(*HALF)), done(questions("q", freeform("f"))))
INTERRUPTED = interrupted(add("$thread1", *stays(*HALF)), REACHED)


def in_op(name: str, before: Json, asked: Json) -> Json:
    return scenario(
        f"interrupted: {name}",
        before,
        interrupted(asked, REACHED),
        get("$thread1"),
        stored("$thread1"),
        add("$thread1", stream("next turn")),
        get("$thread1"),
    )


OPS = [
    in_op("a further message", FIRST, add("$thread1", *stays(*HALF))),
    in_op("an action", FIRST, act("$thread1", *stays(*HALF))),
    in_op("a retry", interrupted(create(*stays(*HALF)), REACHED), retry("$thread1", "$user_message1")),
    in_op("the answer to the output of a tool", RESUMES, tool_output("$thread1", 1)),
    in_op("the answer to a structured input", ASKS, submit("$thread1", "q", {"f": {"values": ["x"]}})),
]


# The change of the thread is told behind the progress: nothing comes behind the call.
CALLS = create(resume_with(stream("thanks")), progress("calling"), done(tool_call("t")), FOREVER, NEVER)


def at_once(asked: Json, until: Json = REACHED) -> Json:
    return interrupted(asked, until, at_once=True)


GOES_ON = [
    scenario(
        "interrupted: a new message at once",
        at_once(create(*stays(*HALF))),
        add("$thread1", stream("instead")),
        get("$thread1"),
        stored("$thread1", in_haste=True),
    ),
    scenario(
        "interrupted: a new message at once, again and again",
        FIRST,
        *[at_once(add("$thread1", *stays(added(assistant(f"a{number}", "half"))))) for number in range(5)],
        add("$thread1", stream("at last")),
        get("$thread1"),
        stored("$thread1", in_haste=True),
    ),
    scenario(
        "interrupted: a new message at once, after a widget was seen",
        at_once(create(*stays(added(widget_item("w", card()))))),
        add("$thread1", stream("instead")),
        get("$thread1"),
        stored("$thread1", in_haste=True),
    ),
    scenario(
        "interrupted: an action at once",
        at_once(create(*stays(*HALF))),
        act("$thread1", replaced(assistant("a", "replaced"))),
        get("$thread1"),
        stored("$thread1", in_haste=True),
    ),
    scenario(
        "interrupted: a retry of an earlier message",
        FIRST,
        INTERRUPTED,
        retry("$thread1", "$user_message1"),
        get("$thread1"),
        stored("$thread1"),
    ),
    scenario(
        "interrupted: a retry at once",
        FIRST,
        at_once(add("$thread1", *stays(*HALF))),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
        stored("$thread1", in_haste=True),
    ),
    scenario(
        "interrupted: a tool call that was just seen, then its output",
        interrupted(CALLS, CALLED),
        get("$thread1"),
        tool_output("$thread1", {"ok": True}),
        get("$thread1"),
        stored("$thread1"),
    ),
    scenario(
        "interrupted: a tool call that was just seen, then its output at once",
        at_once(CALLS, CALLED),
        tool_output("$thread1", {"ok": True}),
        get("$thread1"),
        stored("$thread1", in_haste=True),
    ),
    scenario(
        "interrupted: a tool call that was just seen, then another message",
        interrupted(CALLS, CALLED),
        add("$thread1", stream("never mind")),
        tool_output("$thread1", {"ok": True}),
        get("$thread1"),
        stored("$thread1"),
    ),
    scenario(
        "interrupted: the thread is deleted at once",
        at_once(create(*stays(*HALF))),
        request("threads.delete", thread_id="$thread1"),
        create(stream("another thread")),
    ),
]

SCENARIOS = [*POINTS, *OPS, *GOES_ON]
