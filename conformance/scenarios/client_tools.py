"""Tools that run in the page."""

from build import (
    add,
    assistant,
    create,
    done,
    get,
    hidden,
    request,
    resume_with,
    scenario,
    stream,
    thread,
    tool_call,
    tool_output,
)

CALL = create(resume_with(stream("Thanks")), done(tool_call("t", arguments={"q": [1, None]})))
PAGE = [done(assistant(f"m{number}", "x")) for number in range(21)]


def with_output(name, result):
    return scenario(f"client tools: {name}", CALL, tool_output("$thread1", result), get("$thread1"))


SCENARIOS = [
    with_output("the output is stored and the reply goes on", {"text": "Wow", "none": None}),
    with_output("an output that is a text", "plain"),
    with_output("an output that is a list", [1, 2.5, None, {"k": None}]),
    with_output("an output that is false", False),
    with_output("a null output is left out", None),
    scenario(
        "client tools: an output without the field result",
        CALL,
        request("threads.add_client_tool_output", thread_id="$thread1"),
        get("$thread1"),
    ),
    scenario(
        "client tools: without a reply",
        create(done(tool_call("t"))),
        tool_output("$thread1", {"ok": True}),
        get("$thread1"),
    ),
    scenario(
        "client tools: the reply calls again",
        create(resume_with(done(tool_call("u"))), done(tool_call("t"))),
        tool_output("$thread1", 1),
        tool_output("$thread1", 2),
        get("$thread1"),
    ),
    scenario(
        "client tools: an output twice",
        CALL,
        tool_output("$thread1", 1),
        tool_output("$thread1", 2),
        get("$thread1"),
    ),
    scenario(
        "client tools: an output with nothing pending",
        create(stream("x")),
        tool_output("$thread1", 1),
        get("$thread1"),
    ),
    scenario("client tools: an output in an unknown thread", tool_output("nowhere", 1)),
    scenario(
        "client tools: an output after the user went on",
        CALL,
        add("$thread1", stream("other")),
        tool_output("$thread1", 1),
        get("$thread1"),
    ),
    scenario(
        "client tools: an output with a hidden item behind the call",
        create(resume_with(stream("x")), done(tool_call("t")), done(hidden("h"))),
        tool_output("$thread1", 1),
        get("$thread1"),
    ),
    scenario(
        "client tools: two calls in one turn",
        create(thread(title="T"), done(tool_call("t")), done(tool_call("u"))),
        get("$thread1"),
        tool_output("$thread1", 1),
        get("$thread1"),
    ),
    scenario(
        "client tools: a call that the user passed over is removed by the next output",
        create(done(tool_call("t"))),
        add("$thread1", done(tool_call("u"))),
        tool_output("$thread1", 1),
        get("$thread1"),
    ),
    scenario(
        "client tools: calls passed over are removed however far back",
        create(done(tool_call("t"))),
        add("$thread1", *PAGE, done(tool_call("u"))),
        tool_output("$thread1", 1),
        get("$thread1"),
    ),
    scenario(
        "client tools: a completed call is not pending",
        create(done(tool_call("t", status="completed", output=1))),
        tool_output("$thread1", 2),
        get("$thread1"),
    ),
]
