"""Shapes of answers that the deliberate differences speak of."""

from __future__ import annotations

from typing import Any

from build import YIELDED
from servers import Observation

STREAMING_OPS = {
    "threads.create",
    "threads.add_user_message",
    "threads.add_client_tool_output",
    "threads.add_structured_input",
    "threads.retry_after_item",
    "threads.custom_action",
}
UNEXPECTED = {"type": "error", "code": "stream.error", "allow_retry": True}
SOME_ERROR = {"type": "error", "which": "one that says what was refused"}


def stream_of(*events: Any) -> Observation:
    return {"status": 200, "content_type": "text/event-stream", "events": list(events), "broken": False}


def is_error(event: Any) -> bool:
    """An `error` event that a client can show."""
    if not isinstance(event, dict) or event.get("type") != "error":
        return False
    shown = isinstance(event.get("message"), str) and event["message"] != ""
    return event.keys() <= {"type", "code", "message", "allow_retry"} and (
        shown or event.get("code") != "custom"
    )


def is_refusal(answer: Observation) -> bool:
    """A stream that is one `error` event and nothing else."""
    return is_stream(answer) and len(answer["events"]) == 1 and is_error(answer["events"][0])


def is_stream(answer: Observation) -> bool:
    return answer["status"] == 200 and answer.get("broken") is False


def is_json_refusal(answer: Observation, *statuses: int) -> bool:
    """A JSON answer of one of these statuses that says why."""
    body = answer.get("body")
    return (
        answer["status"] in statuses
        and answer["content_type"] == "application/json"
        and isinstance(body, dict)
        and body.keys() == {"message"}
        and isinstance(body["message"], str)
        and body["message"] != ""
    )


def started(answer: Observation) -> bool:
    """Whether the stream got as far as the responder."""
    return any(event.get("type") == "stream_options" for event in answer.get("events", []))


def failed(answer: Observation) -> bool:
    """Whether a responder ended with an error, as opposed to sending an `error` event itself."""
    events = [event for event in answer.get("events", []) if event.get("type") != "thread.updated"]
    if not started(answer) or not events or events[-1].get("type") != "error":
        return False
    return not events[-1].get("message", "").startswith(YIELDED)
