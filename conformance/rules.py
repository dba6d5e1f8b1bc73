"""Rules that every answer of ours keeps, whatever the reference does."""

from __future__ import annotations

import re

from normalise import entities_in
from servers import Observation

HIDDEN = {"hidden_context_item", "sdk_hidden_context"}
# The stock client makes ids with these beginnings itself.
RESERVED_ID = re.compile(r"client_|@@__oai_ckst__@@:")
OFFSET = re.compile(r"(Z|[+-]\d\d:\d\d)$")


def broken_rules(answer: Observation, minted: dict[str, str]) -> list[str]:
    """What is wrong with an answer of ours, in words."""
    problems = []
    for part in answer.get("events", [answer.get("body")]):
        for entity, kind in entities_in(part):
            if kind in HIDDEN:
                problems.append(f"a hidden item leaves the server: {entity}")
            if "created_at" in entity and not OFFSET.search(str(entity["created_at"])):
                problems.append(f"a time without an offset: {entity['created_at']}")
            if kind is None and entity.get("has_more") and not entity.get("data"):
                problems.append("an empty page says that there is more")
    problems += [f"a reserved id: {id}" for id in minted if RESERVED_ID.match(id)]
    if answer["status"] >= 500:
        problems.append(f"status {answer['status']}")
    return problems
