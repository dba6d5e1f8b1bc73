"""Playing one scenario against both servers and comparing every answer and what is stored afterwards."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from normalise import Literals, Names, normalise
from rules import broken_rules
from servers import Observation
from world import HIDDEN_KINDS, World

REFERENCE = re.compile(r"\$[a-z_]+\d+")
ALL = 1000
"""The largest page that both servers give."""
SIDES = ("the reference", "our server")


class Asks(Protocol):
    def ask(self, request: Any) -> Observation: ...


@dataclass
class Side:
    """One server: how to ask it, and the names of the ids it made."""

    client: Asks
    names: Names

    def ask(self, request: Any) -> Observation:
        return self.client.ask(resolve(request, self.names))


@dataclass
class Exchange:
    """One request and both answers; what an entry of `differences.py` may look at."""

    request: Any
    reference: Observation
    ours: Observation
    reference_side: Side
    our_side: Side
    world: World

    @property
    def op(self) -> str:
        return self.request.get("type", "") if isinstance(self.request, dict) else ""

    @property
    def params(self) -> dict[str, Any]:
        """The request's parameters, ids still as references."""
        params = self.request.get("params") if isinstance(self.request, dict) else None
        return params if isinstance(params, dict) else {}

    @property
    def thread_id(self) -> str:
        """The thread of a streaming exchange, for requests to the reference."""
        return self.params.get("thread_id") or self.reference["events"][0]["thread"]["id"]

    def reference_id(self, id: Any) -> Any:
        """The reference's id behind a reference such as `$thread1`."""
        return resolve(id, self.reference_side.names)

    def ask_reference(self, request: Any) -> Observation:
        return self.reference_side.ask(request)

    def store_in_reference(self, *events: dict[str, Any]) -> None:
        """Has the reference's responder send these events in the exchange's thread, with the reference's own ids."""
        payload = {"steps": [{"event": event} for event in events]}
        action = {"type": "play", "payload": payload}
        answer = self.ask_reference(
            {"type": "threads.custom_action", "params": {"thread_id": self.thread_id, "action": action}}
        )
        swallowed = sum(is_hidden(event.get("item")) for event in events)
        if len(answer.get("events", [])) != 1 + len(events) - swallowed:
            raise RuntimeError(f"the reference did not store {events}: {answer}")


Pair = tuple[Observation, Observation]


@dataclass(frozen=True)
class Difference:
    """A deliberate difference.

    Each of the three hooks is optional and returns nothing when the difference does not apply:
    - `instead` looks at a request before it is sent. It returns what stands in for the reference's answer, and
      the reference is not asked.
    - `rewrite` looks at two unequal answers and returns the pair that must be equal if this difference explains it.
    - `after` runs once the answers agree; it may bring the reference's stored state to what ours must be.
    """

    id: str
    reason: str
    instead: Callable[[Exchange], Observation | None] | None = None
    rewrite: Callable[[Exchange], Pair | None] | None = None
    after: Callable[[Exchange], bool] | None = None


@dataclass
class Result:
    name: str
    failures: list[str] = field(default_factory=list)
    uses: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Stage:
    """The reference and the server that is compared with it, in this order, and how they are compared."""

    clients: tuple[Asks, Asks]
    addresses: tuple[str, str]
    differences: list[Difference]
    strict: bool = True
    """Whether our answers must also keep the rules that the reference does not."""


def play(scenario: dict[str, Any], stage: Stage) -> Result:
    """Plays a scenario to its end or to the first difference that is not deliberate."""
    comparison = Comparison(scenario, stage)
    try:
        steps = [(f"step {number}", step) for number, step in enumerate(scenario["steps"], 1)]
        if all(comparison.step(title, step) for title, step in steps):
            steps = stored_state(comparison.sides[0])
            all(comparison.step(f"afterwards, {title}", step) for title, step in steps)
    finally:
        problems = [(name, empty(side)) for name, side in zip(SIDES, comparison.sides, strict=True)]
    # What a failed scenario leaves behind is no second failure.
    if not comparison.result.failures:
        comparison.result.failures += [f"{name}: {problem}" for name, problem in problems if problem]
    return comparison.result


