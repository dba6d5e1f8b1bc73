"""Items that were added and never done."""

from __future__ import annotations

from build import add, assistant, item, tool_call, widget_item
from selftest_cases.answers import (
    CHANGED,
    EFFECT,
    GROWN,
    HALF,
    OPTIONS,
    SECRET,
    STORED,
    UNEXPECTED,
    Case,
    body,
    item_added,
    item_done,
    page,
    sse,
)

BLANK = assistant("b")
CALL = tool_call("c")
IMAGE = item("generated_image", "g")
OLD = assistant("b", "old")
WIDGET = widget_item("w", GROWN)
NOTHING = body(page())
STORED_TWICE = sse(OPTIONS, EFFECT, EFFECT)


def removed(id: str) -> dict[str, str]:
    return {"type": "thread.item.removed", "item_id": id}


LEFT_OPEN = "items-left-open-are-completed"

CASES = [
    Case(
        LEFT_OPEN,
        "half a message",
        True,
        add("t"),
        sse(OPTIONS, item_added(HALF)),
        sse(OPTIONS, item_added(HALF), item_done(HALF)),
        asked=[STORED],
    ),
    Case(
        LEFT_OPEN,
        "half a message that we remove",
        False,
        add("t"),
        sse(OPTIONS, item_added(HALF)),
        sse(OPTIONS, item_added(HALF), removed("m")),
    ),
    Case(
        LEFT_OPEN,
        "half a message of which we say nothing",
        False,
        add("t"),
        sse(OPTIONS, item_added(HALF), EFFECT),
        sse(OPTIONS, item_added(HALF)),
    ),
    Case(
        LEFT_OPEN,
        "another text than was shown",
        False,
        add("t"),
        sse(OPTIONS, item_added(HALF)),
        sse(OPTIONS, item_added(HALF), item_done(assistant("m", "whole"))),
        asked=[STORED],
    ),
    Case(
        LEFT_OPEN,
        "a blank message",
        True,
        add("t"),
        sse(OPTIONS, item_added(BLANK)),
        sse(OPTIONS, item_added(BLANK), removed("b")),
        asked=[NOTHING],
    ),
    Case(
        LEFT_OPEN,
        "a blank message that we complete",
        False,
        add("t"),
        sse(OPTIONS, item_added(BLANK)),
        sse(OPTIONS, item_added(BLANK), item_done(BLANK)),
        asked=[NOTHING],
    ),
    Case(
        LEFT_OPEN,
        "a tool call that we complete",
        False,
        add("t"),
        sse(OPTIONS, item_added(CALL)),
        sse(OPTIONS, item_added(CALL), item_done(CALL)),
        asked=[NOTHING],
    ),
    Case(
        LEFT_OPEN,
        "another one is removed",
        False,
        add("t"),
        sse(OPTIONS, item_added(BLANK)),
        sse(OPTIONS, item_added(BLANK), removed("x")),
        asked=[NOTHING],
    ),
    Case(
        LEFT_OPEN,
        "a blank one over a stored one",
        True,
        add("t"),
        sse(OPTIONS, item_added(BLANK)),
        sse(OPTIONS, item_added(BLANK), item_done(OLD)),
        asked=[body(page(HALF, OLD))],
    ),
    Case(
        LEFT_OPEN,
        "a stored one that we remove",
        False,
        add("t"),
        sse(OPTIONS, item_added(BLANK)),
        sse(OPTIONS, item_added(BLANK), removed("b")),
        asked=[body(page(HALF, OLD))],
    ),
    Case(
        LEFT_OPEN,
        "in the order they were added",
        True,
        add("t"),
        sse(OPTIONS, item_added(WIDGET), item_added(CALL), item_added(HALF)),
        sse(
            OPTIONS,
            item_added(WIDGET),
            item_added(CALL),
            item_added(HALF),
            item_done(WIDGET),
            removed("c"),
            item_done(HALF),
        ),
        asked=[NOTHING, STORED_TWICE],
    ),
    Case(
        LEFT_OPEN,
        "in another order",
        False,
        add("t"),
        sse(OPTIONS, item_added(WIDGET), item_added(HALF)),
        sse(OPTIONS, item_added(WIDGET), item_added(HALF), item_done(HALF), item_done(WIDGET)),
        asked=[STORED_TWICE],
    ),
    Case(
        LEFT_OPEN,
        "one of two is forgotten",
        False,
        add("t"),
        sse(OPTIONS, item_added(WIDGET), item_added(HALF)),
        sse(OPTIONS, item_added(WIDGET), item_added(HALF), item_done(WIDGET)),
    ),
    Case(
        LEFT_OPEN,
        "told before the end",
        False,
        add("t"),
        sse(OPTIONS, item_added(HALF), EFFECT),
        sse(OPTIONS, item_added(HALF), item_done(HALF), EFFECT),
    ),
    Case(
        LEFT_OPEN,
        "a change of the thread behind the first that is kept",
        True,
        add("t"),
        sse(OPTIONS, item_added(WIDGET), item_added(HALF), CHANGED),
        sse(OPTIONS, item_added(WIDGET), item_added(HALF), item_done(WIDGET), CHANGED, item_done(HALF)),
        asked=[STORED_TWICE],
    ),
    Case(
        LEFT_OPEN,
        "a change of the thread behind one that is removed",
        True,
        add("t"),
        sse(OPTIONS, item_added(CALL), CHANGED),
        sse(OPTIONS, item_added(CALL), removed("c"), CHANGED),
        asked=[NOTHING],
    ),
    Case(
        LEFT_OPEN,
        "a change of the thread that is lost",
        False,
        add("t"),
        sse(OPTIONS, item_added(HALF), CHANGED),
        sse(OPTIONS, item_added(HALF), item_done(HALF)),
    ),
    Case(
        LEFT_OPEN,
        "one that is done",
        False,
        add("t"),
        sse(OPTIONS, item_added(HALF), item_done(HALF)),
        sse(OPTIONS, item_added(HALF), item_done(HALF), item_done(HALF)),
    ),
    Case(
        LEFT_OPEN,
        "a failure",
        False,
        add("t"),
        sse(OPTIONS, item_added(IMAGE), UNEXPECTED),
        sse(OPTIONS, item_added(IMAGE), UNEXPECTED, removed("g")),
    ),
    Case(
        LEFT_OPEN,
        "a hidden one",
        False,
        add("t"),
        sse(OPTIONS, item_added(SECRET)),
        sse(OPTIONS, item_added(SECRET), removed("h")),
    ),
]
