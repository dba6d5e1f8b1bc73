"""What the app's agent does besides answering, which the reference leaves to whoever writes a server with it."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from typing import Any

import harness  # noqa: F401
from play import Difference, Exchange, Pair

from scenarios import FIRST, MORE

THINKING = {"type": "progress_update", "icon": "clock", "text": "Thinking…"}
OVER = {"type": "progress_update", "icon": "check", "text": ""}
TITLES = (FIRST, MORE)
CONTENT_TIMEOUT_S = 15.0


def thinking(exchange: Exchange) -> Pair | None:
    """The first sign of life is `THINKING`; `OVER` comes with the first thing there is to see, if anything does."""
    ours = exchange.ours.get("events", [])
    begins = next((at for at, event in enumerate(ours) if event["type"] == "stream_options"), len(ours)) + 1
    if ours[begins : begins + 1] != [THINKING] or ours.count(OVER) > 1:
        return None
    left = [event for at, event in enumerate(ours) if at != begins and event != OVER]
    return exchange.reference, {**exchange.ours, "events": left}


def titles(exchange: Exchange) -> Pair | None:
    """A thread has the message as its title that was the first to be answered."""
    told = [
        at
        for at, event in enumerate(exchange.ours.get("events", []))
        if event["type"] == "thread.updated" and event["thread"].get("title") in TITLES
    ]
    if told not in ([], [len(exchange.ours.get("events", [])) - 1]):
        return None
    left = {**exchange.ours}
    if told:
        left["events"] = exchange.ours["events"][:-1]
    if "body" in left:
        left["body"] = untitled(left["body"])
    return None if left == exchange.ours else (exchange.reference, left)


def untitled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: untitled(one) for key, one in value.items() if key != "title" or one not in TITLES}
    return [untitled(one) for one in value] if isinstance(value, list) else value


def images(exchange: Exchange) -> Pair | None:
    """Ours with what is behind the addresses of images in their place. An image in the making is not kept when the
    whole one is there: it must be gone then."""
    client = exchange.our_side.client
    prefix = f"http://{client.host}:{client.port}/attachments/"
    making = [update for event in exchange.reference.get("events", []) if (update := making_of(event))]

    def inlined(value: Any) -> Any:
        if isinstance(value, list):
            return [inlined(one) for one in value]
        if isinstance(value, dict):
            update = making_of(value)
            if update and making and fetched(update["image"]["url"]) is None:
                return {**value, "update": {**update, "image": making.pop(0)["image"]}}
            return {key: inlined(one) for key, one in value.items()}
        return fetched(value) or value if isinstance(value, str) and value.startswith(prefix) else value

    ours = inlined(exchange.ours)
    return None if ours == exchange.ours else (exchange.reference, ours)


def making_of(event: dict[str, Any]) -> dict[str, Any] | None:
    """The update of an image in the making, if an event is one."""
    update = event.get("update")
    return update if isinstance(update, dict) and update["type"] == "generated_image.updated" else None


def fetched(url: str) -> str | None:
    """The bytes at an address as an address of their own; nothing if they are gone."""
    try:
        with urllib.request.urlopen(url, timeout=CONTENT_TIMEOUT_S) as response:
            kind = response.headers.get_content_type()
            return f"data:{kind};base64,{base64.b64encode(response.read()).decode()}"
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


APP_DIFFERENCES = [
    Difference(
        "the-app-keeps-images",
        "Images are kept beside the thread and shown by address, which gives the same bytes.",
        rewrite=images,
    ),
    Difference("the-app-says-that-it-thinks", "There is a progress update until there is an answer.", rewrite=thinking),
    Difference("the-app-writes-titles", "A thread is called after its first message.", rewrite=titles),
]
