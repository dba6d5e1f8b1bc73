"""Widgets as finished items: what passes."""

from build import add, card, create, done, get, scenario, text, widget, widget_item

ACTION = {
    "type": "go",
    "payload": {"k": "v"},
    "handler": "client",
    "loadingBehavior": "self",
    "streaming": False,
}
ROW = {"type": "ListViewItem", "children": [text("row")], "onClickAction": ACTION}


def shown(name, root, **options):
    return scenario(f"widgets: {name}", create(widget(root, **options)), get("$thread1"))


SCENARIOS = [
    shown("a card", card(text("Hello", weight="bold", size="sm"), padding=4, asForm=True)),
    shown("an empty card", card()),
    shown("a card with a text to copy", card(text("Hello")), copy_text="Hello"),
    shown(
        "a list",
        {
            "type": "ListView",
            "children": [ROW, {**ROW, "gap": 2}],
            "limit": "auto",
            "status": {"text": "Two", "icon": "check"},
        },
    ),
    shown("a basic root", {"type": "Basic", "children": [text("Hello")], "anything": {"deep": [1, 2]}}),
    shown("a basic root with one child", {"type": "Basic", "children": text("Hello")}),
    shown(
        "nested boxes, images and buttons",
        card(
            {
                "type": "Row",
                "gap": 2,
                "children": [
                    {"type": "Icon", "name": "globe"},
                    {"type": "Spacer"},
                    {"type": "Title", "value": "T"},
                ],
            },
            {
                "type": "Col",
                "children": [
                    {"type": "Image", "src": "https://example.com/a.png", "alt": "a"},
                    {"type": "Divider"},
                ],
            },
            {"type": "Button", "label": "Go", "onClickAction": ACTION, "iconStart": "bolt", "block": True},
        ),
    ),
    shown(
        "a form",
        card(
            {
                "type": "Form",
                "onSubmitAction": ACTION,
                "children": [
                    {"type": "Input", "name": "n"},
                    {
                        "type": "Select",
                        "name": "s",
                        "options": [{"value": "a", "label": "A"}],
                        "onChangeAction": ACTION,
                    },
                ],
            }
        ),
    ),
    shown(
        "a card with confirm and cancel",
        card(confirm={"label": "Yes", "action": ACTION}, cancel={"label": "No", "action": ACTION}),
    ),
    shown(
        "a chart",
        card(
            {
                "type": "Chart",
                "data": [{"x": "a", "y": 1}, {"x": "b", "y": 2.5}],
                "series": [{"type": "bar", "dataKey": "y", "label": "Y"}],
                "xAxis": {"dataKey": "x"},
            }
        ),
    ),
    shown(
        "components beyond the known ones", card({"type": "Hologram", "depth": 3, "children": [text("x")]})
    ),
    shown("null fields are left out", card(text("x", id=None, size=None), size=None)),
    shown(
        "null fields are left out at every depth",
        card({"type": "Box", "padding": None, "children": [text("x", color=None)]}, status=None),
    ),
    shown("a transition without a child keeps its null", card({"type": "Transition", "children": None})),
    shown(
        "an action with its type alone",
        card({"type": "Button", "label": "Go", "onClickAction": {"type": "go"}}),
    ),
    shown("fields beyond the known ones", card(text("x", sparkle=True), glow="soft")),
    shown("a root without children", {"type": "Card"}),
    scenario(
        "widgets: as an item of its own",
        create(done(widget_item("w", card(text("x")), copy_text="c"))),
        add("$thread1", done(widget_item("w", card(text("y"))))),
        get("$thread1"),
    ),
]
