"""Compares our agents with the reference's, on recorded streams of models.

    compare.py --agents-server target/debug/examples/conformance_server --server target/debug/chatkit

Every scenario is played with each delivery: the reference always gets the model's events one by one, our server gets
the same bytes cut in other places. See ../README.md.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import HERE
from play import Difference, Result, Stage, play
from servers import ServerProcess, reference_python

from app_differences import APP_DIFFERENCES
from client import AgentClient
from differences import DIFFERENCES
from provider import DELIVERIES, PLAIN, Delivery, Provider
from scenarios import SCENARIOS

SHOWN_FAILURES = 10
MODEL = "model-of-record"
INSTRUCTIONS = "You know birds. Answer in one sentence."


@dataclass(frozen=True)
class Kind:
    """Scenarios that one pair of servers can play."""

    api: str
    tools: bool


def main() -> int:
    # So that the servers are stopped when a run is given up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    options = arguments()
    chosen = [one for one in SCENARIOS if options.only in one["name"]]
    if not chosen:
        sys.exit(f"no scenario is called {options.only!r}; --list shows the names")
    deliveries = [one for one in DELIVERIES if options.delivery in (None, one.name)]
    if options.self:
        deliveries = [one for one in deliveries if not one.extras]
    begun = time.monotonic()
    results = run(chosen, deliveries, options)

    failed = [result for result in results if result.failures]
    for result in failed[:SHOWN_FAILURES]:
        show(result, options)
    if len(failed) > SHOWN_FAILURES:
        print(f"\nand {len(failed) - SHOWN_FAILURES} more failed:")
        print("\n".join(f"  {result.name}" for result in failed[SHOWN_FAILURES:]))
    uses: Counter[str] = sum((result.uses for result in results), Counter())
    for id, count in sorted(uses.items()):
        print(f"  {count:6} {id}")
    # A part of the scenarios says nothing about what the others need.
    whole = not options.self and not options.only
    stale = [one.id for one in differences_of(options) if whole and not uses[one.id]]
    for id in stale:
        print(f"stale difference: {id}: no scenario needs it any more; take it out")
    print(f"{len(chosen)} scenarios in {time.monotonic() - begun:.1f} s")
    print(f"{len(results) - len(failed)} passed, {len(failed) + len(stale)} failed")
    return 1 if failed or stale else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument(
        "--agents-server", metavar="PATH", help="the example `conformance_server` of chatkit-agents"
    )
    parser.add_argument(
        "--server", metavar="PATH", help="our server's binary; it stands in for the example where no tool is needed"
    )
    subject.add_argument(
        "--self", action="store_true", help="the reference against itself, without any deliberate difference"
    )
    parser.add_argument("--only", metavar="NAME", default="", help="scenarios whose name contains this")
    parser.add_argument("--delivery", choices=[one.name for one in DELIVERIES], help="only this one")
    subject.add_argument("--list", action="store_true", help="print the names of the scenarios")
    options = parser.parse_args()
    if options.list:
        print("\n".join(one["name"] for one in SCENARIOS))
        sys.exit()
    return options


def run(
    scenarios: list[dict[str, Any]],
    deliveries: list[Delivery],
    options: argparse.Namespace,
) -> list[Result]:
    with ExitStack() as stack:
        instructions = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "instructions.txt"
        instructions.write_text(INSTRUCTIONS, encoding="utf-8")
        servers: dict[Kind, list[tuple[ServerProcess, Provider]]] = {}
        for kind in dict.fromkeys(kind_of(one) for one in scenarios):
            pair = [started(stack, command_of, kind) for command_of in commands(options, instructions)]
            servers[kind] = pair
        stages = {kind: stage_of(pair, kind, options) for kind, pair in servers.items()}
        results = [
            played(scenario, delivery, stages[kind_of(scenario)])
            for scenario in scenarios
            for delivery in deliveries
        ]
        for server, _ in (one for pair in servers.values() for one in pair):
            if server.process.poll() is not None:
                problem = f"ended by itself: {' '.join(server.command)}\n{server.log_tail()}"
                results.append(Result("a server", [problem]))
        return results


def kind_of(scenario: dict[str, Any]) -> Kind:
    return Kind(scenario["api"], scenario["tools"])


def started(stack: ExitStack, command_of: Any, kind: Kind) -> tuple[ServerProcess, Provider]:
    provider = Provider()
    stack.callback(provider.stop)
    server = ServerProcess(command_of(kind, provider.url))
    stack.callback(server.stop)
    return server, provider


def commands(options: argparse.Namespace, instructions: Path) -> list[Any]:
    """How each side is started for a kind of scenario and a provider's URL."""

    def theirs(kind: Kind, url: str) -> list[str]:
        return [*reference_command(), *agent_options(kind, url, instructions)]

    def ours(kind: Kind, url: str) -> list[str]:
        if options.server and not kind.tools:
            app = [options.server, "serve", "--responder", "agent", "--database", "memory:"]
            return [*app, *agent_options(Kind(kind.api, tools=True), url, instructions)]
        return [options.agents_server, *agent_options(kind, url, instructions)]

    return [theirs, theirs if options.self else ours]


def reference_command() -> list[str]:
    return [reference_python(), str(HERE / "reference_agent.py")]


def agent_options(kind: Kind, url: str, instructions: Path) -> list[str]:
    model = ["--model", MODEL, "--model-url", url, "--model-api", kind.api]
    common = [*model, "--instructions", str(instructions), "--listen", "127.0.0.1:0"]
    return common if kind.tools else [*common, "--no-tools"]


def differences_of(options: argparse.Namespace, tools: bool = False) -> list[Difference]:
    """What may differ where our server has tools, or has none."""
    if options.self:
        return []
    return [*DIFFERENCES, *(APP_DIFFERENCES if options.server and not tools else [])]


def stage_of(pair: list[tuple[ServerProcess, Provider]], kind: Kind, options: argparse.Namespace) -> Stage:
    addresses = [server.wait_until_listening() for server, _ in pair]
    clients = [AgentClient(address, provider) for address, (_, provider) in zip(addresses, pair, strict=True)]
    return Stage(tuple(clients), tuple(addresses), differences_of(options, kind.tools), not options.self)


def played(scenario: dict[str, Any], delivery: Delivery, stage: Stage) -> Result:
    reference, ours = stage.clients
    reference.delivery, ours.delivery = PLAIN, delivery
    named = {**scenario, "name": f"{scenario['name']} [{delivery.name}]"}
    try:
        return play(named, stage)
    except Exception:
        # An answer that no code here foresaw is a difference like any other.
        return Result(named["name"], [traceback.format_exc()])


def show(result: Result, options: argparse.Namespace) -> None:
    print(f"\nFAILED {result.name}", *result.failures, sep="\n")
    subject = ["--self"] if options.self else ["--agents-server", options.agents_server]
    if options.server:
        subject += ["--server", options.server]
    name, _, delivery = result.name.removesuffix("]").rpartition(" [")
    if name:
        replay = ["python3", sys.argv[0], *subject, "--only", name, "--delivery", delivery]
        print(f"replay: {shlex.join(replay)}")


if __name__ == "__main__":
    sys.exit(main())
