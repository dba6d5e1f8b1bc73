"""Updates of items in the making, in good order and in bad."""

from build import (
    added,
    annotated,
    annotation,
    assistant,
    card,
    create,
    delta,
    done,
    fail,
    get,
    item,
    part,
    part_added,
    part_done,
    scenario,
    stream,
    task,
    text,
    updated,
    url_source,
    widget_item,
    workflow,
)

CITE = annotation(url_source("Page"), index=1)


def shown(name, *steps):
    return scenario(f"updates: {name}", create(*steps), get("$thread1"))


def task_added(index, title):
    return updated("w", "workflow.task.added", task_index=index, task=task(title))


def task_updated(index, title):
    return updated(
        "w", "workflow.task.updated", task_index=index, task=task(title, status_indicator="complete")
    )


SCENARIOS = [
    shown("a streamed text", stream("token ", deltas=5)),
    shown(
        "a streamed text with a citation",
        added(assistant("a")),
        part_added("a"),
        delta("a", "Oslo"),
        annotated("a", CITE),
        part_done("a", "Oslo", [CITE]),
        done(item("assistant_message", "a", content=[part("Oslo", [CITE])])),
    ),
    shown(
        "two parts in turn",
        added(assistant("a")),
        part_added("a"),
        delta("a", "x"),
        part_added("a", index=1),
        delta("a", "y", 1),
        done(assistant("a", "x", "y")),
    ),
    shown(
        "two messages at once",
        added(assistant("a")),
        added(assistant("b")),
        delta("b", "2"),
        delta("a", "1"),
        done(assistant("b", "2")),
        done(assistant("a", "1")),
    ),
    shown("before the item was added", delta("a", "x"), added(assistant("a")), done(assistant("a", "y"))),
    shown("of an unknown item", delta("nobody", "x"), stream("goes on")),
    shown(
        "of a part that was never added",
        added(assistant("a")),
        delta("a", "x", 3),
        part_done("a", "x", index=3),
        done(assistant("a", "x")),
    ),
    shown(
        "an annotation far behind the end",
        added(assistant("a")),
        part_added("a"),
        annotated("a", CITE, at=9),
        done(assistant("a", "x")),
    ),
    shown(
        "text for a workflow, a task for a text",
        added(workflow("w")),
        delta("w", "x"),
        added(assistant("a")),
        updated("a", "workflow.task.added", task_index=0, task=task("t")),
    ),
    shown(
        "a workflow's tasks, once each",
        added(workflow("w")),
        task_added(0, "one"),
        task_added(1, "two"),
        task_updated(0, "one!"),
        done(workflow("w", task("one!"), task("two"), summary={"duration": 3})),
    ),
    shown(
        "a workflow's task at another place than the end",
        added(workflow("w")),
        task_added(5, "one"),
        task_updated(0, "one!"),
        done(workflow("w", task("one!"))),
    ),
    shown(
        "a task that the workflow does not have",
        added(workflow("w", task("one"))),
        task_updated(2, "x"),
    ),
    shown(
        "a task that the workflow does not have, which has none",
        added(workflow("w")),
        task_updated(0, "x"),
    ),
    shown("a workflow that fails half way", added(workflow("w")), task_added(0, "one"), fail(message="boom")),
    shown(
        "a generated image getting better",
        added(item("generated_image", "g")),
        updated(
            "g",
            "generated_image.updated",
            image={"id": "i", "url": "https://example.com/1.png"},
            progress=0.5,
        ),
        updated("g", "generated_image.updated", image={"id": "i", "url": "https://example.com/2.png"}),
        updated(
            "g", "generated_image.updated", image={"id": "i", "url": "https://example.com/3.png"}, progress=1
        ),
        done(item("generated_image", "g", image={"id": "i", "url": "https://example.com/3.png"})),
    ),
    shown(
        "a widget, by hand",
        added(widget_item("w", card(text("a", id="t")))),
        updated("w", "widget.streaming_text.value_delta", component_id="t", delta="b", done=False),
        updated("w", "widget.component.updated", component_id="t", component=text("abc", id="t")),
        updated("w", "widget.root.updated", widget=card(text("abcd", id="t"))),
        done(widget_item("w", card(text("abcd", id="t")))),
    ),
]
