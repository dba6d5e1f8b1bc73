"""Events that a responder sends besides items."""

from build import (
    AT,
    assistant,
    card,
    create,
    done,
    error,
    event,
    get,
    progress,
    scenario,
    stream,
    url_source,
    widget,
)

THREAD = {
    "id": "$THREAD",
    "created_at": AT,
    "status": {"type": "active"},
    "items": {"data": [], "has_more": False},
}


def notice(**fields):
    return event({"type": "notice", "message": "Half of it **used**", **fields})


SCENARIOS = [
    scenario(
        "events: progress precedes the reply and is not stored",
        create(progress("Searching", "search"), done(assistant("a", "Found"))),
        get("$thread1"),
    ),
    scenario("events: progress without an icon, and cleared", create(progress("Working"), progress(""))),
    scenario(
        "events: progress with a vendor's icon",
        create(progress("Working", "vendor:spark"), progress("Working", "lucide:sun")),
    ),
    scenario(
        "events: progress with an icon beyond the published list", create(progress("Sending", "upload"))
    ),
    scenario(
        "events: a client effect with data",
        create(
            event({"type": "client_effect", "name": "confetti", "data": {"n": 3, "nested": {"none": None}}})
        ),
    ),
    scenario(
        "events: a client effect without data", create(event({"type": "client_effect", "name": "confetti"}))
    ),
    scenario(
        "events: notices of each level",
        create(notice(level="info"), notice(level="warning", title="Careful"), notice(level="danger")),
    ),
    scenario(
        "events: stream options changed in the middle",
        create(event({"type": "stream_options", "stream_options": {"allow_cancel": False}}), stream("x")),
    ),
    scenario(
        "events: an error event does not end the stream",
        create(error("one"), stream("goes on"), error("two", code="custom", allow_retry=True)),
    ),
    scenario(
        "events: an error event with the code alone",
        create(event({"type": "error", "code": "stream.error"}), stream("goes on")),
    ),
    scenario(
        "events: thread.updated sent by the responder passes and stores nothing",
        create(event({"type": "thread.updated", "thread": {**THREAD, "title": "Told"}})),
        get("$thread1"),
    ),
    scenario(
        "events: thread.created sent by the responder passes",
        create(event({"type": "thread.created", "thread": THREAD})),
        get("$thread1"),
    ),
    scenario(
        "events: unknown fields of an event are dropped",
        create(
            event({"type": "progress_update", "text": "x", "extra": 1}),
            event({"type": "client_effect", "name": "n", "extra": url_source("s")}),
        ),
    ),
    scenario(
        "events: a widget between progress and text", create(progress("a"), widget(card()), stream("b"))
    ),
]
