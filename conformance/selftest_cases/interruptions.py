"""What interrupted responses leave behind."""

from __future__ import annotations

from build import add, assistant, item, tool_output, user, widget_item
from interrupting import NOTE, interrupted, stored
from interruption_differences import CANCELLED, SUPERSEDED, THEIR_NOTE
from selftest_cases.answers import (
    CALL,
    EFFECT,
    GROWN,
    HALF,
    OPTIONS,
    REFUSAL,
    Case,
    body,
    item_added,
    item_done,
    page,
    sse,
)

WORDS = "notes-name-the-reason"
SHOWN = "what-was-shown-outlives-an-interruption"
HIDES = "notes-do-not-hide-a-tool-call"

LEAVES = interrupted(add("t"), EFFECT)
ASKED = user("u", "x")
WIDGET = widget_item("w", GROWN)


def note(text: str = THEIR_NOTE) -> dict[str, str]:
    return item(NOTE, "n", content=text)


def words(name: str, explained: bool, theirs: str, ours: str, in_haste: bool = False) -> Case:
    request = stored("t", in_haste)["request"]
    return Case(
        WORDS, name, explained, request, body(page(ASKED, note(theirs))), body(page(ASKED, note(ours)))
    )


REPLY = item_done(assistant("r", "thanks"))

CASES = [
    words("a lost connection", True, THEIR_NOTE, CANCELLED),
    words("a newer message", True, THEIR_NOTE, SUPERSEDED, in_haste=True),
    words("a newer message, which there was not", False, THEIR_NOTE, SUPERSEDED),
    words("something else", False, THEIR_NOTE, "Go on."),
    words("their note is new", False, "Something new.", CANCELLED),
    Case(WORDS, "no note", False, stored("t")["request"], body(page(ASKED, note())), body(page(ASKED))),
    Case(
        WORDS,
        "a note too many",
        False,
        stored("t")["request"],
        body(page(ASKED, note())),
        body(page(ASKED, note(CANCELLED), {**note(CANCELLED), "id": "m"})),
    ),
    Case(
        SHOWN,
        "a widget",
        True,
        LEAVES,
        sse(OPTIONS, item_added(WIDGET), EFFECT),
        sse(OPTIONS, item_added(WIDGET), EFFECT),
        # The note is taken away, the widget stored, and the note put back, of which nothing is told.
        asked=[body(page(ASKED, note())), sse(OPTIONS, EFFECT, EFFECT, EFFECT)],
    ),
    Case(
        SHOWN,
        "a message, which is kept there too",
        False,
        LEAVES,
        sse(OPTIONS, item_added(HALF), EFFECT),
        sse(OPTIONS, item_added(HALF), EFFECT),
    ),
    Case(
        SHOWN,
        "a widget that was done",
        False,
        LEAVES,
        sse(OPTIONS, item_added(WIDGET), item_done(WIDGET)),
        sse(OPTIONS, item_added(WIDGET), item_done(WIDGET)),
    ),
    Case(
        SHOWN,
        "a stream that came to its end",
        False,
        add("t"),
        sse(OPTIONS, item_added(WIDGET)),
        sse(OPTIONS, item_added(WIDGET)),
    ),
    Case(
        HIDES,
        "a note behind it",
        True,
        tool_output("t", 1),
        sse(broken=True),
        sse(OPTIONS, REPLY),
        asked=[
            body(page(ASKED, CALL, note())),
            sse(OPTIONS, EFFECT),
            sse(OPTIONS, REPLY),
            body(page(ASKED, CALL, assistant("r", "thanks"))),
            sse(OPTIONS, EFFECT, EFFECT),
        ],
    ),
    Case(
        HIDES,
        "a message behind it",
        False,
        tool_output("t", 1),
        sse(broken=True),
        sse(OPTIONS, REPLY),
        asked=[body(page(ASKED, CALL, HALF))],
    ),
    Case(
        HIDES,
        "we refuse it too",
        False,
        tool_output("t", 1),
        sse(broken=True),
        sse(REFUSAL),
    ),
]
