"""Pages of items and of threads."""

from build import add, assistant, create, done, get, items, refused, scenario, threads

FIVE = [done(assistant(f"m{number}", f"{number}")) for number in range(5)]
MANY = [done(assistant(f"m{number}", "x")) for number in range(1001)]


def of_items(name, *paging):
    return scenario(f"lists: items: {name}", create(*FIVE), *[items("$thread1", **page) for page in paging])


def of_threads(name, *paging):
    return scenario(
        f"lists: threads: {name}", *[create() for _ in range(4)], *[threads(**page) for page in paging]
    )


SCENARIOS = [
    of_items("newest first unless asked otherwise", {}, {"order": "desc"}, {"order": "asc"}),
    of_items("a limit, both orders", {"limit": 2}, {"limit": 2, "order": "asc"}),
    of_items(
        "page by page forwards",
        {"limit": 2, "order": "asc", "after": "$user_message1"},
        {"limit": 2, "order": "asc", "after": "m1"},
        {"limit": 2, "order": "asc", "after": "m3"},
    ),
    of_items(
        "page by page backwards",
        {"limit": 2, "after": "m3"},
        {"limit": 2, "after": "m1"},
        {"limit": 2, "after": "$user_message1"},
    ),
    of_items("a limit that fits exactly", {"limit": 6}, {"limit": 5, "after": "m4"}),
    of_items("behind the last item", {"order": "asc", "after": "m4"}),
    of_items("no limit given and a null limit", {"limit": None}, {"after": None}),
    of_items("a limit of zero is the default", {"limit": 0}),
    of_items("a limit of one", {"limit": 1}, {"limit": 1, "order": "asc"}),
    scenario(
        "lists: items: the default page has twenty",
        create(*MANY[:30]),
        items("$thread1"),
        items("$thread1", order="asc"),
        items("$thread1", after="m10"),
    ),
    scenario(
        "lists: items: the client's limit of 9999",
        create(*MANY[:30]),
        items("$thread1", limit=9999, order="asc"),
    ),
    scenario(
        "lists: items: no page has more than a thousand",
        create(*MANY),
        items("$thread1", limit=9999, order="asc"),
        items("$thread1", limit=9999, order="asc", after="m998"),
    ),
    scenario("lists: items: a negative limit", create(*FIVE), refused(422, items("$thread1", limit=-1))),
    scenario(
        "lists: items: an unknown order", create(*FIVE), refused(422, items("$thread1", order="sideways"))
    ),
    scenario("lists: items: behind an unknown item", create(*FIVE), items("$thread1", after="nobody")),
    scenario("lists: items: of an unknown thread", refused(404, items("nowhere"))),
    scenario(
        "lists: items: stay in place while more come",
        create(*FIVE),
        items("$thread1", limit=3),
        add("$thread1", done(assistant("new", "x"))),
        items("$thread1", limit=3, after="m2"),
    ),
    of_threads("newest first unless asked otherwise", {}, {"order": "desc"}, {"order": "asc"}),
    of_threads("a limit, both orders", {"limit": 3}, {"limit": 3, "order": "asc"}),
    of_threads(
        "page by page forwards",
        {"limit": 2, "order": "asc"},
        {"limit": 2, "order": "asc", "after": "$thread2"},
    ),
    of_threads(
        "page by page backwards",
        {"limit": 2},
        {"limit": 2, "after": "$thread3"},
        {"limit": 2, "after": "$thread1"},
    ),
    of_threads("the client's limit of 9999", {"limit": 9999, "order": "desc"}),
    scenario("lists: threads: none", threads(), threads(limit=5, order="asc")),
    scenario(
        "lists: threads: the default page has twenty",
        *[create() for _ in range(22)],
        threads(),
        threads(order="asc", after="$thread20"),
    ),
    scenario("lists: threads: behind an unknown thread", create(), threads(after="nowhere")),
    scenario("lists: threads: a negative limit", create(), refused(422, threads(limit=-3))),
    scenario(
        "lists: threads: items and metadata stay out",
        create({"thread": {"title": "T", "metadata": {"k": 1}}}, *FIVE),
        threads(),
    ),
    scenario(
        "lists: threads: a further message does not move a thread",
        create(),
        create(),
        add("$thread1", *FIVE),
        threads(),
        get("$thread1"),
    ),
]
