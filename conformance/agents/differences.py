"""The deliberate differences between our agents and the reference's: each with its reason, as narrow as it allows.

An entry that no scenario needs any more fails the run.
"""

from __future__ import annotations

from typing import Any

import harness  # noqa: F401
from answers import UNEXPECTED, failed
from pending import Pending
from play import Difference, Exchange, Pair

import recorded
from workflows import tasks_in, without_tasks

MESSAGE = "assistant_message.content_part."
LONG_THOUGHT = 1000
"""From so many characters on, what is sent of a thought is at most three times as long as it is."""


def recordings(exchange: Exchange) -> list[str]:
    return exchange.request.get("recordings", [])


def update_of(event: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """The update in an event, if it is of this kind."""
    update = event.get("update")
    return update if isinstance(update, dict) and update["type"] == kind else None


def with_events(exchange: Exchange, theirs: list[Any], ours: list[Any]) -> Pair:
    return {**exchange.reference, "events": theirs}, {**exchange.ours, "events": ours}


class Parts:
    """The parts of messages as the events so far have made them."""

    def __init__(self) -> None:
        self.parts: dict[tuple[str, int], tuple[str, list[Any]]] = {}

    def follow(self, event: dict[str, Any]) -> tuple[str, list[Any]]:
        """The part that an event is about, with its text and annotations after the event."""
        update = event.get("update", {})
        key = (event.get("item_id", ""), update.get("content_index", -1))
        text, annotations = self.parts.get(key, ("", []))
        if update_of(event, MESSAGE + "text_delta"):
            text += update["delta"]
        elif update_of(event, MESSAGE + "annotation_added"):
            annotations = [*annotations, update["annotation"]]
        self.parts[key] = (text, annotations)
        return self.parts[key]


# Messages.


def annotations_stay(exchange: Exchange) -> Pair | None:
    parts, events, changed = Parts(), [], False
    for event in exchange.ours.get("events", []):
        _, annotations = parts.follow(event)
        done = update_of(event, MESSAGE + "done")
        if done and annotations and done["content"]["annotations"] == annotations:
            event = {**event, "update": {**done, "content": {**done["content"], "annotations": []}}}
            changed = True
        events.append(event)
    return with_events(exchange, exchange.reference["events"], events) if changed else None


def parts_done(exchange: Exchange) -> Pair | None:
    theirs = exchange.reference.get("events", [])
    asked_completions = any(one.startswith("chat-completions/") for one in recordings(exchange))
    if not asked_completions or any(update_of(event, MESSAGE + "done") for event in theirs):
        return None
    parts, events = Parts(), []
    for event in exchange.ours.get("events", []):
        text, annotations = parts.follow(event)
        done = update_of(event, MESSAGE + "done")
        whole = {"type": "output_text", "text": text, "annotations": annotations}
        if not done or done["content"] != whole:
            events.append(event)
    return with_events(exchange, theirs, events) if events != exchange.ours.get("events") else None


def refusals_streamed(exchange: Exchange) -> Pair | None:
    refusals = [text for one in recordings(exchange) for text in recorded.refusals(one)]
    theirs = exchange.reference.get("events", [])
    if not refusals or theirs[-1] != UNEXPECTED:
        return None
    ours = exchange.ours["events"]
    parts = Parts()
    for event in ours:
        parts.follow(event)
    streamed = {key for key, (text, _) in parts.parts.items() if text in refusals}
    if len(streamed) != len(refusals):
        return None
    left = [event for event in ours if not tells(event, streamed)]
    return with_events(exchange, theirs[:-1], left)


def tells(event: dict[str, Any], parts: set[tuple[str, int]]) -> bool:
    """Whether an event is about the text of one of these parts, behind its beginning."""
    update = event.get("update", {})
    is_text = update.get("type") in (MESSAGE + "text_delta", MESSAGE + "done")
    return is_text and (event["item_id"], update["content_index"]) in parts


def cut_short(exchange: Exchange) -> Pair | None:
    incomplete = any(recorded.ends_with(one, "response.incomplete") for one in recordings(exchange))
    theirs = exchange.reference.get("events", [])
    if not incomplete or theirs[-1] != UNEXPECTED or exchange.ours["events"][-1] == UNEXPECTED:
        return None
    return with_events(exchange, theirs[:-1], exchange.ours["events"])


def nothing_to_append(exchange: Exchange) -> Pair | None:
    theirs = exchange.reference.get("events", [])
    left = [event for event in theirs if (update_of(event, MESSAGE + "text_delta") or {}).get("delta") != ""]
    return with_events(exchange, left, exchange.ours["events"]) if left != theirs else None


# Failures.


def failures_worded(exchange: Exchange) -> Pair | None:
    said = [text for one in recordings(exchange) if (text := recorded.failure(one))]
    theirs, ours = exchange.reference.get("events", []), exchange.ours.get("events", [])
    if not said or theirs[-1] != UNEXPECTED:
        return None
    words = "The model's provider has a problem. Please try again in a moment."
    if "quota" in said[0]:
        words = "The quota of the model's provider is used up."
    worded = {"type": "error", "code": "custom", "message": words, "allow_retry": "quota" not in said[0]}
    return with_events(exchange, theirs, [*ours[:-1], UNEXPECTED]) if ours[-1] == worded else None


def partial_items(exchange: Exchange) -> bool:
    if not recordings(exchange) or not failed(exchange.reference):
        return False
    kept = Pending.after(exchange.reference["events"]).worth_keeping()
    if kept:
        exchange.store_in_reference(*[{"type": "thread.item.done", "item": item} for item in kept])
    return bool(kept)


# Thoughts and workflows.


def thoughts_bounded(exchange: Exchange) -> Pair | None:
    theirs, ours = exchange.reference.get("events", []), exchange.ours.get("events", [])
    told, sent = thoughts_in(theirs), thoughts_in(ours)
    if told == sent or len(told) != len(sent):
        return None
    ends = [task["content"] for task in tasks_in(ours) if task["type"] == "thought"]
    for whole, some in zip(told, sent, strict=True):
        # What the reference has sent last is the whole thought; here the done item may have it alone.
        last = some[-1] if some[-1] == whole[-1] else next((end for end in ends if end == whole[-1]), None)
        too_much = len(last or "") >= LONG_THOUGHT and sum(map(len, some)) > 3 * len(last or "")
        if last is None or too_much or not is_subsequence(some, whole):
            return None
    return with_events(exchange, *[[one for one in events if not grows(one)] for events in (theirs, ours)])


def thoughts_in(events: list[Any]) -> list[list[str]]:
    """For each thought in the order they begin, what was sent of it, as often as it was sent."""
    found: dict[tuple[str, int], list[str]] = {}
    for event in events:
        for kind in ("workflow.task.added", "workflow.task.updated"):
            update = update_of(event, kind)
            if update and update["task"]["type"] == "thought":
                found.setdefault((event["item_id"], update["task_index"]), []).append(update["task"]["content"])
    return list(found.values())


def grows(event: dict[str, Any]) -> bool:
    update = update_of(event, "workflow.task.updated")
    return update is not None and update["task"]["type"] == "thought"


def is_subsequence(some: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(text in rest for text in some)


def raw_thoughts(exchange: Exchange) -> Pair | None:
    def is_raw(task: dict[str, Any]) -> bool:
        texts = recorded.thoughts_themselves()
        return task["type"] == "thought" and any(text.startswith(task["content"]) for text in texts)

    left = without_tasks(exchange.ours, is_raw)
    shown_there = any(is_raw(task) for task in tasks_in(exchange.reference))
    return None if left == exchange.ours or shown_there else (exchange.reference, left)


def hosted_tools(exchange: Exchange) -> Pair | None:
    left = without_tasks(exchange.ours, is_hosted)
    left["asked"] = [
        {**asked, "conversation": [one for one in asked["conversation"] if not tells_of_hosted(one)]}
        for asked in exchange.ours["asked"]
    ]
    if left == exchange.ours:
        return None
    if recordings(exchange):
        done = [event["item"] for event in exchange.ours["events"] if event["type"] == "thread.item.done"]
        shown = [task for task in tasks_in(done) if is_hosted(task) and task["status_indicator"] == "complete"]
        if len(shown) != sum(map(recorded.hosted_calls, recordings(exchange))):
            return None
    return exchange.reference, left


def is_hosted(task: dict[str, Any]) -> bool:
    kind, icon, title = task["type"], task.get("icon"), task.get("title", "")
    return (
        (kind == "web_search" and title in WEB_TITLES)
        or (kind == "file" and title in ("Searching files", "Searched files"))
        or (kind == "custom" and icon == "square-code" and title in ("Running code", "Ran code"))
        or (kind == "custom" and icon == "bolt" and title in ("Calling count_birds", "Called count_birds"))
    )


def tells_of_hosted(message: dict[str, Any]) -> bool:
    """Whether a model is told of what its provider's tools did, in the words for any task that a user has seen."""
    before = "A message was displayed to the user that the following task was performed:\n<Task>\n"
    texts = message.get("content", [])
    starts = (before + "Ran code: ```python\n", before + "Called count_birds\n")
    return message.get("role") == "user" and len(texts) == 1 and texts[0].startswith(starts)


WEB_TITLES = (
    "Searching the web",
    "Searched the web",
    "Opening a page",
    "Opened a page",
    "Searching a page",
    "Searched a page",
)


def open_workflow_told(exchange: Exchange) -> Pair | None:
    """Ours without the open workflow that the turn ends with, before the call of a client tool if there is one."""
    ours = exchange.ours.get("events", [])
    place = len(ours) - 1
    if ours and (ours[place].get("item") or {}).get("type") == "client_tool_call":
        place -= 1
    event = ours[place] if ours else {}
    item = event.get("item") or {}
    if event.get("type") != "thread.item.done" or item.get("type") != "workflow" or "summary" in item["workflow"]:
        return None
    return with_events(exchange, exchange.reference["events"], ours[:place] + ours[place + 1 :])


def workflows_end(exchange: Exchange) -> Pair | None:
    """Ours without the ends of workflows that the reference leaves open, and without the summaries they ended with."""
    theirs, ours = exchange.reference, exchange.ours
    # Ids differ; the order in which workflows come does not.
    ids = list(dict.fromkeys(item["id"] for item in workflows_in(theirs)))
    ended = {ids.index(item["id"]) for item in workflows_in(theirs) if "summary" in item["workflow"]}
    own = list(dict.fromkeys(item["id"] for item in workflows_in(ours)))
    left = without_ends(ours, {id for place, id in enumerate(own) if place in ended})
    return None if left == ours else (theirs, left)


def workflows_in(value: Any) -> list[dict[str, Any]]:
    """All workflow items in an answer."""
    if isinstance(value, list):
        return [item for one in value for item in workflows_in(one)]
    if not isinstance(value, dict):
        return []
    if value.get("type") == "workflow" and "workflow" in value:
        return [value]
    return [item for one in value.values() for item in workflows_in(one)]


def without_ends(value: Any, ended: set[str]) -> Any:
    if isinstance(value, list):
        return [without_ends(one, ended) for one in value if not is_end(one, ended)]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "workflow" and "workflow" in value and value["id"] not in ended:
        workflow = {name: one for name, one in value["workflow"].items() if name != "summary"}
        return {**value, "workflow": workflow}
    return {name: without_ends(one, ended) for name, one in value.items()}


def is_end(event: Any, ended: set[str]) -> bool:
    if not isinstance(event, dict) or event.get("type") != "thread.item.done":
        return False
    item = event["item"]
    return item["type"] == "workflow" and "summary" in item["workflow"] and item["id"] not in ended


DIFFERENCES = [
    Difference(
        "annotations-stay",
        "The end of a part's text wipes its annotations there, until the message is done; here they stay.",
        rewrite=annotations_stay,
    ),
    Difference(
        "parts-of-completions-are-done",
        "A part of a message from Chat Completions is never told to be done there; here every part is.",
        rewrite=parts_done,
    ),
    Difference(
        "deltas-hold-something",
        "A delta without text is sent on there; here it is not.",
        rewrite=nothing_to_append,
    ),
    Difference(
        "refusals-are-answers",
        "A refusal comes only with the whole message there, and the turn ends with an error; here it is streamed as"
        " the answer it is.",
        rewrite=refusals_streamed,
    ),
    Difference(
        "answers-cut-short-are-answers",
        "An answer that the provider cuts short is followed by an error there; here what there is of it counts.",
        rewrite=cut_short,
    ),
    Difference(
        "failures-are-worded",
        "A model's failure is an error without words there; here users read what the provider says, or what it means.",
        rewrite=failures_worded,
    ),
    Difference(
        "partial-items-survive-a-failure",
        "What the user already saw of a reply that failed is lost there; here it is stored.",
        after=partial_items,
    ),
    Difference(
        "thoughts-are-bounded",
        "Each word of a thought sends the whole thought again there; here so seldom that it costs three times its"
        " length at most.",
        rewrite=thoughts_bounded,
    ),
    Difference(
        "thoughts-themselves-are-shown",
        "Only summaries of thoughts are shown there; here also the thoughts of models that give them away.",
        rewrite=raw_thoughts,
    ),
    Difference(
        "hosted-tools-are-shown",
        "What the provider's own tools do stays unseen there; here it is shown as tasks of a workflow.",
        rewrite=hosted_tools,
    ),
    Difference(
        "open-workflows-are-told",
        "A workflow that is still open when a turn ends is stored without a word there; here clients hear of it.",
        rewrite=open_workflow_told,
    ),
    Difference(
        "workflows-end",
        "A workflow that the turn before left open, or that only held thoughts, stays open for ever there; here it ends"
        " with the turn that goes on with it.",
        rewrite=workflows_end,
    ),
]
