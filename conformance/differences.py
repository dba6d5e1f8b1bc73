"""The deliberate differences between us and the reference: each with its reason, matched as narrowly as possible.

An entry that no hand-written scenario needs any more fails the run, so this list shrinks when it can.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from itertools import combinations
from typing import Any

from answers import (
    SOME_ERROR,
    STREAMING_OPS,
    UNEXPECTED,
    failed,
    is_error,
    is_json_refusal,
    is_refusal,
    is_stream,
    started,
    stream_of,
)
from build import NO_SCRIPT, get, items, request
from pending import Pending, shows_something
from play import ALL, Difference, Exchange, Pair
from servers import Observation
from widget_matchers import appearing_field, open_widgets, widget_updates
from world import HIDDEN_KINDS, REFERENCE_PAGE


def refused_by_us(exchange: Exchange) -> Pair | None:
    """For what the reference was not asked at all."""
    not_asked = exchange.reference == stream_of(SOME_ERROR)
    return refused_alike(exchange) if not_asked and is_refusal(exchange.ours) else None


def refused_alike(exchange: Exchange) -> Pair:
    """Two equal answers for what we refuse in our own words, once it is clear that we may."""
    if exchange.ours["content_type"] == "text/event-stream":
        return stream_of(SOME_ERROR), stream_of(SOME_ERROR)
    refusal = {**exchange.ours, "body": {"message": "what was refused"}}
    return refusal, refusal


# Failures.


def json_failure(exchange: Exchange) -> Pair | None:
    if exchange.op in STREAMING_OPS or exchange.reference["status"] != 500:
        return None
    if is_json_refusal(exchange.ours, 400, 404, 409, 413, 422):
        return refused_alike(exchange)
    return None


def wrong_streaming_request(exchange: Exchange) -> Pair | None:
    if exchange.op in STREAMING_OPS and exchange.reference["status"] == 500 and is_refusal(exchange.ours):
        return refused_alike(exchange)
    return None


def broken_stream(exchange: Exchange) -> Pair | None:
    reference = exchange.reference
    if reference.get("broken") and not reference["events"] and is_refusal(exchange.ours):
        return refused_alike(exchange)
    return None


def orphan_thread(exchange: Exchange) -> Pair | None:
    reference = exchange.reference
    if exchange.op != "threads.create" or not reference.get("broken") or not is_refusal(exchange.ours):
        return None
    if [event["type"] for event in reference["events"]] != ["thread.created"]:
        return None
    orphan = reference["events"][0]["thread"]["id"]
    exchange.ask_reference(request("threads.delete", thread_id=orphan))
    return refused_alike(exchange)


def unknown_retry(exchange: Exchange) -> Pair | None:
    silent = exchange.op == "threads.retry_after_item" and exchange.reference == stream_of()
    return refused_alike(exchange) if silent and is_refusal(exchange.ours) else None


def feedback_nowhere(exchange: Exchange) -> Pair | None:
    if exchange.op != "items.feedback" or not is_json_refusal(exchange.ours, 404):
        return None
    unknown = exchange.ask_reference(get(exchange.params["thread_id"]))["status"] == 500
    return refused_alike(exchange) if unknown else None


def negative_limit(exchange: Exchange) -> Pair | None:
    limit = exchange.params.get("limit")
    if isinstance(limit, int) and limit < 0 and is_json_refusal(exchange.ours, 400, 422):
        return refused_alike(exchange)
    return None


# Requests that we take and the reference does not.


def lenient_request(exchange: Exchange) -> Pair | None:
    if exchange.reference["status"] != 500 or not is_stream(exchange.ours):
        return None
    filled = deepcopy(exchange.request)
    params = filled.get("params", {})
    if exchange.op == "threads.add_client_tool_output":
        params.setdefault("result", None)
    elif isinstance(params.get("input"), dict) and isinstance(params["input"].get("content"), list):
        params["input"].setdefault("attachments", [])
        params["input"].setdefault("inference_options", {})
        for part in params["input"]["content"]:
            if part.get("type") == "input_tag":
                part.setdefault("data", {})
    if filled == exchange.request:
        return None
    return exchange.ask_reference(filled), exchange.ours


USER_TURNS = ("threads.add_user_message", "threads.retry_after_item", "threads.add_structured_input")


# Locked threads and attachments: the reference is not asked, as nothing could undo what it does.


def locked_thread(exchange: Exchange) -> Observation | None:
    if exchange.op not in USER_TURNS:
        return None
    status = exchange.world.status.get(exchange.reference_id(exchange.params.get("thread_id")))
    return stream_of(SOME_ERROR) if status in ("locked", "closed") else None


def taken_attachment(exchange: Exchange) -> Observation | None:
    thread = exchange.reference_id(exchange.params.get("thread_id"))
    taken_by = [exchange.world.attachment_thread.get(id) for id in attachments_of(exchange)]
    taken = any(owner not in (None, thread) for owner in taken_by)
    return stream_of(SOME_ERROR) if taken else None


def attachments_of(exchange: Exchange) -> list[str]:
    """The reference's ids of the attachments in a message."""
    given = exchange.params.get("input")
    listed = given.get("attachments", []) if isinstance(given, dict) else []
    return [exchange.reference_id(id) for id in listed]


