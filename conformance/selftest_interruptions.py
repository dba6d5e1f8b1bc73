"""Proves that what an interruption leaves behind is compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from build import added, assistant, card, create, get, scenario, stream, widget_item
from interrupting import InterruptingClient, InterruptionFailed, interrupted, stored
from interruption_differences import DIFFERENCES
from interruption_scenarios import REACHED, stays
from play import Difference, Stage, play
from servers import Observation
from stored import in_reference

Mutation = Callable[[Any, Observation], None]
Addresses = Callable[[], tuple[str, str]]

MESSAGE = scenario(
    "in a message",
    interrupted(create(*stays(added(assistant("a", "half")))), REACHED),
    get("$thread1"),
    stored("$thread1"),
)
WIDGET = scenario("in a widget", interrupted(create(*stays(added(widget_item("w", card())))), REACHED))
OVER = scenario("too late", interrupted(create(stream("x")), REACHED))


class Mutated(InterruptingClient):
    """The reference, with one thing changed in its answers."""

    mutate: Mutation

    def ask(self, request: Any) -> Observation:
        answer = super().ask(request)
        self.mutate(request, answer)
        return answer


def unchanged(_: Any, answer: Observation) -> None:
    pass


def failures_of(
    cut_short: Any, addresses: Addresses, mutate: Mutation = unchanged, differences: Sequence[Difference] = ()
) -> list[str]:
    one, other = addresses()
    reference = InterruptingClient(one, in_reference(one), hasty=False)
    mutated = Mutated(other, in_reference(other), hasty=False)
    mutated.mutate = mutate
    stage = Stage((reference, mutated), (one, other), list(differences), strict=False)
    return play(cut_short, stage).failures


def in_store(change: Callable[[list[Any]], Any]) -> Mutation:
    """Changes everything that is stored."""

    def mutate(request: Any, answer: Observation) -> None:
        if request.get("type") == "stored":
            change(answer["body"]["data"])

    return mutate


def shown_no_more(request: Any, answer: Observation) -> None:
    if request.get("type") == "threads.get_by_id":
        answer["body"]["items"]["data"].pop()


MUTATIONS: dict[str, Mutation] = {
    "there is no note": in_store(lambda items: items.pop()),
    "the note says something else": in_store(lambda items: items[-1].update(content="Go on.")),
    "the note comes twice": in_store(lambda items: items.append({**items[-1], "id": "again"})),
    "the note comes before what was kept": in_store(lambda items: items.insert(1, items.pop())),
    "what was shown is lost": in_store(lambda items: items.pop(1)),
    "the reply went on unseen": in_store(lambda items: items[1]["content"][0].update(text="half and half")),
    "what was kept is not shown": shown_no_more,
}


def interruption_checks(addresses: Addresses) -> list[Callable[[], None]]:
    """The checks, which need the addresses of two reference servers once they run."""

    def what_an_interruption_leaves_is_compared() -> None:
        assert failures_of(MESSAGE, addresses) == []
        for name, mutate in MUTATIONS.items():
            assert failures_of(MESSAGE, addresses, mutate), f"not found: {name}"
            assert failures_of(MESSAGE, addresses, mutate, DIFFERENCES), f"explained away: {name}"

    def a_widget_that_an_interruption_takes_away_is_found() -> None:
        assert failures_of(WIDGET, addresses) == []
        failures = failures_of(WIDGET, addresses, differences=DIFFERENCES)
        assert failures and '"w"' in "".join(failures), failures

    def a_stream_that_was_not_interrupted_is_an_error() -> None:
        try:
            failures_of(OVER, addresses)
        except InterruptionFailed:
            return
        raise AssertionError("nobody noticed")

    return [
        what_an_interruption_leaves_is_compared,
        a_widget_that_an_interruption_takes_away_is_found,
        a_stream_that_was_not_interrupted_is_an_error,
    ]
