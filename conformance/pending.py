"""Items in the making, followed from the events of one stream, as a client would."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from widget_states import apply_update

Item = dict[str, Any]


class Pending:
    """The items that were added and are not done, in the order they were added."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    @classmethod
    def after(cls, events: list[Any]) -> Pending:
        pending = cls()
        for event in events:
            pending.follow(event)
        return pending

    def follow(self, event: dict[str, Any]) -> None:
        kind = event.get("type")
        if kind == "thread.item.added":
            self.items[event["item"]["id"]] = deepcopy(event["item"])
        elif kind in ("thread.item.done", "thread.item.replaced"):
            self.items.pop(event["item"]["id"], None)
        elif kind == "thread.item.removed":
            self.items.pop(event["item_id"], None)
        elif kind == "thread.item.updated" and event["item_id"] in self.items:
            update_item(self.items[event["item_id"]], event["update"])

    def worth_keeping(self) -> list[Item]:
        """What the user saw something of."""
        return [item for item in self.items.values() if shows_something(item)]


def shows_something(item: Item) -> bool:
    kind = item["type"]
    if kind == "assistant_message":
        return any(part["text"].strip() for part in item["content"])
    if kind == "workflow":
        return bool(item["workflow"]["tasks"])
    if kind == "generated_image":
        return "image" in item
    return kind in ("widget", "task")


def update_item(item: Item, update: dict[str, Any]) -> None:
    kind = update["type"]
    if item["type"] == "assistant_message" and kind.startswith("assistant_message."):
        update_message(item["content"], update)
    elif item["type"] == "workflow" and kind == "workflow.task.added":
        item["workflow"]["tasks"].append(update["task"])
    elif item["type"] == "workflow" and kind == "workflow.task.updated":
        tasks = item["workflow"]["tasks"]
        if update["task_index"] < len(tasks):
            tasks[update["task_index"]] = update["task"]
    elif item["type"] == "generated_image" and kind == "generated_image.updated":
        item["image"] = update["image"]
    elif item["type"] == "widget" and kind.startswith("widget."):
        item["widget"] = apply_update(item["widget"], update)


def update_message(parts: list[Any], update: dict[str, Any]) -> None:
    index = update["content_index"]
    while len(parts) <= index:
        parts.append({"type": "output_text", "text": "", "annotations": []})
    kind = update["type"].rsplit(".", 1)[1]
    if kind in ("added", "done"):
        parts[index] = deepcopy(update["content"])
    elif kind == "text_delta":
        parts[index]["text"] += update["delta"]
    elif kind == "annotation_added":
        parts[index]["annotations"].insert(update["annotation_index"], update["annotation"])
