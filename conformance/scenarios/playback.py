"""The playback responder itself."""

from build import act, assistant, create, done, get, plain, request, scenario, stream

NO_SCRIPT_ACTION = request(
    "threads.custom_action", thread_id="$thread1", action={"type": "play", "payload": 5}
)

SCENARIOS = [
    scenario(
        "playback: a text that is no script is answered so",
        request("threads.create", input=plain("Hello!")),
        get("$thread1"),
    ),
    scenario(
        "playback: texts that are JSON and no script",
        request("threads.create", input=plain("[]")),
        request("threads.create", input=plain('{"steps": 1}')),
        request("threads.create", input=plain("{}")),
    ),
    scenario("playback: an action's payload that is no script", create(), NO_SCRIPT_ACTION, get("$thread1")),
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
