"""A client that goes away in the middle of a stream, and the requests that make it."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import closing
from typing import Any

from build import Json, request
from servers import HEADERS, TIMEOUT_S, Client, Observation, events_of
from stored import ReadsThread

NOTE = "sdk_hidden_context"
"""The kind of the note that a cancelled response leaves for the model."""
POLL_S = 0.002


def interrupted(asked: Json, until: Any, at_once: bool = False) -> Json:
    """A request whose client goes away at the first event that contains the pattern `until`.

    The scenario goes on when the server has cleaned up. With `at_once` only the reference gets time for that:
    our server is asked the next thing straight away, as the stock client does, and must not show a difference.
    """
    return {**asked, "until": until, "at_once": at_once}


def stored(thread: str, in_haste: bool = False) -> Json:
    """A step that looks at everything in a thread, hidden items too.

    `in_haste` says that something was sent before the server had cleaned up.
    """
    return {"request": request("stored", thread_id=thread, in_haste=in_haste), "inside": True}


class InterruptionFailed(Exception):
    """A server did not stream up to where its client leaves, or did not clean up after that."""


class InterruptingClient(Client):
    """A client that also takes `interrupted` and `stored` requests."""

    def __init__(self, address: str, items_of: ReadsThread, hasty: bool) -> None:
        super().__init__(address)
        self.items_of = items_of
        self.hasty = hasty
        """Whether `at_once` is obeyed."""

    def ask(self, request: Any) -> Observation:
        if isinstance(request, dict) and request.get("type") == "stored":
            body = {"data": self.items_of(request["params"]["thread_id"]), "has_more": False}
            return {"status": 200, "content_type": "application/json", "body": body}
        if isinstance(request, dict) and "until" in request:
            sent = {key: value for key, value in request.items() if key not in ("until", "at_once")}
            return self.interrupt(sent, request["until"], request["at_once"] and self.hasty)
        return super().ask(request)

    def interrupt(self, request: Json, until: Any, at_once: bool) -> Observation:
        """What was seen before the client left. Unless `at_once`, waits for the note that says why it ended."""
        thread = request["params"].get("thread_id")
        known = self.notes_in(thread) if thread else set()
        # A connection of its own: the one for the other requests outlives it.
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        with closing(connection):
            connection.request("POST", "/chatkit", json.dumps(request).encode(), HEADERS)
            events = read_until(connection.getresponse(), until)
        if not at_once:
            self.wait_for_note(thread or events[0]["thread"]["id"], known)
        return {"status": 200, "content_type": "text/event-stream", "events": events, "broken": False}

    def wait_for_note(self, thread: str, known: set[str]) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while self.notes_in(thread) <= known:
            if time.monotonic() > deadline:
                raise InterruptionFailed(f"{self.host}:{self.port} left no note in {thread}")
            time.sleep(POLL_S)

    def notes_in(self, thread: str) -> set[str]:
        return {item["id"] for item in self.items_of(thread) if item["type"] == NOTE}


def read_until(response: http.client.HTTPResponse, until: Any) -> list[Any]:
    """The events up to the last that had come when the first with the pattern `until` had."""
    received = b""
    while chunk := response.read1():
        received += chunk
        whole = received[: received.rfind(b"\n\n") + 2]
        events = events_of(whole.decode())
        if any(contains(event, until) for event in events):
            return events
    raise InterruptionFailed(f"status {response.status}, the stream ended before {until}: {received!r}")


def contains(value: Any, pattern: Any) -> bool:
    """Whether an object has what a pattern has, fields within fields."""
    if isinstance(pattern, dict) and isinstance(value, dict):
        return all(key in value and contains(value[key], part) for key, part in pattern.items())
    return value == pattern
