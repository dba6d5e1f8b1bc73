"""Questions to the user and their answers."""

from build import (
    add,
    assistant,
    choice,
    create,
    done,
    fail,
    freeform,
    get,
    questions,
    resume_with,
    scenario,
    stream,
    submit,
    thread,
)

ASK = done(
    questions("q", choice("one", "a", "b"), choice("many", "a", "b", "c", multiple=True), freeform("free"))
)


def answered(name, answers, status=None, *more):
    return scenario(
        f"structured input: {name}",
        create(resume_with(stream("Thanks")), ASK),
        submit("$thread1", "q", answers, status),
        get("$thread1"),
        *more,
    )


SCENARIOS = [
    answered(
        "answers replace the item and the reply goes on",
        {"one": {"values": ["b"]}, "many": {"values": ["c", "a"]}, "free": {"values": ["my own"]}},
    ),
    answered("an own answer to a choice is kept", {"one": {"values": ["neither"]}}),
    answered("answers that are left out are skipped", {"free": {"values": ["x"]}}),
    answered("no answers at all are all skipped", {}),
    answered("unknown questions are ignored", {"one": {"values": ["a"]}, "nobody": {"values": ["x"]}}),
    answered(
        "a single choice takes the first value only",
        {"one": {"values": ["b", "a"]}, "free": {"values": ["x", "y"]}},
    ),
    answered("a skipped answer loses its values", {"one": {"values": ["a"], "skipped": True}}),
    answered("an answer without values is skipped", {"one": {"values": []}, "many": {}}),
    answered("a skipped submission skips every answer", {"one": {"values": ["a"]}}, "skipped"),
    answered("an answered submission says so", {"one": {"values": ["a"]}}, "answered"),
    answered(
        "a second submission is refused",
        {"one": {"values": ["a"]}},
        None,
        submit("$thread1", "q", {"one": {"values": ["b"]}}),
        get("$thread1"),
    ),
    answered(
        "a submission after a skipped one is refused",
        {},
        "skipped",
        submit("$thread1", "q", {"one": {"values": ["b"]}}),
    ),
    scenario(
        "structured input: without a reply",
        create(ASK),
        submit("$thread1", "q", {"one": {"values": ["a"]}}),
        get("$thread1"),
    ),
    scenario(
        "structured input: the reply fails",
        create(resume_with(fail(message="boom")), ASK),
        submit("$thread1", "q", {}),
        get("$thread1"),
    ),
    scenario(
        "structured input: the reply changes the thread",
        create(resume_with(thread(title="T"), stream("x")), ASK),
        submit("$thread1", "q", {}),
        get("$thread1"),
    ),
    scenario(
        "structured input: the reply knows its thread",
        create(resume_with(done(assistant("a", "thread $THREAD"))), ASK),
        submit("$thread1", "q", {}),
        get("$thread1"),
    ),
    scenario(
        "structured input: keeps its place",
        create(ASK, done(assistant("a", "x"))),
        add("$thread1", stream("y")),
        submit("$thread1", "q", {}),
        get("$thread1"),
    ),
    scenario("structured input: of an unknown item", create(ASK), submit("$thread1", "nobody", {})),
    scenario(
        "structured input: of an item that asks nothing",
        create(done(assistant("a", "x"))),
        submit("$thread1", "a", {}),
    ),
    scenario("structured input: in an unknown thread", submit("nowhere", "q", {})),
    scenario(
        "structured input: with an unknown status",
        create(ASK),
        submit("$thread1", "q", {}, "maybe"),
        get("$thread1"),
    ),
]
