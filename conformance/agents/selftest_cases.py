"""For each deliberate difference: two answers that it explains, and near misses that it must not explain."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import harness  # noqa: F401
from answers import UNEXPECTED, stream_of
from build import AT, request
from servers import Observation

from app_differences import OVER, THINKING
from recorded import refusals, thoughts_themselves
from scenarios import FIRST

Events = list[dict[str, Any]]
Change = Callable[[Events], Any]
"""Changes our events in place."""

OPTIONS = {"type": "stream_options", "stream_options": {"allow_cancel": True}}
THREAD = {"id": "t", "created_at": AT, "status": {"type": "active"}, "metadata": {}}


@dataclass
class Case:
    difference: str
    reference: Events
    ours: Events
    near_misses: list[Change]
    recordings: list[str] = field(default_factory=list)
    asked: list[Observation] = field(default_factory=list)
    """What the reference answers when the difference asks it something."""

    def request(self) -> dict[str, Any]:
        return {**request("threads.add_user_message", thread_id="t"), "recordings": self.recordings}

    def answers(self, change: Change = lambda _: None) -> tuple[Observation, Observation]:
        ours = deepcopy(self.ours)
        change(ours)
        return tuple({**stream_of(OPTIONS, *one), "asked": [], "unplayed": []} for one in (self.reference, ours))


def item(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "id": kind, "thread_id": "t", "created_at": AT, **fields}


def message(text: str) -> dict[str, Any]:
    return item("assistant_message", content=[part(text)] if text else [])


def part(text: str, *annotations: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": list(annotations)}


def added(what: dict[str, Any]) -> dict[str, Any]:
    return {"type": "thread.item.added", "item": what}


def done(what: dict[str, Any]) -> dict[str, Any]:
    return {"type": "thread.item.done", "item": what}


def told(id: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "thread.item.updated", "item_id": id, "update": {"type": kind, **fields}}


def of_part(kind: str, **fields: Any) -> dict[str, Any]:
    return told("assistant_message", f"assistant_message.content_part.{kind}", content_index=0, **fields)


def of_task(kind: str, task: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return told("workflow", f"workflow.task.{kind}", task=task, task_index=index)


def thought(text: str) -> dict[str, Any]:
    return {"type": "thought", "content": text, "status_indicator": "none"}


def search(status: str, title: str) -> dict[str, Any]:
    return {"type": "web_search", "title": title, "status_indicator": status, "queries": [], "sources": []}


def workflow(*tasks: dict[str, Any], kind: str = "reasoning", **fields: Any) -> dict[str, Any]:
    return item("workflow", workflow={"type": kind, "tasks": list(tasks), "expanded": False, **fields})


PAGE = {"type": "annotation", "source": {"type": "url", "title": "P", "url": "https://p.example"}, "index": 1}
ADDED = of_part("annotation_added", annotation=PAGE, annotation_index=0)
REFUSED = refusals("responses/refusal")[0]
FAILURE = {
    "type": "error",
    "code": "custom",
    "message": "The model's provider has a problem. Please try again in a moment.",
    "allow_retry": True,
}
HALF = [added(message("")), of_part("text_delta", delta="half")]
LONG = [thought("w" * length) for length in range(100, 1300, 100)]
RAW = thoughts_themselves()[0]
SHORT = workflow(thought("abc"), summary={"duration": 0})
ENDED = {"duration": 0}

CASES = [
    Case(
        "annotations-stay",
        [ADDED, of_part("done", content=part("x"))],
        [ADDED, of_part("done", content=part("x", PAGE))],
        [
            lambda ours: ours[1]["update"]["content"]["annotations"].append(PAGE),
            lambda ours: ours[1]["update"]["content"].update(annotations=[{**PAGE, "index": 2}]),
            lambda ours: ours[1]["update"]["content"].update(text="y"),
        ],
    ),
    Case(
        "parts-of-completions-are-done",
        [of_part("text_delta", delta="a"), of_part("text_delta", delta="b")],
        [of_part("text_delta", delta="a"), of_part("text_delta", delta="b"), of_part("done", content=part("ab"))],
        [
            lambda ours: ours[2]["update"]["content"].update(text="a"),
            lambda ours: ours[2]["update"]["content"].update(annotations=[PAGE]),
            lambda ours: ours.pop(1),
        ],
        recordings=["chat-completions/text"],
    ),
    Case(
        "deltas-hold-something",
        [of_part("text_delta", delta="a"), of_part("text_delta", delta="")],
        [of_part("text_delta", delta="a")],
        [lambda ours: ours.pop(), lambda ours: ours[0]["update"].update(delta="")],
    ),
    Case(
        "refusals-are-answers",
        [of_part("added", content=part("")), done(message(REFUSED)), UNEXPECTED],
        [
            of_part("added", content=part("")),
            of_part("text_delta", delta=REFUSED[:9]),
            of_part("text_delta", delta=REFUSED[9:]),
            of_part("done", content=part(REFUSED)),
            done(message(REFUSED)),
        ],
        [
            lambda ours: ours.pop(2),
            lambda ours: ours.append(UNEXPECTED),
            lambda ours: ours[4]["item"]["content"][0].update(text="no"),
        ],
        recordings=["responses/refusal"],
    ),
    Case(
        "answers-cut-short-are-answers",
        [done(message("cut")), UNEXPECTED],
        [done(message("cut"))],
        [lambda ours: ours.pop(), lambda ours: ours.append(FAILURE)],
        recordings=["responses/incomplete"],
    ),
    Case(
        "failures-are-worded",
        [UNEXPECTED],
        [FAILURE],
        [
            lambda ours: ours[0].update(message="The model failed to answer."),
            lambda ours: ours[0].update(allow_retry=False),
            lambda ours: ours.pop(),
        ],
        recordings=["responses/failed"],
    ),
    Case(
        "partial-items-survive-a-failure",
        [*HALF, UNEXPECTED],
        [*HALF, UNEXPECTED],
        [],
        recordings=["responses/failed-midway"],
        asked=[stream_of(OPTIONS, done(message("half")))],
    ),
    Case(
        "thoughts-are-bounded",
        [
            of_task("added", thought("a")),
            of_task("updated", thought("ab")),
            of_task("updated", thought("abc")),
            done(SHORT),
        ],
        [of_task("added", thought("a")), done(SHORT)],
        [
            lambda ours: ours[1]["item"]["workflow"]["tasks"][0].update(content="ab"),
            lambda ours: ours.insert(1, of_task("updated", thought("aX"))),
            lambda ours: ours[0]["update"]["task"].update(content="ab"),
            lambda ours: ours.pop(),
        ],
    ),
    Case(
        "thoughts-are-bounded",
        [of_task("added", LONG[0]), *(of_task("updated", one) for one in LONG[1:])],
        [of_task("added", LONG[0]), *(of_task("updated", one) for one in (LONG[4], LONG[-1]))],
        # All but one of the steps.
        [lambda ours: ours.__setitem__(slice(1, 2), [of_task("updated", one) for one in LONG[1:-2]])],
    ),
    Case(
        "thoughts-themselves-are-shown",
        [added(workflow()), done(workflow(summary=ENDED))],
        [added(workflow()), of_task("added", thought(RAW[:5])), done(workflow(thought(RAW), summary=ENDED))],
        [
            lambda ours: ours[1]["update"]["task"].update(content="Something else"),
            lambda ours: ours[2]["item"]["workflow"].pop("summary"),
        ],
    ),
    Case(
        "hosted-tools-are-shown",
        [],
        [
            added(workflow(search("loading", "Searching the web"), kind="custom")),
            of_task("updated", search("complete", "Searched the web")),
            done(workflow(search("complete", "Searched the web"), kind="custom", summary=ENDED)),
        ],
        [
            lambda ours: ours[2]["item"]["workflow"]["tasks"][0].update(status_indicator="loading"),
            lambda ours: ours[2]["item"]["workflow"]["tasks"].append(search("complete", "Searched the web")),
            lambda ours: ours[2]["item"]["workflow"]["tasks"].append(thought("x")),
            lambda ours: ours[0]["item"]["workflow"]["tasks"][0].update(title="Searching"),
        ],
        recordings=["responses/web-search"],
    ),
    Case(
        "open-workflows-are-told",
        [added(workflow(thought("x")))],
        [added(workflow(thought("x"))), done(workflow(thought("x")))],
        [
            lambda ours: ours[1]["item"]["workflow"].update(summary=ENDED),
            lambda ours: ours.append(done(message("behind"))),
            lambda ours: ours[1].update(type="thread.item.replaced"),
        ],
    ),
    Case(
        "workflows-end",
        [added(workflow(thought("x")))],
        [added(workflow(thought("x"))), done(workflow(thought("x"), summary=ENDED))],
        [
            lambda ours: ours.append(done(message("behind"))),
            lambda ours: ours[1].update(type="thread.item.replaced"),
        ],
    ),
    Case(
        "the-app-says-that-it-thinks",
        [done(message("x"))],
        [THINKING, OVER, done(message("x"))],
        [
            lambda ours: ours[0].update(text="Working"),
            lambda ours: ours.append(OVER),
            lambda ours: ours.insert(0, ours.pop()),
        ],
    ),
    Case(
        "the-app-writes-titles",
        [done(message("x"))],
        [done(message("x")), {"type": "thread.updated", "thread": {**THREAD, "title": FIRST}}],
        [
            lambda ours: ours[1]["thread"].update(title="Another"),
            lambda ours: ours.insert(0, ours[1]),
        ],
    ),
]
