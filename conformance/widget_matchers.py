"""Where our widgets and their updates differ deliberately from the reference's."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise
from typing import Any, NamedTuple

from answers import UNEXPECTED
from play import Exchange, Pair
from widget_states import components, leads_through

ACTION_DEFAULTS = {"handler": "server", "loadingBehavior": "auto", "streaming": True}


def open_widgets(exchange: Exchange) -> Pair | None:
    """Takes our widgets for the reference's where ours are what a script said, and the reference's are a view of them."""
    said = exchange.world.widgets
    reference = deepcopy(exchange.reference)
    changed = False
    for theirs, ours in zip(widget_holders(reference), widget_holders(exchange.ours), strict=False):
        mine = ours["widget"]
        if theirs["widget"] != mine and mine in said and is_view(theirs["widget"], mine):
            theirs["widget"] = mine
            changed = True
    return (reference, exchange.ours) if changed else None


def widget_holders(answer: Any) -> list[dict[str, Any]]:
    """Everything in an answer that has a field `widget`: items and root updates, in order."""
    if isinstance(answer, list):
        return [holder for entry in answer for holder in widget_holders(entry)]
    if not isinstance(answer, dict):
        return []
    if isinstance(answer.get("widget"), dict):
        return [answer]
    return [holder for entry in answer.values() for holder in widget_holders(entry)]


def is_view(theirs: Any, ours: Any) -> bool:
    """Whether the reference's JSON is ours less fields it does not know, plus the defaults of actions."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return all(
            is_view(value, ours[key]) if key in ours else ACTION_DEFAULTS.get(key) == value
            for key, value in theirs.items()
        )
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(is_view, theirs, ours))
    return theirs == ours


def widget_updates(exchange: Exchange) -> Pair | None:
    """Takes our updates for the reference's where they lead through every state that the script asked for."""
    theirs, ours = exchange.reference.get("events"), exchange.ours.get("events")
    if not theirs or not ours:
        return None
    merged = list(theirs)
    for one, other in reversed(list(zip(streamed_widgets(theirs), streamed_widgets(ours), strict=False))):
        states = exchange.world.widget_states(other.first, other.last)
        if one.updates != other.updates and not any(
            leads_through(other.first, other.updates, expected) for expected in states
        ):
            return None
        merged[one.start : one.end] = updates_of(one.item, other.updates)
    return ({**exchange.reference, "events": merged}, exchange.ours) if merged != theirs else None


def appearing_field(exchange: Exchange) -> Pair | None:
    """Takes the rest of our widget stream for the reference's, where that ends because a field is new."""
    theirs, ours = exchange.reference.get("events"), exchange.ours.get("events")
    if not theirs or not ours or theirs[-1] != UNEXPECTED:
        return None
    begun = [event["item"] for event in theirs if event["type"] == "thread.item.added"]
    streams = streamed_widgets(ours)
    if not streams or streams[-1].end != len(ours) - 1 or not begun or begun[-1]["type"] != "widget":
        return None
    mine = streams[-1]
    for states in exchange.world.widget_states(mine.first, mine.last):
        if fields_appear([mine.first, *states]) and leads_through(mine.first, mine.updates, states):
            finished = {"type": "thread.item.done", "item": {**begun[-1], "widget": mine.last}}
            exchange.store_in_reference(finished)
            rest = updates_of(begun[-1], mine.updates)[len(theirs) - 1 - mine.start :]
            return {**exchange.reference, "events": [*theirs[:-1], *rest, finished]}, exchange.ours
    return None


def fields_appear(states: list[Any]) -> bool:
    """Whether a component of a kind that the reference does not know gets a field it did not have."""
    pairs = [
        pair
        for before, after in pairwise(states)
        for pair in zip(components(before), components(after), strict=False)
    ]
    return any(before["type"] == after["type"] and after.keys() - before.keys() for before, after in pairs)


class StreamedWidget(NamedTuple):
    """A widget that was added, updated and done without anything else between."""

    item: dict[str, Any]
    start: int
    """Where its updates begin."""
    end: int
    """Where it is done."""
    updates: list[Any]
    last: Any

    @property
    def first(self) -> Any:
        return self.item["widget"]


def streamed_widgets(events: list[Any]) -> list[StreamedWidget]:
    found = []
    for place, event in enumerate(events):
        if event["type"] != "thread.item.added" or event["item"]["type"] != "widget":
            continue
        item, start = event["item"], place + 1
        # A change of the thread from before the widget is told behind the first event.
        if start < len(events) and events[start]["type"] == "thread.updated":
            start += 1
        end = start
        while end < len(events) and events[end].get("type") == "thread.item.updated":
            end += 1
        if end < len(events) and events[end].get("item", {}).get("id") == item["id"]:
            updates = [one["update"] for one in events[start:end]]
            found.append(StreamedWidget(item, start, end, updates, events[end]["item"].get("widget")))
    return found


def updates_of(item: dict[str, Any], updates: list[Any]) -> list[Any]:
    return [{"type": "thread.item.updated", "item_id": item["id"], "update": update} for update in updates]
