"""Answering a message again."""

from build import (
    add,
    assistant,
    create,
    done,
    fail,
    get,
    hidden,
    removed,
    retry,
    scenario,
    stream,
    thread,
    tool_call,
)

SCENARIOS = [
    scenario(
        "retry: the reply is replaced",
        create(stream("reply")),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario(
        "retry: the reply with its own ids",
        create(done(assistant("a", "x")), done(assistant("b", "y"))),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario(
        "retry: of the last message keeps the turns before",
        create(stream("1")),
        add("$thread1", stream("2")),
        retry("$thread1", "$user_message2"),
        get("$thread1"),
    ),
    scenario(
        "retry: of an earlier message removes the turns behind it",
        create(stream("1")),
        add("$thread1", stream("2")),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario(
        "retry: twice",
        create(stream("1")),
        retry("$thread1", "$user_message1"),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario(
        "retry: behind more than one page of items",
        create(*[done(assistant(f"m{n}", "x")) for n in range(45)]),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario("retry: with nothing to remove", create(), retry("$thread1", "$user_message1"), get("$thread1")),
    scenario(
        "retry: a reply that fails again",
        create(fail(message="boom", allow_retry=True)),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario(
        "retry: a reply that changes the thread",
        create(thread(title="T"), stream("x")),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario(
        "retry: removes a pending tool call",
        create(done(tool_call("t"))),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario(
        "retry: removes hidden items",
        create(done(hidden("h")), done(assistant("a", "x")), done(hidden("i")), removed("h")),
        retry("$thread1", "$user_message1"),
        get("$thread1"),
    ),
    scenario("retry: of an unknown item", create(stream("x")), retry("$thread1", "nobody"), get("$thread1")),
    scenario(
        "retry: of an assistant message",
        create(done(assistant("a", "x")), done(assistant("b", "y"))),
        retry("$thread1", "a"),
        get("$thread1"),
    ),
    scenario(
        "retry: of another thread's message",
        create(stream("x")),
        create(stream("y")),
        retry("$thread1", "$user_message2"),
        get("$thread1"),
    ),
    scenario("retry: in an unknown thread", retry("nowhere", "nobody")),
]
