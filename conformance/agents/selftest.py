"""Proves that the comparison of agents can fail: each check breaks something and expects to hear of it.

    selftest.py [NAME]

Needs the reference, as `compare.py --self` does, and nothing of ours.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from harness import HERE
from play import Comparison, Stage, play
from servers import Observation, ServerProcess, events_of, reference_python

from app_differences import APP_DIFFERENCES
from client import AgentClient, forget_durations
from compare import INSTRUCTIONS, Kind, agent_options, reference_command
from differences import DIFFERENCES
from provider import CHAT_COMPLETIONS, DELIVERIES, PLAIN, RESPONSES, Delivery, Provider, lines_of
from recorded import every
from scenarios import SCENARIOS
from selftest_cases import CASES, Case

CHECKS: list[Callable[[], None]] = []
NEEDS_OUR_SERVER = {"the-app-keeps-images"}
"""Differences that look behind addresses of the server's."""
NEED_OF_MENDS = {
    "citations": "citations: of files, one without a name",
    "ids": "ids: two replies with one id",
    "errors": "completions: an error in mid-reply",
    "workflows": "tools: one that tells of its work after a thought",
    "history": "completions: text",
}
"""For each mend of the reference a scenario that goes wrong without it."""


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS.append(function)
    return function


class Servers:
    """Reference servers, started when they are first asked for."""

    stack: ExitStack
    instructions: Path
    known: dict[tuple[Any, ...], AgentClient] = {}

    @classmethod
    def client(cls, scenario: dict[str, Any], *options: str, place: int = 0) -> AgentClient:
        """The client of a server that can play the scenario; each `place` has its own."""
        kind = Kind(scenario["api"], scenario["tools"])
        key = (kind, options, place)
        if key not in cls.known:
            provider = Provider()
            cls.stack.callback(provider.stop)
            arguments = agent_options(kind, provider.url, cls.instructions)
            server = ServerProcess([*reference_command(), *arguments, *options])
            cls.stack.callback(server.stop)
            cls.known[key] = AgentClient(server.wait_until_listening(), provider)
        return cls.known[key]


class Mutated:
    """A client with one thing changed in what it hears."""

    def __init__(self, client: AgentClient, mutate: Callable[[Observation], Any]) -> None:
        self.client = client
        self.mutate = mutate

    def ask(self, request: Any) -> Observation:
        answer = self.client.ask(request)
        self.mutate(answer)
        return answer


def named(name: str) -> dict[str, Any]:
    (scenario,) = [one for one in SCENARIOS if one["name"] == name]
    return scenario


def played(
    name: str,
    *options: str,
    mutate: Callable[[Observation], Any] = lambda _: None,
    delivery: Delivery = PLAIN,
) -> list[str]:
    """The failures of a scenario between two references, the second started with more options."""
    scenario = named(name)
    first, second = Servers.client(scenario), Servers.client(scenario, *options, place=1)
    first.delivery, second.delivery = PLAIN, delivery
    addresses = tuple(f"{one.host}:{one.port}" for one in (first, second))
    return play(scenario, Stage((first, Mutated(second, mutate)), addresses, [], strict=False)).failures


# What must be found.


def in_event(kind: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[Observation], None]:
    """Changes every event of a kind, or with an update of it."""

    def mutate(answer: Observation) -> None:
        for event in answer.get("events", []):
            if kind in (event["type"], event.get("update", {}).get("type")):
                change(event)

    return mutate


def in_asked(change: Callable[[dict[str, Any]], Any]) -> Callable[[Observation], None]:
    """Changes what the model was asked, wherever it was asked something."""
    return lambda answer: [change(asked) for asked in answer["asked"]]


PART = "assistant_message.content_part."
MUTATIONS: dict[str, tuple[str, Callable[[Observation], Any]]] = {
    "a delta differs": ("text", in_event(PART + "text_delta", lambda event: event["update"].update(delta="x"))),
    "a part is missing": ("text: two parts", in_event(PART + "added", lambda event: event.update(type="other"))),
    "an annotation is counted wrongly": (
        "citations: in two parts",
        in_event(PART + "annotation_added", lambda event: event["update"].update(annotation_index=1)),
    ),
    "a thought differs": (
        "reasoning: a short thought",
        in_event("workflow.task.updated", lambda event: event["update"]["task"].update(content="x")),
    ),
    "an image differs": (
        "image: with partial images",
        in_event("generated_image.updated", lambda event: event["update"]["image"].update(url="x")),
    ),
    "a call has another id": (
        "client tool: a call, its output and the answer",
        in_event("thread.item.done", lambda event: event["item"].update(call_id="x")),
    ),
    "the model has other instructions": ("text", in_asked(lambda asked: asked["conversation"].pop(0))),
    "the model is not told of its own answer": (
        "text",
        in_asked(lambda asked: asked.update(conversation=asked["conversation"][:2])),
    ),
    "the model is told of another output": (
        "tools: two calls at once",
        in_asked(lambda asked: [one.update(content=["x"]) for one in asked["conversation"] if "output_of" in one]),
    ),
    "the model has a tool less": ("tools: a call and the answer", in_asked(lambda asked: asked["tools"].pop())),
    "the model is asked once more": ("text", lambda answer: answer["asked"].extend(answer["asked"])),
    "a recording is left over": ("text", lambda answer: answer["unplayed"].append("responses/text")),
}


@check
def every_mutation_is_found() -> None:
    for what, (name, mutate) in MUTATIONS.items():
        assert not played(name), f"unmutated, {name} fails"
        assert played(name, mutate=mutate), f"not found: {what}"