def attachment_of_deleted_thread(exchange: Exchange) -> Pair | None:
    if exchange.op != "attachments.delete" or not is_json_refusal(exchange.ours, 404):
        return None
    id = exchange.reference_id(exchange.params["attachment_id"])
    gone = exchange.world.attachment_thread.get(id) in exchange.world.deleted
    return refused_alike(exchange) if gone and exchange.reference["status"] == 200 else None


# What a failed response leaves behind.


def partial_items(exchange: Exchange) -> bool:
    if not failed(exchange.reference):
        return False
    kept = Pending.after(exchange.reference["events"]).worth_keeping()
    if not kept:
        return False
    exchange.store_in_reference(*[{"type": "thread.item.done", "item": item} for item in kept])
    return True


def items_left_open(exchange: Exchange) -> Pair | None:
    """Puts what we tell at the end about items that were never done behind the reference's events.

    What we keep of them is stored in the reference; the rest it does not have either.
    """
    theirs, ours = exchange.reference.get("events"), exchange.ours.get("events")
    if not theirs or not ours or not started(exchange.reference) or failed(exchange.reference):
        return None
    pending = [item for item in Pending.after(theirs).items.values() if item["type"] not in HIDDEN_KINDS]
    if not pending:
        return None
    told = [ending(exchange, item) for item in pending]
    for events in ends_with(theirs, told):
        if [event["type"] for event in events] == [event["type"] for event in ours]:
            kept = [event for event, item in zip(told, pending, strict=True) if shows_something(item)]
            if kept:
                exchange.store_in_reference(*kept)
            return {**exchange.reference, "events": events}, exchange.ours
    return None


def ending(exchange: Exchange, item: dict[str, Any]) -> dict[str, Any]:
    """What clients must be told about an item that was never done: what a reload of the thread shows of it."""
    if shows_something(item):
        return {"type": "thread.item.done", "item": item}
    # A blank one that was added over a stored one: the stored one stays.
    for stored in exchange.ask_reference(items(exchange.thread_id, limit=10**6))["body"]["data"]:
        if stored["id"] == item["id"]:
            return {"type": "thread.item.done", "item": stored}
    return {"type": "thread.item.removed", "item_id": item["id"]}


def ends_with(events: list[Any], told: list[Any]) -> list[list[Any]]:
    """The streams that are right if `told` belongs at the end of `events`."""
    ends = [[*events, *told]]
    if events[-1]["type"] == "thread.updated":
        # A change of the thread that no event followed is told behind the next write, or at the end.
        writes = [place for place, event in enumerate(told, 1) if event["type"] == "thread.item.done"]
        place = writes[0] if writes else len(told)
        ends.append([*events[:-1], *told[:place], events[-1], *told[place:]])
    return ends


# Client tools.


def second_tool_call(exchange: Exchange) -> Pair | None:
    calls = [
        place
        for place, event in enumerate(exchange.reference.get("events", []))
        if event["type"] == "thread.item.done" and is_pending_call(event["item"])
    ]
    if len(calls) != 2 or not exchange.ours.get("events") or not is_error(exchange.ours["events"][-1]):
        return None
    second = exchange.reference["events"][calls[1]]
    # What the reference does behind the second call could not be taken back.
    if calls[1] != len(exchange.reference["events"]) - 1:
        return None
    exchange.store_in_reference({"type": "thread.item.removed", "item_id": second["item"]["id"]})
    before = exchange.reference["events"][: calls[1]]
    return stream_of(*before, SOME_ERROR), stream_of(*exchange.ours["events"][:-1], SOME_ERROR)


