"""A client of a server whose model is a provider of ours: what was answered, and what the model was asked for it."""

from __future__ import annotations

from typing import Any

import harness  # noqa: F401
from servers import Client, Observation

from asked import essence
from provider import Delivery, Provider

WORK = "<duration>"


class AgentClient(Client):
    """Asks one server. `delivery` is how the model's answers come to it."""

    def __init__(self, address: str, provider: Provider) -> None:
        super().__init__(address)
        self.provider = provider
        self.delivery: Delivery | None = None

    def ask(self, request: Any) -> Observation:
        """The answer, with what the model was asked meanwhile under `asked` and which recordings it was not under
        `unplayed`."""
        sent = {key: value for key, value in request.items() if key != "recordings"}
        assert self.delivery is not None
        self.provider.play(request.get("recordings", []), self.delivery)
        answer = super().ask(sent)
        answer["asked"] = [essence(body) for body in self.provider.asked()]
        answer["unplayed"] = self.provider.left()
        for part in answer.get("events", [answer.get("body")]):
            forget_durations(part)
        return answer


def forget_durations(value: Any) -> None:
    """How many seconds some work took depends on the machine."""
    if isinstance(value, dict):
        if isinstance(value.get("summary"), dict) and isinstance(value["summary"].get("duration"), (int, float)):
            value["summary"]["duration"] = WORK
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            forget_durations(entry)
