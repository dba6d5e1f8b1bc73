"""The deliberate differences in what an interrupted response leaves behind, in the style of `differences.py`."""

from __future__ import annotations

from typing import Any

from answers import started
from differences import DIFFERENCES as GENERAL
from differences import is_pending_call
from interrupting import NOTE, stored
from pending import Pending
from play import Difference, Exchange, Pair

THEIR_NOTE = "The user cancelled the stream. Stop responding to the prior request."
CANCELLED = (
    "The stream was cancelled: the user stopped it or the connection was lost. "
    "Stop responding to the prior request."
)
SUPERSEDED = (
    "The user sent something new before the response was complete. Stop responding to the prior request."
)


def other_words(exchange: Exchange) -> Pair | None:
    """Puts the reference's note for each of ours that names a reason which fits."""
    if exchange.op != "stored":
        return None
    fitting = (CANCELLED, SUPERSEDED) if exchange.params["in_haste"] else (CANCELLED,)
    said = [
        {**item, "content": THEIR_NOTE} if item["type"] == NOTE and item["content"] in fitting else item
        for item in exchange.ours["body"]["data"]
    ]
    if said == exchange.ours["body"]["data"]:
        return None
    return exchange.reference, {**exchange.ours, "body": {**exchange.ours["body"], "data": said}}


def what_was_shown(exchange: Exchange) -> bool:
    """Stores in the reference what it lost, before its note, in the order it was added."""
    if "until" not in exchange.request:
        return False
    events = exchange.reference["events"]
    kept = Pending.after(events).worth_keeping()
    if all(item["type"] == "assistant_message" for item in kept):
        return False
    *_, note = everything(exchange)
    # What was stored before has its place; the rest of the messages comes between what was lost.
    placed = {event["item"]["id"] for event in events if event["type"] == "thread.item.done"}
    moved = [item["id"] for item in kept if item["id"] not in placed]
    exchange.store_in_reference(*map(removed, [note["id"], *moved]), *map(done, [*kept, note]))
    return True


def call_before_a_note(exchange: Exchange) -> Pair | None:
    """Asks the reference again without the notes behind the call, and puts them back after that."""
    refused = exchange.reference.get("broken") and not exchange.reference["events"]
    if exchange.op != "threads.add_client_tool_output" or not refused or not started(exchange.ours):
        return None
    before = everything(exchange)
    notes: list[dict[str, Any]] = []
    while before and before[-1]["type"] == NOTE:
        notes.insert(0, before.pop())
    if not notes or not before or not is_pending_call(before[-1]):
        return None
    exchange.store_in_reference(*[removed(note["id"]) for note in notes])
    answer = exchange.ask_reference(exchange.request)
    replies = everything(exchange)[len(before) :]
    exchange.store_in_reference(*[removed(item["id"]) for item in replies], *map(done, [*notes, *replies]))
    return answer, exchange.ours


def everything(exchange: Exchange) -> list[dict[str, Any]]:
    """All that the reference has in the exchange's thread."""
    return exchange.ask_reference(stored(exchange.thread_id)["request"])["body"]["data"]


def done(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "thread.item.done", "item": item}


def removed(id: str) -> dict[str, Any]:
    return {"type": "thread.item.removed", "item_id": id}


DIFFERENCES = [
    Difference(
        "notes-name-the-reason",
        "The note for the model says of any lost connection that the user cancelled; here it says what is known.",
        rewrite=other_words,
    ),
    Difference(
        "what-was-shown-outlives-an-interruption",
        "Of what the user saw only messages are kept there; here widgets, workflows, tasks and images are too.",
        after=what_was_shown,
    ),
    Difference(
        "notes-do-not-hide-a-tool-call",
        "The note behind a call makes its output fail there; here the last visible item counts.",
        rewrite=call_before_a_note,
    ),
]

REFUSALS = [
    one
    for one in GENERAL
    if one.id
    in ("json-failures-have-a-status-and-a-message", "failures-before-the-responder-are-error-events")
]
"""The differences of whole answers that are met here too."""