def forgotten_tool_calls(exchange: Exchange) -> bool:
    if exchange.op != "threads.add_client_tool_output" or not started(exchange.reference):
        return False
    made_now = {event["item"]["id"] for event in exchange.reference["events"] if "item" in event}
    stored = exchange.ask_reference(items(exchange.params["thread_id"], limit=ALL))
    forgotten = [
        item["id"]
        for item in stored["body"]["data"][REFERENCE_PAGE:]
        if is_pending_call(item) and item["id"] not in made_now
    ]
    if forgotten:
        exchange.store_in_reference(*[{"type": "thread.item.removed", "item_id": id} for id in forgotten])
    return bool(forgotten)


def call_before_hidden_items(exchange: Exchange) -> Pair | None:
    """Asks the reference again without the hidden items, which nobody sees, behind the call."""
    refused = exchange.reference.get("broken") and not exchange.reference["events"]
    if exchange.op != "threads.add_client_tool_output" or not refused or not started(exchange.ours):
        return None
    stored = exchange.ask_reference(items(exchange.params["thread_id"], limit=10**6))["body"]["data"]
    hidden = exchange.world.hidden_ids - {item["id"] for item in stored}
    if not hidden or not stored or not is_pending_call(stored[0]):
        return None
    exchange.store_in_reference(*[{"type": "thread.item.removed", "item_id": id} for id in sorted(hidden)])
    return exchange.ask_reference(exchange.request), exchange.ours


def is_pending_call(item: dict[str, Any]) -> bool:
    return item["type"] == "client_tool_call" and item.get("status") == "pending"


# Hidden items.


def hidden_events(exchange: Exchange) -> Pair | None:
    """Takes hidden items out of the reference's answer, and the updates of those that were added."""
    body = exchange.reference.get("body")
    if exchange.op == "threads.sync_custom_action" and isinstance(body, dict):
        hidden = body.get("updated_item", {}).get("type") in HIDDEN_KINDS
        return ({**exchange.reference, "body": {}}, exchange.ours) if hidden else None
    if not exchange.reference.get("events"):
        return None
    shown = []
    pending = Pending()
    for event in exchange.reference["events"]:
        hidden_before = pending.items.get(event.get("item_id"), {}).get("type") in HIDDEN_KINDS
        pending.follow(event)
        leaks = event["type"] in ("thread.item.added", "thread.item.replaced")
        if leaks and event["item"]["type"] in HIDDEN_KINDS:
            continue
        if event["type"] == "thread.item.updated" and hidden_before:
            continue
        shown.append(event)
    if shown == exchange.reference["events"]:
        return None
    return {**exchange.reference, "events": shown}, exchange.ours


def full_pages(exchange: Exchange) -> Pair | None:
    if not exchange.world.hidden_ids or exchange.reference["status"] != 200:
        return None
    if exchange.op == "items.list":
        return {**exchange.reference, "body": visible_page(exchange, **exchange.params)}, exchange.ours
    if exchange.op == "threads.get_by_id":
        page = visible_page(exchange, exchange.params["thread_id"], order="asc")
        return {**exchange.reference, "body": {**exchange.reference["body"], "items": page}}, exchange.ours
    return None


def visible_page(
    exchange: Exchange,
    thread_id: str,
    limit: int | None = None,
    order: str = "desc",
    after: str | None = None,
) -> dict[str, Any]:
    """The page of visible items, cut out of everything that the reference has behind `after`."""
    everything = exchange.ask_reference(items(thread_id, limit=10**6, order=order, after=after))
    visible = everything["body"]["data"]
    size = min(limit or REFERENCE_PAGE, ALL)
    return page_of(visible, size)


def page_of(rows: list[Any], size: int) -> dict[str, Any]:
    if len(rows) <= size:
        return {"data": rows, "has_more": False}
    return {"data": rows[:size], "has_more": True, "after": rows[size - 1]["id"]}


