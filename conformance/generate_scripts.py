"""Random playback scripts: events in good order and in bad, changes of the thread, failures."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

from build import (
    AT,
    Json,
    added,
    annotated,
    annotation,
    assistant,
    choice,
    delta,
    done,
    entity_source,
    error,
    event,
    fail,
    file_source,
    freeform,
    hidden,
    item,
    part,
    part_added,
    part_done,
    progress,
    questions,
    removed,
    replaced,
    resume_with,
    sdk_hidden,
    stream,
    task,
    thread,
    tool_call,
    updated,
    url_source,
    user,
    widget,
    widget_item,
    workflow,
)
from generate_widgets import Widgets

# Few, so that items of different kinds and turns often share one.
ITEM_IDS = ["i1", "i2", "i3", "i4"]
ICONS = ["search", "bolt", "vendor:x", "lucide:sun", None]


class Scripts:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.widgets = Widgets(random)
        self.calls = 0
        self.asked: list[str] = []

    def script(self) -> list[Json]:
        """The steps of one script. `calls` and `asked` say then what it leaves for the user to do."""
        self.calls = 0
        self.asked = []
        makers = {
            self.whole_item: 14,
            self.streamed_message: 14,
            self.short_text: 8,
            self.streamed_widget: 9,
            self.streamed_workflow: 6,
            self.streamed_image: 3,
            self.stray_update: 10,
            self.stray_removal: 6,
            self.stray_replacement: 6,
            self.hidden_item: 7,
            self.told: 10,
            self.thread_change: 9,
            self.ask: 4,
        }
        phrases = self.random.choices(list(makers), list(makers.values()), k=self.random.randint(0, 5))
        steps = [step for phrase in phrases for step in phrase()]
        chance = self.random.random()
        if chance < 0.15:
            if self.random.random() < 0.4:
                steps += self.streamed_message()[:-1]
            steps.append(self.failure())
            if self.random.random() < 0.3:
                steps += self.told()
        elif chance < 0.27:
            self.calls = 1
            steps.append(done(tool_call(self.id(), arguments=self.open_object())))
        elif chance < 0.29:
            self.calls = 1
            steps += [done(tool_call("c1")), done(tool_call("c2"))]
        return steps

    def id(self) -> str:
        return self.random.choice(ITEM_IDS)

    def words(self) -> str:
        words = ["north", "blå", "\n", "🫐", "*bold*", " ", "0", "$", "x" * 40]
        return " ".join(self.random.choices(words, k=self.random.randint(0, 4)))

    def open_json(self, depth: int = 2) -> Any:
        flat = [None, True, False, 0, -3, 2.5, 10**15, "", "text"]
        if depth == 0 or self.random.random() < 0.6:
            return self.random.choice(flat)
        if self.random.random() < 0.4:
            return [self.open_json(depth - 1) for _ in range(self.random.randint(0, 2))]
        return self.open_object(depth)

    def open_object(self, depth: int = 2) -> Json:
        return {
            key: self.open_json(depth - 1)
            for key in self.random.sample(["a", "b", "id", "type"], self.random.randint(0, 3))
        }

    # Items.

    def shown_item(self, id: str | None = None) -> Json:
        """An item of any kind that clients may see; a tool call only in its completed form."""
        id = id or self.id()
        makers = [
            lambda: assistant(id, *[self.words() for _ in range(self.random.randint(0, 2))]),
            lambda: item(
                "assistant_message", id, content=[part(self.words(), [self.citation() for _ in range(2)])]
            ),
            lambda: user(id, self.words()),
            lambda: tool_call(id, status="completed", output=self.open_json()),
            lambda: widget_item(id, self.widgets.root()),
            lambda: item("generated_image", id, **self.random.choice([{}, {"image": self.image()}])),
            lambda: self.question(id),
            lambda: self.whole_workflow(id),
            lambda: item("task", id, task=self.task()),
            lambda: item("end_of_turn", id),
        ]
        made = self.random.choice(makers)()
        made["created_at"] = self.random.choice(
            [AT, "2026-03-04T05:06:07.25Z", "2026-03-04T05:06:07+02:00", "2025-12-31T23:59:59"]
        )
        return made

    def task(self) -> Json:
        makers = [
            lambda: task(self.words(), icon=self.random.choice(ICONS), content=self.words()),
            lambda: {"type": "web_search", "queries": ["q"], "sources": [url_source("s")]},
            lambda: {"type": "thought", "content": self.words(), "title": self.words()},
            lambda: {"type": "file", "sources": [file_source("f")]},
            lambda: {"type": "image", "title": self.words()},
        ]
        made = self.random.choice(makers)()
        if self.random.random() < 0.5:
            made["status_indicator"] = self.random.choice(["none", "loading", "complete"])
        return made

    def whole_workflow(self, id: str) -> Json:
        fields: Json = {}
        if self.random.random() < 0.5:
            fields["summary"] = self.random.choice(
                [{"duration": 4}, {"title": "Thought"}, {"title": "T", "icon": "bolt"}]
            )
        if self.random.random() < 0.3:
            fields["expanded"] = True
        kind = self.random.choice(["custom", "reasoning"])
        return workflow(id, *[self.task() for _ in range(self.random.randint(0, 2))], kind=kind, **fields)

    def question(self, id: str) -> Json:
        inputs = [
            choice("one", "a", "b"),
            choice("many", "a", "b", multiple=True),
            freeform("free", description="d"),
        ]
        return questions(id, *self.random.sample(inputs, self.random.randint(1, 3)))

    def answers(self) -> Json:
        answer = lambda: self.random.choice(  # noqa: E731
            [
                {"values": ["a"]},
                {"values": ["b", "a"]},
                {"values": []},
                {},
                {"skipped": True},
                {"values": ["x"], "skipped": True},
            ]
        )
        names = ["one", "many", "free", "nobody"]
        return {name: answer() for name in self.random.sample(names, self.random.randint(0, 4))}

    def citation(self) -> Json:
        source = self.random.choice([url_source("u"), file_source("f"), entity_source("e", data={"n": None})])
        return annotation(source, **self.random.choice([{}, {"index": 2}]))

    def image(self) -> Json:
        return {"id": "img", "url": f"https://example.com/{self.random.randint(1, 3)}.png"}

    # Phrases: steps that belong together, now and then cut short.

    def cut(self, steps: list[Json]) -> list[Json]:
        if self.random.random() < 0.3:
            return steps[: self.random.randint(1, len(steps))]
        return steps

    def whole_item(self) -> list[Json]:
        made = self.shown_item()
        begun = [added(made)] if self.random.random() < 0.2 else []
        return [*begun, done(made)]

    def streamed_message(self) -> list[Json]:
        id = self.id()
        pieces = [self.words() for _ in range(self.random.randint(1, 3))]
        steps = [added(assistant(id)), part_added(id), *[delta(id, piece) for piece in pieces]]
        content = part("".join(pieces))
        if self.random.random() < 0.3:
            content["annotations"] = [self.citation()]
            steps.append(annotated(id, content["annotations"][0]))
        steps.append(part_done(id, content["text"], content["annotations"]))
        steps.append(done(item("assistant_message", id, content=[content])))
        return self.cut(steps)

    def short_text(self) -> list[Json]:
        return [stream(self.words(), deltas=self.random.randint(0, 3))]

    def streamed_widget(self) -> list[Json]:
        copy_text = self.random.choice([None, "copied"])
        return [widget(*self.widgets.roots(), copy_text=copy_text)]

    def streamed_workflow(self) -> list[Json]:
        id = self.id()
        tasks = [self.task() for _ in range(self.random.randint(1, 2))]
        steps = [added(workflow(id))]
        for index, made in enumerate(tasks):
            steps.append(updated(id, "workflow.task.added", task_index=index, task=made))
        steps.append(updated(id, "workflow.task.updated", task_index=0, task=tasks[0]))
        steps.append(done(workflow(id, *tasks, summary={"duration": 1})))
        return self.cut(steps)

    def streamed_image(self) -> list[Json]:
        id = self.id()
        progress_fields = self.random.choice([{}, {"progress": 0.25}, {"progress": 1}])
        steps = [
            added(item("generated_image", id)),
            updated(id, "generated_image.updated", image=self.image(), **progress_fields),
            done(item("generated_image", id, image=self.image())),
        ]
        return self.cut(steps)

    def stray_update(self) -> list[Json]:
        id = self.random.choice([*ITEM_IDS, "nobody"])
        index = self.random.randint(0, 2)
        makers = [
            lambda: part_added(id, self.words(), index),
            lambda: delta(id, self.words(), index),
            lambda: annotated(id, self.citation(), at=self.random.randint(0, 3), index=index),
            lambda: part_done(id, self.words(), index=index),
            lambda: updated(id, "workflow.task.added", task_index=index, task=self.task()),
            lambda: updated(id, "workflow.task.updated", task_index=0, task=self.task()),
            lambda: updated(id, "generated_image.updated", image=self.image()),
            lambda: updated(id, "widget.root.updated", widget=self.widgets.root()),
            lambda: updated(
                id, "widget.component.updated", component_id="t1", component=self.widgets.component()
            ),
            lambda: updated(
                id, "widget.streaming_text.value_delta", component_id="t1", delta=self.words(), done=True
            ),
        ]
        return [self.random.choice(makers)()]

    def stray_removal(self) -> list[Json]:
        return [removed(self.random.choice([*ITEM_IDS, "$user_message1", "$assistant_message1", "nobody"]))]

    def stray_replacement(self) -> list[Json]:
        id = self.random.choice([*ITEM_IDS, "$assistant_message1", "$user_message1"])
        return [replaced(self.shown_item(id))]

    def hidden_item(self) -> list[Json]:
        id = self.random.choice(["h1", "h2", "h3"])
        made = self.random.choice([hidden(id, self.open_json()), sdk_hidden(id)])
        how = self.random.choices([done, added, replaced], [8, 1, 1])[0]
        return [how(made)]

    def told(self) -> list[Json]:
        makers = [
            lambda: progress(self.words(), self.random.choice(ICONS)),
            lambda: event({"type": "client_effect", "name": "confetti", "data": self.open_object()}),
            lambda: event(
                {
                    "type": "notice",
                    "level": self.random.choice(["info", "warning", "danger"]),
                    "message": self.words(),
                }
            ),
            lambda: error(self.words(), allow_retry=self.random.random() < 0.5),
            lambda: event({"type": "stream_options", "stream_options": {"allow_cancel": False}}),
        ]
        return [self.random.choice(makers)()]

    def thread_change(self) -> list[Json]:
        """Locking is rare: a locked thread takes no further message."""
        makers = [
            lambda: thread(title=self.random.choice(["One", "Two", None])),
            lambda: thread(metadata={"k": self.open_json()}),
            lambda: thread(allowed_image_domains=self.random.choice([None, [], ["a.example"]])),
            lambda: resume_with(*self.resumed()),
            lambda: thread(status={"type": "active"}),
            lambda: thread(
                status={
                    "type": self.random.choice(["locked", "closed"]),
                    "reason": self.random.choice([None, "r"]),
                }
            ),
        ]
        return [self.random.choices(makers, [5, 3, 3, 5, 1, 1])[0]()]

    def resumed(self) -> list[Json]:
        makers = [
            self.short_text,
            self.whole_item,
            self.told,
            lambda: [self.failure()],
            lambda: [thread(title="Resumed")],
        ]
        return [
            deepcopy(step)
            for maker in self.random.choices(makers, k=self.random.randint(0, 2))
            for step in maker()
        ]

    def ask(self) -> list[Json]:
        self.asked.append(self.random.choice(["q1", "q2", "q3", self.id()]))
        return [done(self.question(self.asked[-1]))]

    def failure(self) -> Json:
        return self.random.choice(
            [
                fail(),
                fail(message="boom"),
                fail(message="boom", allow_retry=True),
                fail(code="stream.error"),
                fail(code="stream.error", allow_retry=False),
            ]
        )