@check
def only_the_length_of_work_is_forgotten() -> None:
    one, other, title = ({"summary": summary} for summary in ({"duration": 1}, {"duration": 2}, {"title": "x"}))
    for value in (one, other, title):
        forget_durations([value])
    assert one == other and one["summary"].keys() == {"duration"} and title == {"summary": {"title": "x"}}


@check
def every_mend_is_needed() -> None:
    script = "import mends; print(*mends.MENDS)"
    command = [reference_python(), "-c", script]
    printed = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True)
    assert printed.stdout.split() == list(NEED_OF_MENDS), printed.stdout
    for mend, name in NEED_OF_MENDS.items():
        # What happens without a mend may be a matter of luck.
        tries = [one for one in DELIVERIES if not one.extras] * 5
        needed = any(played(name, "--unmended", mend, delivery=one) for one in tries)
        assert needed, f"not needed: {mend}"


# What may be explained.


class Scripted:
    """A server that gives prepared answers."""

    def __init__(self, answers: list[Observation]) -> None:
        self.answers = list(answers)

    def ask(self, _: Any) -> Observation:
        return self.answers.pop(0)


def explained(case: Case, answers: tuple[Observation, Observation]) -> bool:
    (difference,) = [one for one in [*DIFFERENCES, *APP_DIFFERENCES] if one.id == case.difference]
    reference, ours = Scripted([answers[0], *case.asked]), Scripted([answers[1]])
    addresses = ("reference.test:1", "ours.test:1")
    stage = Stage((reference, ours), addresses, [difference], strict=False)
    comparison = Comparison({"name": "case", "steps": [{"request": case.request()}]}, stage)
    equal = comparison.step("case", {"request": case.request()})
    return equal and comparison.result.uses[difference.id] == 1 and not reference.answers


@check
def every_difference_explains_what_it_should_and_nothing_else() -> None:
    ids = {one.id for one in [*DIFFERENCES, *APP_DIFFERENCES]}
    assert ids - NEEDS_OUR_SERVER == {case.difference for case in CASES}, ids
    for case in CASES:
        assert explained(case, case.answers()), f"not explained: {case.difference}"
        for number, change in enumerate(case.near_misses):
            assert not explained(case, case.answers(change)), f"explained: {case.difference}, near miss {number}"


# The provider.


@check
def every_delivery_brings_the_same_events() -> None:
    provider = Provider()
    try:
        for recording in [*every(RESPONSES)[:5], *every(CHAT_COMPLETIONS)[:5], "responses/text-unicode"]:
            wanted = [json.loads(line) for line in lines_of(recording)]
            for delivery in DELIVERIES:
                body = asked_directly(provider, recording, delivery)
                events = events_of(body)
                if recording.startswith(CHAT_COMPLETIONS):
                    assert events.pop() == "[DONE]", (recording, delivery.name)
                assert json.loads(json.dumps(wanted)) == events, (recording, delivery.name)
    finally:
        provider.stop()


@check
def a_provider_does_not_answer_without_a_recording_for_the_api() -> None:
    provider = Provider()
    try:
        for path, recordings in (("/v1/responses", []), ("/v1/chat/completions", ["responses/text"])):
            provider.play(recordings)
            host = provider.url.removeprefix("http://").removesuffix("/v1")
            with closing(http.client.HTTPConnection(host, timeout=10)) as connection:
                connection.request("POST", path, b'{"model": "m"}')
                assert connection.getresponse().status == 400
            assert [one["model"] for one in provider.asked()] == ["m"] and provider.left() == recordings
    finally:
        provider.stop()


def asked_directly(provider: Provider, recording: str, delivery: Delivery) -> str:
    provider.play([recording], delivery)
    path = "/v1/responses" if recording.startswith(RESPONSES) else "/v1/chat/completions"
    host = provider.url.removeprefix("http://").removesuffix("/v1")
    with closing(http.client.HTTPConnection(host, timeout=10)) as connection:
        connection.request("POST", path, b"{}")
        return connection.getresponse().read().decode()


@check
def every_recording_is_played() -> None:
    steps = [step["request"] for scenario in SCENARIOS for step in scenario["steps"]]
    in_scenarios = {one for request in steps for one in request.get("recordings", [])}
    forgotten = {*every(RESPONSES), *every(CHAT_COMPLETIONS)} ^ in_scenarios
    assert not forgotten, forgotten


# The command.


@check
def the_command_fails_with_a_diff_and_a_replay_line() -> None:
    """The reference in our place is caught: its times carry no offset."""
    with tempfile.TemporaryDirectory() as folder:
        pretender = Path(folder) / "server"
        python, script = reference_command()
        pretender.write_text(f'#!/bin/sh\nexec "{python}" "{script}" "$@"\n')
        pretender.chmod(0o755)
        run = command("--agents-server", str(pretender), "--only", "text: two parts", "--delivery", "plain")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "a time without an offset" in run.stdout and "--only 'text: two parts'" in run.stdout, run.stdout
    assert run.stdout.splitlines()[-1] == "0 passed, 1 failed", run.stdout


@check
def a_server_that_does_not_start_is_reported() -> None:
    run = command("--agents-server", "/bin/false", "--only", "text: two parts")
    assert run.returncode != 0 and "listening on" in run.stderr, run.stderr


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = [sys.executable, str(HERE / "compare.py"), *arguments]
    return subprocess.run(script, capture_output=True, text=True, check=False)


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [one for one in CHECKS if wanted in one.__name__]
    failed = 0
    with ExitStack() as stack:
        Servers.stack = stack
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        Servers.instructions = Path(folder) / "instructions.txt"
        Servers.instructions.write_text(INSTRUCTIONS, encoding="utf-8")
        for one in chosen:
            try:
                one()
            except Exception:
                failed += 1
                print(f"FAILED {one.__name__}")
                traceback.print_exc(file=sys.stdout)
            else:
                print(f"ok {one.__name__}")
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