def capped_page(exchange: Exchange) -> Pair | None:
    body = exchange.reference.get("body")
    if exchange.op not in ("items.list", "threads.list") or exchange.reference["status"] != 200:
        return None
    if (exchange.params.get("limit") or 0) <= ALL or len(body["data"]) <= ALL:
        return None
    return {**exchange.reference, "body": page_of(body["data"], ALL)}, exchange.ours


# Values that the reference does not know.


def last_events(exchange: Exchange) -> tuple[Any, Any] | None:
    """The reference's last event, where that is an unexpected failure, and ours in the same place."""
    theirs, ours = exchange.reference.get("events"), exchange.ours.get("events")
    if not theirs or not ours or theirs[-1] != UNEXPECTED or len(ours) < len(theirs):
        return None
    return theirs[-1], ours[len(theirs) - 1]


def unknown_icon(exchange: Exchange) -> Pair | None:
    last = last_events(exchange)
    # The names that guides use and the published list lacks.
    if last is None or last[1].get("icon") not in ("upload", "code"):
        return None
    return with_last_event(exchange, last[1])


def open_error_code(exchange: Exchange) -> Pair | None:
    last = last_events(exchange)
    if last is None or last[1].get("type") != "error" or last[1].get("code") in ("custom", "stream.error"):
        return None
    return with_last_event(exchange, last[1])


def task_that_is_not_there(exchange: Exchange) -> Pair | None:
    last = last_events(exchange)
    if last is None or last[1].get("update", {}).get("type") != "workflow.task.updated":
        return None
    workflow = Pending.after(exchange.reference["events"]).items.get(last[1]["item_id"], {})
    tasks = workflow.get("workflow", {}).get("tasks")
    if tasks is None or last[1]["update"]["task_index"] < len(tasks):
        return None
    return with_last_event(exchange, last[1])


def with_last_event(exchange: Exchange, event: Any) -> Pair:
    events = [*exchange.reference["events"][:-1], event]
    return {**exchange.reference, "events": events}, exchange.ours


def zero_and_false(exchange: Exchange) -> Pair | None:
    """Leaves out one `thread.updated` of ours, where a script sets metadata to what Python takes for the same."""
    theirs, ours = exchange.reference.get("events"), exchange.ours.get("events")
    if not theirs or not ours or not takes_alike(exchange.world.metadata):
        return None
    for place, event in enumerate(ours):
        without = [*ours[:place], *ours[place + 1 :]]
        same_kinds = [one["type"] for one in without] == [one["type"] for one in theirs]
        if event["type"] == "thread.updated" and same_kinds:
            return exchange.reference, {**exchange.ours, "events": without}
    return None


def takes_alike(metadata: list[dict[str, Any]]) -> bool:
    """Whether a key has two values that are equal in Python and different in JSON, such as 0 and false."""
    pairs = [
        (one[key], other[key])
        for one, other in combinations(metadata, 2)
        for key in one.keys() & other.keys()
    ]
    return any(a == b and json.dumps(a, sort_keys=True) != json.dumps(b, sort_keys=True) for a, b in pairs)


def named_script_error(exchange: Exchange) -> Pair | None:
    """Cuts off what we say about a text that is no script; how that is worded is left open."""
    ours = json.dumps(exchange.ours)
    beginning = json.dumps(NO_SCRIPT).strip('"')
    cut = re.sub(re.escape(beginning) + r"\\n\\n`[^\"\\]+`: [^\"\\]+", beginning, ours)
    return (exchange.reference, json.loads(cut)) if cut != ours else None


