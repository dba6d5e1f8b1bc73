"""Widgets that change while they are streamed."""

from build import card, create, get, scenario, text, widget


def streamed(name, *roots, **options):
    return scenario(f"widget streams: {name}", create(widget(*roots, **options)), get("$thread1"))


def box(*children, **fields):
    return {"type": "Box", "children": list(children), **fields}


def live(value, **fields):
    return text(value, id="t", streaming=True, **fields)


SCENARIOS = [
    streamed("the same root again sends no update", card(), card()),
    streamed(
        "a text that grows is sent as deltas",
        card(live("")),
        card(live("Hel")),
        card(live("Hello")),
        copy_text="Hello",
    ),
    streamed(
        "a text that no longer streams says so",
        card(live("Hello")),
        card(text("Hello, world", id="t", streaming=False)),
    ),
    streamed(
        "a text without the streaming field is done with each delta",
        card(text("a", id="t")),
        card(text("ab", id="t")),
    ),
    streamed(
        "Markdown grows as well",
        card({"type": "Markdown", "id": "m", "value": "#", "streaming": True}),
        card({"type": "Markdown", "id": "m", "value": "# Title", "streaming": True}),
    ),
    streamed(
        "two texts grow at once",
        card(live("a"), text("b", id="u", streaming=True)),
        card(live("aa"), text("bb", id="u", streaming=True)),
    ),
    streamed("deep texts grow", card(box(box(live("a")))), card(box(box(live("ab"))))),
    streamed("a text that is rewritten", card(live("Hello")), card(live("World"))),
    streamed("a text that becomes shorter", card(live("Hello")), card(live("Hell"))),
    streamed("a text without an id that is rewritten", card(text("Hello")), card(text("World"))),
    streamed("a text without an id that grows", card(text("Hello")), card(text("Hello, world"))),
    streamed(
        "a text inside a transition that grows",
        card({"type": "Transition", "children": live("a")}),
        card({"type": "Transition", "children": live("ab")}),
    ),
    streamed("a text that changes its look", card(live("a", size="sm")), card(live("a", size="lg"))),
    streamed(
        "a text that grows and changes its look", card(live("a", size="sm")), card(live("ab", size="lg"))
    ),
    streamed("one more child", card(live("a")), card(live("a"), text("b"))),
    streamed("one child less", card(live("a"), text("b")), card(live("a"))),
    streamed(
        "a child of another type", card(text("a", id="c")), card({"type": "Title", "value": "a", "id": "c"})
    ),
    streamed("a child with another id", card(text("a", id="c")), card(text("a", id="d"))),
    streamed("a child with another key", card(text("a", id="t", key="1")), card(text("a", id="t", key="2"))),
    streamed("another root", card(text("a")), {"type": "Basic", "children": [text("a")]}),
    streamed("a field of the root", card(size="sm"), card(size="lg")),
    streamed(
        "a subtree with an id",
        card(box(text("a"), id="b"), text("z")),
        card(box(text("x"), text("y"), id="b"), text("z")),
    ),
    streamed(
        "two subtrees with ids",
        card(box(text("a"), id="b"), box(text("c"), id="d")),
        card(box(text("x"), id="b"), box(text("y"), id="d")),
    ),
    streamed(
        "a subtree with an id inside one with an id",
        card(box(box(text("a"), id="in"), id="out")),
        card(box(box(text("b"), id="in"), id="out")),
    ),
    streamed(
        "a subtree changes while a text grows",
        card(box(text("a"), id="b"), live("1")),
        card(box(text("x"), id="b"), live("12")),
    ),
    streamed(
        "an update, then a delta, then an update",
        card(live("a")),
        card(live("b")),
        card(live("bc")),
        card(live("x")),
    ),
    streamed(
        "the same id twice",
        card(text("a", id="t"), text("b", id="t")),
        card(text("a", id="t"), text("bc", id="t")),
    ),
    streamed(
        "components beyond the known ones",
        card({"type": "Hologram", "id": "h", "depth": 1}),
        card({"type": "Hologram", "id": "h", "depth": 2}),
    ),
    streamed(
        "a component beyond the known ones gets a field",
        card({"type": "Hologram", "id": "h"}),
        card({"type": "Hologram", "id": "h", "depth": 2}),
    ),
    streamed(
        "a basic root grows",
        {"type": "Basic", "children": [live("a")]},
        {"type": "Basic", "children": [live("ab")]},
    ),
    streamed(
        "a list gets rows",
        {"type": "ListView", "children": []},
        {"type": "ListView", "children": [{"type": "ListViewItem", "id": "r", "children": [text("a")]}]},
    ),
]
