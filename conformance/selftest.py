"""Proves that the comparison can fail: each check breaks something and expects to hear of it.

    selftest.py [NAME]

Needs the reference, as `compare.py --self` does, and nothing of ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from build import add, assistant, card, create, done, feedback, get, scenario, stream, text, widget
from compare import stale_differences
from differences import DIFFERENCES
from generate import scenario_named
from interruption_scenarios import SCENARIOS as INTERRUPTIONS
from play import Difference, Stage, play
from scenarios import SCENARIOS
from selftest_cases import CASES
from selftest_differences import EVERY_DIFFERENCE, explains
from selftest_interruptions import interruption_checks
from servers import HERE, Client, Observation, ServerProcess, reference_command

CHECKS: list[Callable[[], None]] = []


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS.append(function)
    return function


class Servers:
    """Two reference servers for all checks."""

    clients: tuple[Client, Client]
    addresses: tuple[str, str]


class Mutated:
    """The second reference, with one thing changed in its answers."""

    def __init__(self, mutate: Callable[[Any, Observation], None]) -> None:
        self.mutate = mutate

    def ask(self, request: Any) -> Observation:
        answer = Servers.clients[1].ask(request)
        self.mutate(request, answer)
        return answer


PLAIN = scenario(
    "plain",
    create(done(assistant("a", "one")), stream("two ", deltas=3), {"thread": {"title": "T"}}),
    add("$thread1", widget(card(text("a", id="t")), card(text("ab", id="t")))),
    get("$thread1"),
    feedback("$thread1", ["a"]),
)


def played(
    mutate: Callable[[Any, Observation], None], differences: list[Difference] | None = None
) -> list[str]:
    both = (Servers.clients[0], Mutated(mutate))
    return play(PLAIN, Stage(both, Servers.addresses, differences or [], strict=False)).failures


# What must be found.


def in_event(kind: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Any, Observation], None]:
    """Changes every event of a kind."""

    def mutate(_: Any, answer: Observation) -> None:
        for event in answer.get("events", []):
            if event["type"] == kind:
                change(event)

    return mutate


def in_stream(change: Callable[[list[Any]], Any]) -> Callable[[Any, Observation], None]:
    def mutate(_: Any, answer: Observation) -> None:
        if "events" in answer:
            change(answer["events"])

    return mutate


def in_list(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any, Observation], None]:
    """Changes what is stored, as `items.list` shows it."""

    def mutate(request: Any, answer: Observation) -> None:
        if request.get("type") == "items.list":
            change(answer["body"])

    return mutate


MUTATIONS: dict[str, Callable[[Any, Observation], None]] = {
    "an event is missing": in_stream(lambda events: events.pop(3)),
    "the last event is missing": in_stream(lambda events: events.pop()),
    "an event comes twice": in_stream(lambda events: events.append(events[-1])),
    "two events change places": in_stream(lambda events: events.insert(2, events.pop(3))),
    "a text differs": in_event("thread.item.done", lambda event: event["item"].update(copy_text="other")),
    "a delta differs": in_event("thread.item.updated", lambda event: event["update"].update(delta="x")),
    "a field is added": in_event("thread.updated", lambda event: event["thread"].update(extra=1)),
    "a field is null instead of absent": in_event(
        "thread.created", lambda event: event["thread"].update(title=None)
    ),
    "a field is missing": in_event("thread.created", lambda event: event["thread"].pop("metadata")),
    "a number is a text": in_event(
        "thread.item.updated", lambda event: event["update"].update(content_index="0")
    ),
    "a chosen time differs": in_event(
        "thread.item.done",
        lambda event: (
            event["item"].update(created_at="2026-01-01T00:00:01Z") if event["item"]["id"] == "a" else None
        ),
    ),
    "a chosen id differs": in_event(
        "thread.item.done", lambda event: event["item"].update(id="b") if event["item"]["id"] == "a" else None
    ),
    "a minted id is not kept": in_event(
        "thread.item.added", lambda event: event["item"].update(id="msg_elsewhere")
    ),
    "another thread is named": in_event(
        "thread.item.done", lambda event: event["item"].update(thread_id="thr_other")
    ),
    "the stream breaks off": lambda _, answer: answer.update(broken=True) if "events" in answer else None,
    "the status differs": lambda _, answer: answer.update(status=201),
    "the content type differs": lambda _, answer: answer.update(content_type="text/plain"),
    "a JSON answer has content": lambda _, answer: (
        answer.update(body={"x": 1}) if answer.get("body") == {} else None
    ),
    "a stored item is missing": in_list(lambda page: page["data"].pop()),
    "stored items are in another order": in_list(lambda page: page["data"].reverse()),
    "a stored item differs": in_list(lambda page: page["data"][0].update(type="task")),
    "a page says there is more": in_list(lambda page: page.update(has_more=True)),
}


@check
def the_unchanged_reference_equals_itself() -> None:
    assert played(lambda _, answer: None) == []


@check
def every_change_of_an_answer_is_found() -> None:
    for name, mutate in MUTATIONS.items():
        assert played(mutate), f"not found: {name}"


@check
def no_deliberate_difference_explains_a_change() -> None:
    for name, mutate in MUTATIONS.items():
        assert played(mutate, DIFFERENCES), f"explained away: {name}"


@check
def a_failure_shows_the_step_and_the_line() -> None:
    (failure,) = played(MUTATIONS["a delta differs"])
    assert failure.startswith("step 1: "), failure
    assert '-    "delta": "two ",' in failure and '+    "delta": "x",' in failure, failure


@check
def a_thread_that_nobody_was_told_of_is_found() -> None:
    orphan = create({"thread": {"title": "Orphan"}})
    orphan["params"]["input"]["content"][0]["text"] = '{"steps": [{"thread": {"title": "Orphan"}}]}'
    Servers.clients[1].ask(orphan)
    failures = played(lambda _, answer: None)
    assert failures and "Orphan" in "".join(failures), failures
    assert played(lambda _, answer: None) == [], "it was not cleared away"


# Interruptions.

for of_interruptions in interruption_checks(lambda: Servers.addresses):
    check(of_interruptions)


# The deliberate differences.


@check
def a_stale_difference_is_found() -> None:
    never = Difference("never", "Nothing is like this.", rewrite=lambda _: None)
    result = play(PLAIN, Stage(Servers.clients, Servers.addresses, [never], strict=False))
    assert result.failures == [] and stale_differences([never], [result]) == ["never"]
    result.uses["never"] += 1
    assert stale_differences([never], [result]) == []
    result.name = "random-1-1"
    assert stale_differences([never], [result]) == ["never"], "a random scenario kept a difference alive"


@check
def differences_explain_what_they_are_for_and_nothing_near() -> None:
    tried = set()
    for case in CASES:
        tried.add(case.difference)
        assert explains(case) == case.explained, f"{case.difference}: {case.name}"
    with_cases = {difference.id for difference in EVERY_DIFFERENCE}
    assert tried == with_cases, tried ^ with_cases


@check
def differences_have_a_reason_and_ids_of_their_own() -> None:
    ids = [difference.id for difference in EVERY_DIFFERENCE]
    assert len(ids) == len(set(ids))
    assert all(difference.reason.endswith(".") for difference in EVERY_DIFFERENCE)


# The scenarios.

KINDS = {
    "op": "threads.create threads.add_user_message threads.add_client_tool_output threads.add_structured_input "
    "threads.retry_after_item threads.custom_action threads.get_by_id threads.list threads.update threads.delete "
    "items.list items.feedback attachments.create attachments.delete input.transcribe threads.sync_custom_action",
    "event": "thread.item.added thread.item.updated thread.item.done thread.item.removed thread.item.replaced "
    "stream_options progress_update client_effect error notice",
    "update": "assistant_message.content_part.added assistant_message.content_part.text_delta "
    "assistant_message.content_part.annotation_added assistant_message.content_part.done "
    "widget.streaming_text.value_delta widget.root.updated widget.component.updated workflow.task.added "
    "workflow.task.updated generated_image.updated",
    "item": "user_message assistant_message client_tool_call widget generated_image structured_input workflow task "
    "end_of_turn hidden_context_item sdk_hidden_context",
    "task": "custom web_search thought file image",
    "source": "url entity",
}


def types_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["type"]} if isinstance(value.get("type"), str) else set()
        return own.union(*map(types_in, value.values()))
    return set().union(*map(types_in, value)) if isinstance(value, list) else set()


def missing_kinds(scenarios: list[Any]) -> list[str]:
    seen = types_in(scenarios)
    return [f"{group} {kind}" for group, kinds in KINDS.items() for kind in kinds.split() if kind not in seen]


@check
def written_scenarios_show_every_op_and_kind_under_their_own_names() -> None:
    assert missing_kinds(SCENARIOS) == []
    names = [one["name"] for one in (*SCENARIOS, *INTERRUPTIONS)]
    assert len(names) == len(set(names))


@check
def random_scenarios_show_every_op_and_kind() -> None:
    assert missing_kinds([scenario_named(f"random-1-{number}", []) for number in range(300)]) == []


@check
def a_random_scenario_depends_on_its_name_alone() -> None:
    code = "import json, generate; print(json.dumps([generate.scenario_named(f'random-7-{n}', []) for n in range(50)]))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=HERE,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    one, other = scenario_named("random-7-1", []), scenario_named("random-8-1", [])
    assert one["steps"] != other["steps"]


# The command.


@check
def the_command_fails_with_a_diff_and_a_replay_line() -> None:
    """The reference in our place is caught: its times carry no offset."""
    with tempfile.TemporaryDirectory() as folder:
        pretender = Path(folder) / "chatkit"
        python, script, *_ = reference_command()
        pretender.write_text(f'#!/bin/sh\nexec "{python}" "{script}"\n')
        pretender.chmod(0o755)
        name = "threads: create without a reply stores the message"
        command = [sys.executable, "compare.py", "--server", str(pretender), "--only", name]
        run = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "a time without an offset" in run.stdout and f"--only '{name}'" in run.stdout, run.stdout
    assert run.stdout.splitlines()[-1] == "0 passed, 1 failed", run.stdout


@check
def a_server_that_does_not_start_is_reported() -> None:
    command = [sys.executable, "compare.py", "--server", "/bin/false", "--only", "threads: create"]
    run = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert run.returncode != 0 and "listening on" in run.stderr, run.stderr


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    servers = [ServerProcess(reference_command()) for _ in range(2)]
    failed = 0
    chosen = [one for one in CHECKS if wanted in one.__name__]
    try:
        Servers.addresses = tuple(server.wait_until_listening() for server in servers)
        Servers.clients = tuple(map(Client, Servers.addresses))
        for one in chosen:
            try:
                one()
            except Exception:
                failed += 1
                print(f"FAILED {one.__name__}")
                traceback.print_exc(file=sys.stdout)
            else:
                print(f"ok {one.__name__}")
    finally:
        for server in servers:
            server.stop()
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
