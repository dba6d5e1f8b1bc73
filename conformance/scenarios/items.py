"""Each kind of item, and what added, done, replaced and removed do to the stored thread."""

from build import (
    AT,
    add,
    added,
    annotation,
    assistant,
    card,
    choice,
    create,
    done,
    entity_source,
    file_source,
    freeform,
    get,
    item,
    part,
    questions,
    removed,
    replaced,
    scenario,
    stream,
    task,
    text,
    tool_call,
    updated,
    url_source,
    user,
    widget_item,
    workflow,
)

SOURCES = [
    annotation(
        url_source("Page", attribution="Example", description="d", timestamp="2025", group="g"), index=3
    ),
    annotation(file_source("File", description="d"), index=5),
    annotation(
        entity_source("Thing", icon="cube", label="l", inline_label="i", interactive=True, data={"k": None})
    ),
    annotation(entity_source("Bare")),
]
TASKS = [
    task("Think", icon="lightbulb", content="hm", status_indicator="loading"),
    {"type": "custom"},
    {
        "type": "web_search",
        "title": "t",
        "title_query": "q",
        "queries": ["a", "b"],
        "sources": [url_source("s")],
    },
    {"type": "web_search"},
    {"type": "thought", "title": "t", "content": "c", "status_indicator": "complete"},
    {"type": "file", "title": "t", "sources": [file_source("f")]},
    {"type": "file"},
    {"type": "image", "title": "t"},
    {"type": "image"},
]


def kept(name, *steps):
    return scenario(f"items: {name}", create(*steps), get("$thread1"))


SCENARIOS = [
    kept("an assistant message with several parts", done(assistant("a", "one", "two"))),
    kept("an assistant message without parts", done(assistant("a"))),
    kept(
        "annotations with each kind of source",
        done(item("assistant_message", "a", content=[part("cited", SOURCES)])),
    ),
    kept(
        "an assistant message with the least fields",
        done(item("assistant_message", "a", content=[{"text": "x"}])),
    ),
    kept("a user message from the responder", done(user("u", "added for you", quoted_text="q"))),
    kept(
        "an attachment's integration metadata is not sent",
        done(
            user(
                "u",
                "look",
                attachments=[
                    {
                        "type": "file",
                        "id": "f1",
                        "name": "a.txt",
                        "mime_type": "text/plain",
                        "metadata": {"secret": 1},
                    },
                    {
                        "type": "image",
                        "id": "f2",
                        "name": "a.png",
                        "mime_type": "image/png",
                        "preview_url": "https://example.com/a.png",
                        "thread_id": "$THREAD",
                        "upload_descriptor": {"url": "https://example.com/up", "method": "POST"},
                    },
                ],
            )
        ),
    ),
    kept("a client tool call", done(tool_call("t", arguments={"a": [1, 2.5, None, True]}))),
    kept("a completed client tool call", done(tool_call("t", status="completed", output={"ok": None}))),
    kept("a widget", done(widget_item("w", card(text("x")), copy_text="x"))),
    kept(
        "a generated image",
        done(item("generated_image", "g", image={"id": "img", "url": "https://example.com/i.png"})),
    ),
    kept("a generated image without its image", done(item("generated_image", "g"))),
    kept("a structured input", done(questions("q", choice("c", "a", "b"), freeform("f", description="d")))),
    kept(
        "a structured input with answers",
        done(
            questions(
                "q",
                {**choice("c", "a"), "answer": {"values": ["a"]}},
                {**freeform("f"), "answer": {"skipped": True}},
                status="answered",
            )
        ),
    ),
    kept("a workflow with each kind of task", done(workflow("w", *TASKS, expanded=True))),
    kept(
        "a workflow with a custom summary",
        done(workflow("w", kind="reasoning", summary={"title": "Thought", "icon": "sparkle"})),
    ),
    kept("a workflow with a duration", done(workflow("w", kind="reasoning", summary={"duration": 12}))),
    kept("a task", *[done(item("task", f"t{number}", task=kind)) for number, kind in enumerate(TASKS)]),
    kept("an end of turn", stream("x"), done(item("end_of_turn", "e"))),
    kept("unknown fields of an item are dropped", done({**assistant("a", "x"), "extra": {"k": 1}})),
    kept("a time without an offset", done({**assistant("a", "x"), "created_at": "2026-01-02T03:04:05"})),
    kept(
        "a time with an offset", done({**assistant("a", "x"), "created_at": "2026-01-02T03:04:05.25+02:00"})
    ),
    kept(
        "times do not decide the order",
        done({**assistant("late", "x"), "created_at": "2027-01-01T00:00:00Z"}),
        done({**assistant("early", "y"), "created_at": AT}),
    ),
    kept("added, then done", added(assistant("a")), done(assistant("a", "x"))),
    kept(
        "done twice keeps the place and the last content",
        done(assistant("a", "1")),
        done(assistant("b", "2")),
        done(assistant("a", "3")),
    ),
    kept(
        "done again as another kind",
        done(assistant("a", "1")),
        done(assistant("b", "2")),
        done(workflow("a", task("t"))),
    ),
    kept("removed after done", done(assistant("a", "1")), done(assistant("b", "2")), removed("a")),
    kept("removed while pending", added(assistant("a")), removed("a")),
    kept("removed though unknown", removed("nobody"), stream("goes on")),
    kept(
        "done again after removed goes to the end",
        done(assistant("a", "1")),
        done(assistant("b", "2")),
        removed("a"),
        done(assistant("a", "3")),
    ),
    kept(
        "replaced in place",
        done(assistant("a", "1")),
        done(assistant("b", "2")),
        replaced(assistant("a", "3")),
    ),
    kept(
        "replaced by a widget",
        done(assistant("a", "1")),
        done(assistant("b", "2")),
        replaced(widget_item("a", card(text("x")))),
    ),
    kept("replaced though unknown is stored", replaced(assistant("a", "1"))),
    kept("replaced while pending is stored", added(assistant("a")), replaced(assistant("a", "1"))),
    kept(
        "updated after done changes nothing stored",
        done(assistant("a", "1")),
        updated("a", "assistant_message.content_part.text_delta", content_index=0, delta="2"),
    ),
    scenario(
        "items: an item of an earlier turn is replaced and another removed",
        create(done(assistant("a", "1")), done(assistant("b", "2"))),
        add("$thread1", replaced(assistant("a", "3")), removed("b")),
        get("$thread1"),
    ),
    scenario(
        "items: the user's own message is removed",
        create(stream("x")),
        add("$thread1", removed("$user_message1")),
        get("$thread1"),
    ),
    scenario(
        "items: an item that names another thread is stored in the turn's thread",
        create(),
        create(done({**assistant("a", "x"), "thread_id": "$thread1"})),
        get("$thread1"),
        get("$thread2"),
    ),
]
