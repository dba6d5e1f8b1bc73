"""The playback responder itself."""

from build import act, assistant, create, done, get, plain, request, scenario, stream

SCENARIOS = [
    scenario(
        "playback: a text that is no script is answered so",
        request("threads.create", input=plain("Hello!")),
        get("$thread1"),
    ),
    scenario("playback: a script without steps", create(), get("$thread1")),
    scenario("playback: waiting", create({"sleep_ms": 1}, stream("x"))),
    scenario("playback: a text of no deltas", create({"text": {"deltas": 0, "delta": "x"}}), get("$thread1")),
    scenario("playback: a text with gaps", create({"text": {"deltas": 3, "delta": "x", "gap_ms": 1}})),
    scenario(
        "playback: the thread's id in every place",
        create(done(assistant("a", "in $THREAD and $THREAD"))),
        act("$thread1", done(assistant("b", "$THREAD"))),
        get("$thread1"),
    ),
]
