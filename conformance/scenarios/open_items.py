"""Items that are added and not done when the response ends well."""

from build import (
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
    resume_with,
    retry,
    scenario,
    sdk_hidden,
    stream,
    task,
    text,
    thread,
    tool_call,
    tool_output,
    updated,
    url_source,
    user,
    widget_item,
    workflow,
)

IMAGE = {"id": "i", "url": "https://example.com/i.png"}


def left(name, *steps):
    return scenario(
        f"open items: {name}",
        create(*steps),
        get("$thread1"),
        add("$thread1", stream("next turn")),
        get("$thread1"),
    )


SCENARIOS = [
    left("a message that came with its text", added(assistant("a", "half"))),
    left(
        "a streamed message",
        added(assistant("a")),
        part_added("a"),
        delta("a", "half a "),
        annotated("a", annotation(url_source("p"))),
        delta("a", "thought"),
    ),
    left("a message without parts", added(assistant("a"))),
    left("a message of spaces", added(assistant("a")), part_added("a"), delta("a", " \n")),
    left("a widget", added(widget_item("w", card(), copy_text="c"))),
    left(
        "a widget that was updated",
        added(widget_item("w", card(text("a", id="t")))),
        updated("w", "widget.streaming_text.value_delta", component_id="t", delta="b", done=False),
    ),
    left("a workflow without tasks", added(workflow("w"))),
    left(
        "a workflow with a task",
        added(workflow("w")),
        updated("w", "workflow.task.added", task_index=0, task=task("t")),
    ),
    left("a task", added(item("task", "k", task=task("t")))),
    left("an image that never came", added(item("generated_image", "g"))),
    left(
        "an image",
        added(item("generated_image", "g")),
        updated("g", "generated_image.updated", image=IMAGE, progress=0.5),
    ),
    left("a structured input", added(questions("q", freeform("f")))),
    left("a user message", added(user("u", "x"))),
    left("an end of turn", added(item("end_of_turn", "e"))),
    left("hidden items", added(hidden("h")), added(sdk_hidden("s"))),
    left(
        "some kept and some not, in the order they were added",
        added(assistant("a")),
        added(workflow("w")),
        added(widget_item("v", card())),
        added(hidden("h")),
        added(assistant("b")),
        delta("b", "2"),
        delta("a", "1"),
    ),
    left(
        "behind an item that is done",
        added(assistant("a", "1")),
        done(assistant("b", "2")),
        progress("more"),
    ),
    left("one that was removed", added(assistant("a", "1")), removed("a")),
    left("added again, over what was done", done(assistant("a", "old")), added(assistant("a", "new"))),
    left(
        "a blank one over what was done",
        done(assistant("a", "old")),
        added(assistant("a")),
    ),
    left(
        "another kind over what was done, with nothing to show",
        done(assistant("a", "old")),
        done(assistant("b", "b")),
        added(workflow("a")),
    ),
    left("a change of the thread behind one that is kept", added(assistant("a", "1")), thread(title="T")),
    left(
        "a change of the thread behind one that is kept and one that is not",
        added(tool_call("t")),
        added(assistant("a", "1")),
        added(assistant("b", "2")),
        thread(title="T"),
    ),
    left("a change of the thread behind one that is not kept", added(tool_call("t")), thread(title="T")),
    left(
        "a change of the thread before", thread(title="T"), added(assistant("a", "1")), added(assistant("b"))
    ),
    scenario(
        "open items: a tool call that was not done waits for nothing",
        create(added(tool_call("t"))),
        tool_output("$thread1", 1),
        get("$thread1"),
    ),
    scenario(
        "open items: in an answer to the output of a tool",
        create(resume_with(added(assistant("a", "x"))), done(tool_call("t"))),
        tool_output("$thread1", 1),
        get("$thread1"),
    ),
    scenario(
        "open items: in an action",
        create(),
        act("$thread1", added(assistant("a", "x")), added(workflow("w"))),
        get("$thread1"),
    ),
    scenario(
        "open items: in a retry",
        create(added(assistant("a", "x"))),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
]
