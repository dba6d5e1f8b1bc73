"""Random widgets, and random changes of them.

Only such as the reference sends on as they are: it fills in and drops fields of the components it knows
(`scenarios/widgets.py` shows that). A change never adds a field to a component and never takes one away.
"""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

from build import Json

ACTION = {
    "type": "go",
    "payload": {"k": "v"},
    "handler": "server",
    "loadingBehavior": "auto",
    "streaming": True,
}
TEXTS = ["", "Hello", "Hello, world", "b", "blå 🫐"]


class Widgets:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.ids = 0

    def roots(self) -> list[Json]:
        """One root, or a first root and later states of it."""
        states = [self.root()]
        while self.random.random() < 0.6 and len(states) < 5:
            states.append(self.changed(states[-1]))
        return states

    def root(self) -> Json:
        self.ids = 0
        kind = self.random.choices(["Card", "ListView", "Basic"], [6, 2, 2])[0]
        children = [self.component() for _ in range(self.random.randint(0, 3))]
        if kind == "ListView":
            children = [
                {"type": "ListViewItem", "children": [child], **self.maybe_id()} for child in children
            ]
        root: Json = {"type": kind, "children": children}
        if kind == "Card":
            root["size"] = self.random.choice(["sm", "lg"])
        return root

    def component(self, depth: int = 2) -> Json:
        makers = [self.text, self.text, self.text, self.markdown, self.title, self.button, self.beyond]
        if depth:
            makers += [lambda: self.box(depth), lambda: self.box(depth), lambda: self.transition(depth)]
        return self.random.choice(makers)()

    def maybe_id(self, chance: float = 0.5) -> Json:
        if self.random.random() < chance:
            self.ids += 1
            return {"id": f"t{self.ids}"}
        return {}

    def text(self) -> Json:
        streaming = self.random.choice([{}, {"streaming": True}, {"streaming": False}])
        return {
            "type": "Text",
            "value": self.random.choice(TEXTS),
            "size": "md",
            **self.maybe_id(0.8),
            **streaming,
        }

    def markdown(self) -> Json:
        return {
            "type": "Markdown",
            "value": self.random.choice(TEXTS),
            **self.maybe_id(0.8),
            "streaming": True,
        }

    def title(self) -> Json:
        return {"type": "Title", "value": self.random.choice(TEXTS), **self.maybe_id()}

    def button(self) -> Json:
        return {"type": "Button", "label": "Go", "onClickAction": ACTION, **self.maybe_id()}

    def beyond(self) -> Json:
        return {"type": "Hologram", "depth": self.random.randint(1, 3), **self.maybe_id()}

    def box(self, depth: int) -> Json:
        children = [self.component(depth - 1) for _ in range(self.random.randint(0, 2))]
        return {
            "type": self.random.choice(["Box", "Row", "Col"]),
            "children": children,
            "gap": 2,
            **self.maybe_id(),
        }

    def transition(self, depth: int) -> Json:
        return {"type": "Transition", "children": self.component(depth - 1), **self.maybe_id(0.3)}

    def changed(self, root: Json) -> Json:
        """A later state: one or two changes somewhere in it, or none."""
        after = deepcopy(root)
        for _ in range(self.random.choice([0, 1, 1, 1, 2])):
            self.change(self.random.choice(list(nodes(after))))
        return after

    def change(self, node: Json) -> None:
        kind = node["type"]
        if kind in ("Text", "Markdown"):
            grown = node["value"] + self.random.choice([" more", "!", ""])
            node["value"] = self.random.choices([grown, self.random.choice(TEXTS)], [5, 1])[0]
            if "streaming" in node and self.random.random() < 0.15:
                node["streaming"] = not node["streaming"]
        elif kind == "Title":
            node["value"] = self.random.choice(TEXTS)
        elif kind == "Button":
            node["label"] = self.random.choice(["Go", "Stop"])
        elif kind == "Hologram":
            node["depth"] = self.random.randint(1, 3)
        elif kind == "Card" and self.random.random() < 0.2:
            node["size"] = self.random.choice(["sm", "lg"])
        elif kind in ("Box", "Row", "Col", "Card", "Basic") and self.random.random() < 0.4:
            if node["children"] and self.random.random() < 0.5:
                node["children"].pop(self.random.randrange(len(node["children"])))
            else:
                node["children"].append({"type": "Text", "value": "new", "size": "md"})


def nodes(node: Any) -> list[Json]:
    """Every component of a widget."""
    found = [node]
    children = node.get("children")
    for child in [children] if isinstance(children, dict) else children or []:
        found += nodes(child)
    return found
