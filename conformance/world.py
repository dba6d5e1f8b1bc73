"""What a scenario has done so far, as far as deliberate differences depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from play import Exchange

HIDDEN_KINDS = ("hidden_context_item", "sdk_hidden_context")
REFERENCE_PAGE = 20
"""How many rows a page has when the request does not say."""


class World:
    """Facts about the reference's side, by the reference's own ids."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.hidden_ids = set(hidden_ids_in(scenario))
        self.metadata = list(metadata_in(scenario))
        self.widget_sequences = list(widgets_in(scenario))
        self.widgets = [widget for sequence in self.widget_sequences for widget in sequence]
        self.status: dict[str, str] = {}
        self.attachment_thread: dict[str, str] = {}
        self.deleted: set[str] = set()

    def widget_states(self, first: Any, last: Any) -> list[list[Any]]:
        """The states behind the first of each streamed widget of the scenario that begins and ends like this."""
        return [
            sequence[1:]
            for sequence in self.widget_sequences
            if len(sequence) > 1 and sequence[0] == first and sequence[-1] == last
        ]

    def note(self, exchange: Exchange) -> None:
        """Learns from an exchange that was found equal."""
        answer = exchange.reference
        for event in answer.get("events", []):
            self._note_thread(event.get("thread"))
            item = event.get("item") or {}
            if item.get("type") == "user_message":
                for attachment in item.get("attachments", []):
                    self.attachment_thread[attachment["id"]] = item["thread_id"]
        self._note_thread(answer.get("body"))
        if exchange.op == "threads.delete" and answer["status"] == 200:
            self.deleted.add(exchange.reference_id(exchange.params["thread_id"]))

    def _note_thread(self, thread: Any) -> None:
        if isinstance(thread, dict) and isinstance(thread.get("status"), dict):
            self.status[thread["id"]] = thread["status"].get("type", "active")


def metadata_in(value: Any) -> Iterator[dict[str, Any]]:
    """The metadata that a scenario's scripts give to threads."""
    if isinstance(value, dict):
        change = value.get("thread")
        if isinstance(change, dict) and isinstance(change.get("metadata"), dict):
            yield change["metadata"]
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from metadata_in(entry)


def hidden_ids_in(value: Any) -> Iterator[str]:
    """The ids of the hidden items in a scenario's scripts."""
    if isinstance(value, dict):
        if value.get("type") in HIDDEN_KINDS:
            yield value["id"]
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from hidden_ids_in(entry)


def widgets_in(value: Any) -> Iterator[list[Any]]:
    """The widgets that a scenario's scripts contain: the states of each streamed one, and single ones."""
    if isinstance(value, list):
        for entry in value:
            yield from widgets_in(entry)
    elif isinstance(value, dict):
        widget = value.get("widget")
        if isinstance(widget, list):
            yield [without_nulls(root) for root in widget]
        elif isinstance(widget, dict):
            yield [without_nulls(widget)]
        else:
            for entry in value.values():
                yield from widgets_in(entry)


def without_nulls(value: Any) -> Any:
    """A widget as both servers write it: `null` only under `children`."""
    if isinstance(value, dict):
        return {
            key: without_nulls(entry)
            for key, entry in value.items()
            if key == "children" or entry is not None
        }
    if isinstance(value, list):
        return [without_nulls(entry) for entry in value if entry is not None]
    return value
