"""Thumbs up and down."""

from build import assistant, create, done, feedback, get, refused, scenario

REPLY = create(done(assistant("a", "x")), done(assistant("b", "y")))

SCENARIOS = [
    scenario("feedback: positive on one item", REPLY, feedback("$thread1", ["a"])),
    scenario(
        "feedback: negative on all items of a turn",
        REPLY,
        feedback("$thread1", ["$user_message1", "a", "b"], "negative"),
    ),
    scenario("feedback: changes nothing that is shown", REPLY, feedback("$thread1", ["a"]), get("$thread1")),
    scenario(
        "feedback: changed its mind",
        REPLY,
        feedback("$thread1", ["a"]),
        feedback("$thread1", ["a"], "negative"),
    ),
    scenario("feedback: on no item", REPLY, feedback("$thread1", [])),
    scenario("feedback: of an unknown kind", REPLY, refused(422, feedback("$thread1", ["a"], "meh"))),
    scenario("feedback: in an unknown thread", refused(404, feedback("nowhere", ["a"]))),
]
