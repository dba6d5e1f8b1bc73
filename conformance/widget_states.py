"""What a widget looks like after an update."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Widget = dict[str, Any]


def apply_update(widget: Widget, update: dict[str, Any]) -> Widget:
    """The widget after one update. An update that finds no component changes nothing."""
    if update["type"] == "widget.root.updated":
        return deepcopy(update["widget"])
    after = deepcopy(widget)
    for node in components(after):
        if node.get("id") != update["component_id"]:
            continue
        if update["type"] == "widget.component.updated":
            node.clear()
            node.update(deepcopy(update["component"]))
            break
        if node.get("type") in ("Text", "Markdown"):
            node["value"] += update["delta"]
            break
    return after


def components(node: Any) -> Iterator[Widget]:
    """Every component of a widget, parents first."""
    if not isinstance(node, dict):
        return
    yield node
    children = node.get("children")
    for child in [children] if isinstance(children, dict) else children or []:
        yield from components(child)


def leads_through(first: Widget, updates: list[dict[str, Any]], states: list[Widget]) -> bool:
    """Whether the updates, one after the other, turn `first` into each of `states` in turn and end at the last.

    A text delta must also tell rightly whether the text still streams.
    """
    widget = first
    rest = list(updates)
    for state in states:
        while widget != state:
            if not rest:
                return False
            update = rest.pop(0)
            widget = apply_update(widget, update)
            if update["type"] == "widget.streaming_text.value_delta":
                targets = [node for node in components(state) if node.get("id") == update["component_id"]]
                if not targets or update["done"] == bool(targets[0].get("streaming")):
                    return False
    return not rest
