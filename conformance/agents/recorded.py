"""What recordings hold, as far as deliberate differences depend on it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from provider import CHAT_COMPLETIONS, RECORDINGS, RESPONSES, lines_of

HOSTED = ("web_search_call", "file_search_call", "code_interpreter_call", "mcp_call")
"""The kinds of a provider's own tools whose calls mean something to a user."""


@cache
def events(recording: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines_of(recording)]


def ends_with(recording: str, kind: str) -> bool:
    return events(recording)[-1].get("type") == kind


def refusals(recording: str) -> list[str]:
    if recording.startswith(CHAT_COMPLETIONS):
        return [text] if (text := joined(recording, "refusal")) else []
    return [event["refusal"] for event in events(recording) if event["type"] == "response.refusal.done"]


def failure(recording: str) -> str | None:
    """What the provider says of a failure."""
    for event in events(recording):
        error = event.get("error") or (event.get("response") or {}).get("error")
        if error:
            return error["message"]
    return None


def hosted_calls(recording: str) -> int:
    items = [event["item"] for event in events(recording) if event.get("type") == "response.output_item.done"]
    return sum(item["type"] in HOSTED for item in items)


@cache
def thoughts_themselves() -> list[str]:
    """Thoughts that a model shows as they are, not summed up, in any recording."""
    found = [
        event["text"]
        for recording in every(RESPONSES)
        for event in events(recording)
        if event["type"] == "response.reasoning_text.done"
    ]
    return found + [text for recording in every(CHAT_COMPLETIONS) if (text := joined(recording, "reasoning"))]


def every(api: str) -> list[str]:
    return [f"{api}/{file.stem}" for file in sorted((RECORDINGS / api).glob("*.jsonl"))]


def joined(recording: str, field: str) -> str:
    """A field of all the deltas of completions, as one text."""
    choices = [choice for event in events(recording) for choice in event.get("choices", [])]
    return "".join(choice["delta"].get(field) or "" for choice in choices)
