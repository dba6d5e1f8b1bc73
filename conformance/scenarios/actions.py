"""Actions of widgets and pages, streamed and not."""

from build import (
    act,
    assistant,
    card,
    create,
    done,
    fail,
    get,
    hidden,
    refused,
    replaced,
    request,
    scenario,
    stream,
    sync_act,
    text,
    thread,
    widget,
    widget_item,
)

BUTTONS = widget_item("w", card(text("press")))
WITH_WIDGET = create(done(BUTTONS), done(assistant("a", "x")))

SCENARIOS = [
    scenario(
        "actions: from a widget, answered by replacing it",
        WITH_WIDGET,
        act("$thread1", replaced(widget_item("w", card(text("pressed")))), sender="w"),
        get("$thread1"),
    ),
    scenario(
        "actions: from a streamed widget with a minted id",
        create(widget(card(text("a")))),
        act("$thread1", stream("ok"), sender="$widget1"),
        get("$thread1"),
    ),
    scenario(
        "actions: from the page, without a sender", create(), act("$thread1", stream("ok")), get("$thread1")
    ),
    scenario("actions: with an empty sender", create(), act("$thread1", stream("ok"), sender="")),
    scenario(
        "actions: change the thread",
        create(),
        act("$thread1", thread(title="T"), stream("ok")),
        get("$thread1"),
    ),
    scenario("actions: fail", create(), act("$thread1", stream("ok"), fail(message="boom")), get("$thread1")),
    scenario(
        "actions: from a sender that is no widget",
        WITH_WIDGET,
        act("$thread1", stream("no"), sender="a"),
        get("$thread1"),
    ),
    scenario(
        "actions: from an unknown sender",
        WITH_WIDGET,
        act("$thread1", stream("no"), sender="nobody"),
        get("$thread1"),
    ),
    scenario("actions: in an unknown thread", act("nowhere", stream("no"))),
    scenario(
        "sync actions: answer with an updated item",
        WITH_WIDGET,
        sync_act(
            "$thread1", {"updated_item": widget_item("w", card(text("pressed")), copy_text="c")}, sender="w"
        ),
        get("$thread1"),
    ),
    scenario(
        "sync actions: answer with a hidden item",
        create(),
        sync_act("$thread1", {"updated_item": hidden("h")}),
    ),
    scenario(
        "sync actions: answer with nothing",
        WITH_WIDGET,
        sync_act("$thread1", {}, sender="w"),
        sync_act("$thread1", {"updated_item": None}, sender="w"),
    ),
    scenario(
        "sync actions: without a payload",
        create(),
        request("threads.sync_custom_action", thread_id="$thread1", action={"type": "play"}),
    ),
    scenario(
        "sync actions: from the page, without a sender",
        create(),
        sync_act("$thread1", {"updated_item": assistant("n", "new")}),
        get("$thread1"),
    ),
    scenario(
        "sync actions: from a sender that is no widget",
        WITH_WIDGET,
        refused(422, sync_act("$thread1", {}, sender="a")),
    ),
    scenario(
        "sync actions: from an unknown sender",
        WITH_WIDGET,
        refused(404, sync_act("$thread1", {}, sender="nobody")),
    ),
    scenario("sync actions: in an unknown thread", refused(404, sync_act("nowhere", {}))),
]