DIFFERENCES = [
    Difference(
        "json-failures-have-a-status-and-a-message",
        "A JSON op that fails is HTTP 500 there, whatever the cause; here it is a 4xx with `message`, which the client shows.",
        rewrite=json_failure,
    ),
    Difference(
        "wrong-streaming-requests-get-an-error-event",
        "A streaming op with wrong parameters is HTTP 500 there, which the client sends again five times; here it is an `error` event.",
        rewrite=wrong_streaming_request,
    ),
    Difference(
        "failures-before-the-responder-are-error-events",
        "A failure before the responder starts breaks the body of a 200 there; here the stream is one `error` event.",
        rewrite=broken_stream,
    ),
    Difference(
        "no-thread-without-its-message",
        "A bad attachment in a first message leaves an empty thread and a broken body there; here no thread is made.",
        rewrite=orphan_thread,
    ),
    Difference(
        "retry-of-an-unknown-item-is-an-error",
        "A retry of an unknown item is an empty stream there, which the client cannot tell from an empty reply.",
        rewrite=unknown_retry,
    ),
    Difference(
        "feedback-needs-its-thread",
        "Feedback on a thread that does not exist is taken there; here it is 404.",
        rewrite=feedback_nowhere,
    ),
    Difference(
        "negative-limits-are-refused",
        "A negative limit reaches the store there; here it is refused.",
        rewrite=negative_limit,
    ),
    Difference(
        "lenient-requests",
        "The stock client may leave out fields that are required there; here an absent field has its default.",
        rewrite=lenient_request,
    ),
    Difference(
        "locked-threads-take-no-message",
        "Locked and closed threads take messages, retries and answers there; here the status is enforced.",
        instead=locked_thread,
        rewrite=refused_by_us,
    ),
    Difference(
        "attachments-belong-to-one-thread",
        "An attachment can be used in any number of threads there; here it stays with the first and goes with it.",
        instead=taken_attachment,
        rewrite=refused_by_us,
    ),
    Difference(
        "deleted-threads-take-their-attachments",
        "The attachments of a deleted thread stay behind there; here they go with it, so deleting one is 404.",
        rewrite=attachment_of_deleted_thread,
    ),
    Difference(
        "partial-items-survive-a-failure",
        "What the user already saw of a reply that failed is lost there; here it is stored.",
        after=partial_items,
    ),
    Difference(
        "items-left-open-are-completed",
        "An item that was added and never done stays on the screen there and is not stored; here what shows something is "
        "stored and done, anything else is removed, so that clients and the store agree.",
        rewrite=items_left_open,
    ),
    Difference(
        "one-pending-tool-call-per-turn",
        "The output of a client tool carries no call id, so two pending calls corrupt each other there; here the second is refused.",
        rewrite=second_tool_call,
    ),
    Difference(
        "hidden-items-do-not-hide-a-tool-call",
        "A hidden item behind a pending call makes its output fail there; here the last visible item counts.",
        rewrite=call_before_hidden_items,
    ),
    Difference(
        "all-forgotten-tool-calls-are-removed",
        "Calls that never got their output are looked for among the newest 20 items there; here wherever they are.",
        after=forgotten_tool_calls,
    ),
    Difference(
        "hidden-items-never-leave",
        "A hidden item that is added or replaced is sent to the client there; here it is not, nor are its updates.",
        rewrite=hidden_events,
    ),
    Difference(
        "hidden-items-do-not-shorten-pages",
        "Hidden items are filtered after paging there, so pages come back short or empty; here the store leaves them out.",
        rewrite=full_pages,
    ),
    Difference(
        "pages-have-at-most-a-thousand-rows",
        "There is no cap on `limit` there; here a page has at most 1,000 rows and says that there are more.",
        rewrite=capped_page,
    ),
    Difference(
        "any-icon",
        "An icon outside the published list ends the reply there, though guides use such; here any name passes.",
        rewrite=unknown_icon,
    ),
    Difference(
        "any-error-code",
        "Only one error code exists there, though more are announced; here any code passes.",
        rewrite=open_error_code,
    ),
    Difference(
        "updates-that-do-not-fit-pass",
        "An update of a task that a pending workflow lacks ends the reply there; here the client ignores it.",
        rewrite=task_that_is_not_there,
    ),
    Difference(
        "false-is-not-zero",
        "Metadata that changes from 0 to false is no change in Python, so it is not saved there; here it is.",
        rewrite=zero_and_false,
    ),
    Difference(
        "script-errors-are-named",
        "What a responder says to a text that is no script is its own affair; ours also says where the script is wrong.",
        rewrite=named_script_error,
    ),
    Difference(
        "smaller-widget-updates",
        "Appended text is lost in a Transition or without an id there, and one changed field resends the whole widget; "
        "here the changed component is sent.",
        rewrite=widget_updates,
    ),
    Difference(
        "fields-may-appear-in-a-widget",
        "A field that a later state of an unknown component adds ends the reply there; here it is an update.",
        rewrite=appearing_field,
    ),
    Difference(
        "widgets-are-open-json",
        "Components known there lose unknown fields and get default ones; here a widget is sent as it was written.",
        rewrite=open_widgets,
    ),
]
