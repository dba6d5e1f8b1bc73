"""Answers without some of the tasks that they tell of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from servers import Observation

Drops = Callable[[dict[str, Any]], bool]


def without_tasks(answer: Observation, drops: Drops) -> Observation:
    """The answer as it would be without these tasks: the others are counted anew, and a workflow that was begun for
    them alone is not there at all."""
    if "events" in answer:
        events = WithoutTasks(drops).events(answer["events"])
        return {**answer, "events": events}
    return {**answer, "body": without_in_body(answer.get("body"), drops)}


class WithoutTasks:
    """One stream on its way."""

    def __init__(self, drops: Drops) -> None:
        self.drops = drops
        self.dropped: dict[str, list[bool]] = {}
        """For each workflow, which of its tasks are dropped."""
        self.gone: set[str] = set()

    def events(self, events: list[Any]) -> list[Any]:
        return [kept for event in events if (kept := self.event(event)) is not None]

    def event(self, event: dict[str, Any]) -> dict[str, Any] | None:
        item = event.get("item")
        if item is not None and item["type"] == "workflow":
            self.dropped[item["id"]] = [self.drops(task) for task in item["workflow"]["tasks"]]
            if is_gone(item, self.drops):
                self.gone.add(item["id"])
                return None
            return {**event, "item": without_in_item(item, self.drops)}
        if event.get("item_id") in self.gone:
            return None
        update = event.get("update", {})
        if not update.get("type", "").startswith("workflow.task."):
            return event
        dropped = self.dropped.setdefault(event["item_id"], [])
        index = update["task_index"]
        if update["type"] == "workflow.task.added":
            dropped.insert(index, self.drops(update["task"]))
        if dropped[index]:
            return None
        return {**event, "update": {**update, "task_index": index - sum(dropped[:index])}}


def is_gone(item: dict[str, Any], drops: Drops) -> bool:
    tasks = item["workflow"]["tasks"]
    return item["workflow"]["type"] == "custom" and bool(tasks) and all(map(drops, tasks))


def without_in_item(item: dict[str, Any], drops: Drops) -> dict[str, Any]:
    tasks = [task for task in item["workflow"]["tasks"] if not drops(task)]
    return {**item, "workflow": {**item["workflow"], "tasks": tasks}}


def without_in_body(value: Any, drops: Drops) -> Any:
    if isinstance(value, dict):
        if value.get("type") == "workflow" and "workflow" in value:
            return without_in_item(value, drops)
        return {key: without_in_body(entry, drops) for key, entry in value.items()}
    if isinstance(value, list):
        gone = [isinstance(one, dict) and one.get("type") == "workflow" and is_gone(one, drops) for one in value]
        return [without_in_body(one, drops) for one, left_out in zip(value, gone, strict=True) if not left_out]
    return value


def tasks_in(value: Any) -> list[dict[str, Any]]:
    """The tasks of all workflows in an answer that are whole items."""
    if isinstance(value, dict):
        if value.get("type") == "workflow" and "workflow" in value:
            return value["workflow"]["tasks"]
        value = list(value.values())
    if isinstance(value, list):
        return [task for entry in value for task in tasks_in(entry)]
    return []
