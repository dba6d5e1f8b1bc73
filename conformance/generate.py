"""Random scenarios. `random-SEED-NUMBER` names one; the same name always gives the same scenario."""

from __future__ import annotations

from base64 import b64encode
from random import Random
from typing import Any

from build import (
    Json,
    act,
    add,
    create,
    feedback,
    get,
    items,
    plain,
    request,
    retry,
    scenario,
    submit,
    sync_act,
    threads,
    tool_output,
)
from generate_scripts import ITEM_IDS, Scripts

PREFIX = "random-"


def is_random(name: str) -> bool:
    return name.startswith(PREFIX)


def scenario_named(name: str, written: list[Json]) -> Json:
    """A random scenario, or the hand-written one of that name."""
    if is_random(name):
        return Generator(name).scenario()
    return next(candidate for candidate in written if candidate["name"] == name)


class Generator:
    """Makes one scenario. What it counts (threads, messages, attachments) only steers what is likely to exist."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.random = Random(name)
        self.scripts = Scripts(self.random)
        self.threads = 0
        self.messages: list[str] = []
        self.attachments = 0
        self.calling: list[str] = []
        self.asking: list[tuple[str, str]] = []

    def scenario(self) -> Json:
        steps = []
        if self.random.random() < 0.2:
            steps.append(self.new_attachment())
        steps.append(self.new_thread())
        makers = {
            self.new_thread: 6,
            self.new_message: 26,
            self.retry: 9,
            self.action: 11,
            self.sync_action: 4,
            self.structured_input: 3,
            self.tool_output: 3,
            self.list_items: 12,
            self.list_threads: 4,
            self.read_thread: 3,
            self.rename: 4,
            self.delete: 2,
            self.feedback: 3,
            self.new_attachment: 4,
            self.delete_attachment: 2,
            self.transcribe: 2,
        }
        for _ in range(self.random.randint(1, 6)):
            weights = dict(makers)
            # A call is answered at once as a rule: another turn makes its output come too late.
            weights[self.tool_output] += 200 * len(self.calling)
            weights[self.structured_input] += 20 * len(self.asking)
            (maker,) = self.random.choices(list(weights), list(weights.values()))
            steps.append(maker())
        return scenario(self.name, *steps)

    def script(self, thread: str) -> list[Json]:
        """A script for a thread. Keeps in mind what it leaves for the user to do."""
        steps = self.scripts.script()
        self.calling += [thread] * self.scripts.calls
        self.asking += [(thread, id) for id in self.scripts.asked]
        return steps

    # Ids that probably exist, and now and then one that does not.

    def thread(self) -> str:
        if self.random.random() < 0.03:
            return "nowhere"
        return f"$thread{self.random.randint(1, self.threads)}"

    def message(self) -> str:
        return f"$user_message{self.random.randint(1, len(self.messages))}"

    def any_item(self) -> str:
        return self.random.choice([self.message(), *ITEM_IDS, "$widget1", "$assistant_message1", "nobody"])

    # Streaming ops.

    def new_thread(self) -> Json:
        self.threads += 1
        self.messages.append(f"$thread{self.threads}")
        return create(*self.script(f"$thread{self.threads}"), **self.message_fields())

    def new_message(self) -> Json:
        thread = self.thread()
        self.messages.append(thread)
        if self.random.random() < 0.03:
            return request("threads.add_user_message", thread_id=thread, input=plain("Hello!"))
        return add(thread, *self.script(thread), **self.message_fields())

    def message_fields(self) -> Json:
        fields: Json = {}
        if self.attachments and self.random.random() < 0.3:
            fields["attachments"] = [f"$attachment{self.random.randint(1, self.attachments)}"]
        elif self.random.random() < 0.03:
            fields["attachments"] = ["nothing"]
        if self.random.random() < 0.15:
            fields["quoted_text"] = self.random.choice(["", "as you said", None])
        if self.random.random() < 0.15:
            fields["inference_options"] = self.random.choice(
                [
                    {"model": "large"},
                    {"tool_choice": {"id": "search"}},
                    {"model": None, "tool_choice": {"id": "t"}},
                ]
            )
        return fields

    def retry(self) -> Json:
        if self.random.random() < 0.2:
            return retry(self.thread(), self.any_item())
        number = self.random.randrange(len(self.messages))
        return retry(self.messages[number], f"$user_message{number + 1}")

    def action(self) -> Json:
        thread = self.thread()
        return act(thread, *self.script(thread), sender=self.sender())

    def structured_input(self) -> Json:
        thread, item = self.thread(), self.random.choice(ITEM_IDS)
        if self.asking and self.random.random() < 0.8:
            thread, item = self.asking.pop()
        status = self.random.choice([None, None, None, "answered", "skipped"])
        return submit(thread, item, self.scripts.answers(), status)

    def tool_output(self) -> Json:
        thread = self.calling.pop() if self.calling and self.random.random() < 0.8 else self.thread()
        return tool_output(thread, self.scripts.open_json())

    # JSON ops.

    def sync_action(self) -> Json:
        payload = self.random.choice(
            [{}, {"updated_item": None}, {"updated_item": self.scripts.shown_item()}]
        )
        return sync_act(self.thread(), payload, sender=self.sender())

    def sender(self) -> str | None:
        return self.random.choice([*[None] * 6, "$widget1", "$widget2", *ITEM_IDS[:1], self.any_item()])

    def list_items(self) -> Json:
        return items(self.thread(), **self.paging([*ITEM_IDS, self.message(), "$assistant_message1"]))

    def list_threads(self) -> Json:
        return threads(**self.paging([f"$thread{number + 1}" for number in range(self.threads)]))

    def paging(self, ids: list[str]) -> Json:
        paging: Json = {}
        if self.random.random() < 0.8:
            paging["limit"] = self.random.choice([1, 2, 3, 5, 20, 0, 9999, None])
        if self.random.random() < 0.6:
            paging["order"] = self.random.choice(["asc", "desc"])
        if self.random.random() < 0.5:
            paging["after"] = self.random.choice(ids)
        return paging

    def read_thread(self) -> Json:
        return get(self.thread())

    def rename(self) -> Json:
        return request("threads.update", thread_id=self.thread(), title=self.scripts.words())

    def delete(self) -> Json:
        return request("threads.delete", thread_id=self.thread())

    def feedback(self) -> Json:
        kind = self.random.choice(["positive", "negative"])
        return feedback(self.thread(), [self.message()], kind)

    def new_attachment(self) -> Json:
        self.attachments += 1
        kind, name = self.random.choice(
            [("text/plain", "a.txt"), ("image/png", "a.png"), ("application/pdf", "a.pdf")]
        )
        return request("attachments.create", name=name, mime_type=kind, size=self.random.randint(0, 10_000))

    def delete_attachment(self) -> Json:
        return request("attachments.delete", attachment_id=f"$attachment{self.random.randint(1, 2)}")

    def transcribe(self) -> Json:
        kind = self.random.choice(["audio/webm", "audio/webm;codecs=opus", "audio/mp4", "audio/ogg"])
        audio: Any = self.random.randbytes(self.random.randint(0, 40))
        return request("input.transcribe", mime_type=kind, audio_base64=b64encode(audio).decode())
