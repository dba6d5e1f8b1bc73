"""Hidden items are stored for the responder and never leave the server."""

from build import (
    add,
    added,
    assistant,
    create,
    done,
    get,
    hidden,
    items,
    removed,
    replaced,
    retry,
    scenario,
    sdk_hidden,
    stream,
    threads,
)

MIXED = [done(hidden("h0"))] + [
    step
    for number in range(6)
    for step in (done(assistant(f"m{number}", "x")), done(hidden(f"h{number + 1}", {"n": number})))
]

SCENARIOS = [
    scenario(
        "hidden items: done is swallowed",
        create(done(hidden("h")), stream("x"), done(sdk_hidden("s"))),
        get("$thread1"),
        items("$thread1"),
    ),
    scenario("hidden items: nothing else in the turn", create(done(hidden("h"))), get("$thread1")),
    scenario("hidden items: added", create(added(hidden("h")), stream("x")), get("$thread1")),
    scenario(
        "hidden items: replaced",
        create(done(hidden("h")), replaced(hidden("h", "more")), stream("x")),
        get("$thread1"),
    ),
    scenario(
        "hidden items: a shown item replaced by a hidden one",
        create(done(assistant("a", "x")), replaced(hidden("a"))),
        get("$thread1"),
    ),
    scenario("hidden items: removed", create(done(hidden("h")), removed("h"), stream("x")), get("$thread1")),
    scenario(
        "hidden items: done again as a shown one",
        create(done(hidden("a")), done(assistant("b", "1")), done(assistant("a", "2"))),
        get("$thread1"),
    ),
    scenario(
        "hidden items: pages are full without them, forwards",
        create(*MIXED),
        items("$thread1", limit=3, order="asc"),
        items("$thread1", limit=2, order="asc", after="m2"),
    ),
    scenario(
        "hidden items: pages are full without them, backwards",
        create(*MIXED),
        items("$thread1", limit=3),
        items("$thread1", limit=2, after="m3"),
    ),
    scenario(
        "hidden items: the last page knows that it is the last",
        create(done(assistant("a", "x")), done(hidden("h"))),
        items("$thread1", limit=2, order="asc"),
        items("$thread1", limit=1, order="asc", after="$user_message1"),
    ),
    scenario(
        "hidden items: no page of them alone",
        create(*[done(hidden(f"h{number}")) for number in range(25)]),
        add("$thread1", stream("x")),
        get("$thread1"),
        items("$thread1", order="desc"),
        items("$thread1", order="asc"),
    ),
    scenario(
        "hidden items: a retry removes them too",
        create(done(hidden("h")), stream("x")),
        retry("$thread1", "$user_message1"),
        items("$thread1", limit=2),
        threads(),
    ),
]
