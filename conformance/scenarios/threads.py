"""Making, reading, renaming and deleting threads."""

from build import add, assistant, create, done, get, items, refused, request, scenario, threads

HELLO = done(assistant("hello", "Hello"))

SCENARIOS = [
    scenario("threads: create answers with the thread, the message, the options, the reply", create(HELLO)),
    scenario("threads: create without a reply stores the message", create(), get("$thread1")),
    scenario("threads: each create makes a thread of its own", create(HELLO), create(HELLO), threads()),
    scenario(
        "threads: get_by_id has the metadata and the items in order",
        create(HELLO),
        add("$thread1", HELLO),
        get("$thread1"),
    ),
    scenario(
        "threads: get_by_id shows the first page of a long thread",
        create(*[done(assistant(f"m{number}", f"{number}")) for number in range(25)]),
        get("$thread1"),
    ),
    scenario("threads: get_by_id of an unknown thread", refused(404, get("nowhere"))),
    scenario(
        "threads: update sets the title",
        create(HELLO),
        request("threads.update", thread_id="$thread1", title="Named"),
        get("$thread1"),
    ),
    scenario(
        "threads: update sets an empty title",
        create(HELLO),
        request("threads.update", thread_id="$thread1", title=""),
        get("$thread1"),
    ),
    scenario(
        "threads: update keeps status, image domains and place in the list",
        create(
            {"thread": {"status": {"type": "locked", "reason": "r"}, "allowed_image_domains": ["a.example"]}}
        ),
        create(),
        request("threads.update", thread_id="$thread1", title="Named"),
        get("$thread1"),
        threads(),
    ),
    scenario(
        "threads: update of an unknown thread",
        refused(404, request("threads.update", thread_id="nowhere", title="Named")),
    ),
    scenario(
        "threads: delete takes the thread and its items",
        create(HELLO),
        create(HELLO),
        request("threads.delete", thread_id="$thread1"),
        threads(),
        refused(404, get("$thread1")),
        refused(404, items("$thread1")),
        get("$thread2"),
    ),
    scenario(
        "threads: a deleted thread takes no message",
        create(HELLO),
        request("threads.delete", thread_id="$thread1"),
        add("$thread1", HELLO),
    ),
    scenario("threads: delete of an unknown thread", request("threads.delete", thread_id="nowhere")),
    scenario(
        "threads: the same item ids in two threads do not touch each other",
        create(done(assistant("same", "one"))),
        create(done(assistant("same", "two"))),
        get("$thread1"),
        get("$thread2"),
        request("threads.delete", thread_id="$thread1"),
        get("$thread2"),
    ),
]
