"""Making two servers' answers comparable: minted ids and times get names in the order they first appear.

- An id that a scenario's own requests contain stays as it is. Any other id becomes `<id-N>`, wherever it stands.
- A time that a scenario's own requests contain is written in UTC; any other time becomes `<time>`.
- Order of keys does not count, nor does 1.0 against 1.
- An absent field and a field that is `null` are different, everywhere: the reference leaves absent optional
  fields out and keeps `null` inside open data, and so must we.
- The server's own address is written `<server>`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from servers import Observation

TIME = re.compile(r"\d{4}-\d\d-\d\dT")


class Literals:
    """What a scenario's requests say themselves."""

    def __init__(self, scenario: Any) -> None:
        self.strings: set[str] = set(strings_in(scenario))
        self.instants = {instant for text in self.strings if (instant := instant_of(text)) is not None}


class Names:
    """What one server's minted ids are called, and which ids of each kind were seen, in order."""

    def __init__(self, literals: Literals, address: str) -> None:
        self.literals = literals
        self.address = address
        self.minted: dict[str, str] = {}
        self.kinds: dict[str, list[str]] = {}
        self._pattern: re.Pattern[str] | None = None
        self._pattern_size = -1

    def copy(self) -> Names:
        twin = Names(self.literals, self.address)
        twin.minted = dict(self.minted)
        twin.kinds = {kind: list(ids) for kind, ids in self.kinds.items()}
        return twin

    def see(self, id: Any, kind: str | None = None) -> None:
        if not isinstance(id, str):
            return
        if id not in self.literals.strings and id not in self.minted:
            self.minted[id] = f"<id-{len(self.minted) + 1}>"
        if kind is not None:
            known = self.kinds.setdefault(kind, [])
            if id not in known:
                known.append(id)

    def apply(self, text: str) -> str:
        text = text.replace(self.address, "<server>")
        if not self.minted:
            return text
        if self._pattern is None or self._pattern_size != len(self.minted):
            ids = "|".join(map(re.escape, self.minted))
            # Whole words only: an id may begin like another one.
            self._pattern = re.compile(rf"(?<![\w-])(?:{ids})(?![\w-])")
            self._pattern_size = len(self.minted)
        return self._pattern.sub(lambda found: self.minted[found[0]], text)

    def resolve(self, reference: str) -> str:
        """The id behind `$kindN`, for example `$thread1` or `$user_message2`; an id nobody knows if there is none."""
        kind, number = re.fullmatch(r"\$([a-z_]+)(\d+)", reference).groups()
        known = self.kinds.get(kind, [])
        place = int(number) - 1
        return known[place] if place < len(known) else f"unknown_{kind}_{number}"


def normalise(observation: Observation, names: Names) -> list[str]:
    """One line of canonical JSON per event (or for the body), behind a first line with status and content type."""
    observation = deepcopy(observation)
    parts = observation.pop("events", None)
    if parts is None:
        parts = [observation.pop("body", None)]
    for part in parts:
        for entity, kind in entities_in(part):
            see_entity(entity, kind, names)
    return [
        names.apply(json.dumps(part, sort_keys=True, ensure_ascii=False)) for part in (observation, *parts)
    ]


def entities_in(part: Any) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Everything in an event or body that carries ids and times of the server: threads, items, attachments, pages."""
    if not isinstance(part, dict):
        return
    if isinstance(part.get("data"), list) and "has_more" in part:
        for row in part["data"]:
            yield from entity_tree(row)
        yield part, None
    elif "thread" in part:
        yield from entity_tree(part["thread"])
    elif "item" in part or "updated_item" in part:
        yield from entity_tree(part.get("item", part.get("updated_item")))
    elif "item_id" in part:
        yield part, None
    else:
        yield from entity_tree(part)


def entity_tree(row: Any) -> Iterator[tuple[dict[str, Any], str | None]]:
    if not isinstance(row, dict) or "id" not in row:
        return
    if "mime_type" in row:
        yield row, "attachment"
        return
    yield row, row.get("type", "thread")
    for attachment in row.get("attachments") or []:
        yield from entity_tree(attachment)
    if "items" in row:
        yield from entities_in(row["items"])


def see_entity(entity: dict[str, Any], kind: str | None, names: Names) -> None:
    if kind is not None:
        names.see(entity.get("id"), kind)
    for field in ("thread_id", "item_id", "after"):
        names.see(entity.get(field))
    if "created_at" in entity:
        entity["created_at"] = normal_time(entity["created_at"], names.literals)


def normal_time(text: Any, literals: Literals) -> Any:
    instant = instant_of(text)
    if instant is None:
        return text
    return instant.isoformat() if instant in literals.instants else "<time>"


def instant_of(text: Any) -> datetime | None:
    """The point in time that a text names; without an offset it is UTC."""
    if not isinstance(text, str) or not TIME.match(text):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield key
            yield from strings_in(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from strings_in(entry)