class Comparison:
    """One scenario on its way."""

    def __init__(self, scenario: dict[str, Any], stage: Stage) -> None:
        self.stage = stage
        literals = Literals(scenario["steps"])
        reference, ours = zip(stage.clients, stage.addresses, strict=True)
        self.sides = (
            Side(reference[0], Names(literals, reference[1])),
            Side(ours[0], Names(literals, ours[1])),
        )
        self.world = World(scenario)
        self.result = Result(scenario["name"])

    def step(self, title: str, step: dict[str, Any]) -> bool:
        """Asks both, explains what differs, takes the ids over. False ends the scenario."""
        reference_side, our_side = self.sides
        request = step["request"]
        exchange = Exchange(request, {}, {}, reference_side, our_side, self.world)
        standing_in = first_stand_in(exchange, self.stage.differences)
        exchange.reference = reference_side.ask(request) if standing_in is None else standing_in[1]
        answered = exchange.ours = our_side.ask(request)
        used: list[str] = []

        while True:
            names = (reference_side.names.copy(), our_side.names.copy())
            lines = (normalise(exchange.reference, names[0]), normalise(exchange.ours, names[1]))
            if lines[0] == lines[1]:
                break
            explained = next_explanation(exchange, self.stage.differences, used)
            if explained is None:
                self.result.failures.append(report(title, request, lines, used))
                return False
            used.append(explained[0])
            exchange.reference, exchange.ours = explained[1]

        reference_side.names, our_side.names = names
        self.world.note(exchange)
        used += [one.id for one in self.stage.differences if one.after and one.after(exchange)]
        if standing_in is not None:
            used.append(standing_in[0])
        self.result.uses.update(set(used))

        # What a look inside a server shows is no answer of it.
        is_answer = self.stage.strict and not step.get("inside")
        problems = self.broken_rules(step, answered) if is_answer else []
        if problems:
            self.result.failures.append(f"{title}: {pretty(request)}\n" + "\n".join(problems))
        return not problems

    def broken_rules(self, step: dict[str, Any], answered: Observation) -> list[str]:
        problems = broken_rules(answered, self.sides[1].names.minted)
        expected = step.get("refused")
        if expected is not None and answered["status"] != expected:
            problems.append(f"expected our status to be {expected}, found {answered['status']}")
        return problems


def first_stand_in(exchange: Exchange, differences: list[Difference]) -> tuple[str, Observation] | None:
    for difference in differences:
        stand_in = difference.instead(exchange) if difference.instead else None
        if stand_in is not None:
            return difference.id, stand_in
    return None


def next_explanation(
    exchange: Exchange, differences: list[Difference], used: list[str]
) -> tuple[str, Pair] | None:
    for difference in differences:
        if difference.rewrite and difference.id not in used:
            pair = difference.rewrite(exchange)
            if pair is not None:
                return difference.id, pair
    return None


def stored_state(side: Side) -> list[tuple[str, dict[str, Any]]]:
    """The steps that show everything a scenario left behind."""
    requests = [("threads", {"type": "threads.list", "params": {"order": "asc", "limit": ALL}})]
    for number in range(1, len(side.names.kinds.get("thread", [])) + 1):
        thread = f"$thread{number}"
        listing = {"thread_id": thread, "limit": ALL}
        requests += [
            (thread, {"type": "threads.get_by_id", "params": {"thread_id": thread}}),
            (f"{thread}, items", {"type": "items.list", "params": {**listing, "order": "asc"}}),
            (f"{thread}, items backwards", {"type": "items.list", "params": {**listing, "order": "desc"}}),
        ]
    return [(title, {"request": request}) for title, request in requests]


def empty(side: Side) -> str | None:
    """Deletes every thread, so that the next scenario's `threads.list` sees its own only."""
    listing = {"type": "threads.list", "params": {"limit": ALL}}
    for thread in side.names.kinds.get("thread", []):
        side.client.ask({"type": "threads.delete", "params": {"thread_id": thread}})
    left = side.client.ask(listing)
    if left.get("body") == {"data": [], "has_more": False}:
        return None
    if left["status"] == 200:
        for thread in left["body"]["data"]:
            side.client.ask({"type": "threads.delete", "params": {"thread_id": thread["id"]}})
    return f"threads are left that no answer spoke of: {left}"


def is_hidden(item: dict[str, Any] | None) -> bool:
    return item is not None and item["type"] in HIDDEN_KINDS


def resolve(value: Any, names: Names) -> Any:
    """A request as it goes out: references replaced by ids, scripts turned into text."""
    if isinstance(value, str):
        return names.resolve(value) if REFERENCE.fullmatch(value) else value
    if isinstance(value, list):
        return [resolve(entry, names) for entry in value]
    if isinstance(value, dict):
        if value.keys() == {"$script"}:
            return json.dumps(resolve(value["$script"], names))
        return {key: resolve(entry, names) for key, entry in value.items()}
    return value


def report(title: str, request: Any, lines: tuple[list[str], list[str]], used: list[str]) -> str:
    expanded = [[row for line in side for row in pretty(json.loads(line)).splitlines()] for side in lines]
    diff = difflib.unified_diff(*expanded, "reference", "ours", lineterm="", n=6)
    explained = f"\ntried as deliberate: {', '.join(used)}" if used else ""
    return f"{title}: {pretty(request)}{explained}\n" + "\n".join(diff)


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
