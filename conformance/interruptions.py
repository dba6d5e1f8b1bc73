"""Compares what our server and the Python reference leave when a client goes away in the middle of a stream.

    interruptions.py --server target/debug/chatkit

Plays `interruption_scenarios.py`, and compares hidden items too. See README.md.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from compare import stale_differences
from interrupting import InterruptingClient
from interruption_differences import DIFFERENCES, REFUSALS
from interruption_scenarios import SCENARIOS
from play import Result, Stage, play
from servers import ServerProcess, our_command, reference_command
from stored import in_database, in_reference


def main() -> int:
    # So that the servers are stopped when a run is given up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", metavar="PATH", required=True, help="our server's binary")
    parser.add_argument("--only", metavar="NAME", default="", help="scenarios whose name contains this")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="how often each is played")
    options = parser.parse_args()
    chosen = [one for one in SCENARIOS if options.only in one["name"]]
    if not chosen:
        sys.exit(f"no scenario is called {options.only!r}")

    begun = time.monotonic()
    results = run(options.server, chosen * options.rounds)
    failed = [result for result in results if result.failures]
    for result in failed:
        print(f"\nFAILED {result.name}", *result.failures, sep="\n")
    uses: Counter[str] = sum((result.uses for result in results), Counter())
    for id, count in sorted(uses.items()):
        print(f"  {count:6} {id}")
    # A part of the scenarios says nothing about what the others need.
    stale = [] if options.only else stale_differences(DIFFERENCES, results)
    for id in stale:
        print(f"stale difference: {id}: no scenario needs it any more; take it out")
    print(f"{len(results)} interruptions in {time.monotonic() - begun:.1f} s")
    print(f"{len(results) - len(failed)} passed, {len(failed) + len(stale)} failed")
    return 1 if failed or stale else 0


def run(server: str, scenarios: list[dict[str, Any]]) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "chatkit.db"
        commands = [reference_command(), our_command(server, f"sqlite:{database}")]
        servers: list[ServerProcess] = []
        try:
            for command in commands:
                servers.append(ServerProcess(command))
            addresses = (servers[0].wait_until_listening(), servers[1].wait_until_listening())
            clients = (
                InterruptingClient(addresses[0], in_reference(addresses[0]), hasty=False),
                InterruptingClient(addresses[1], in_database(database), hasty=True),
            )
            stage = Stage(clients, addresses, [*DIFFERENCES, *REFUSALS])
            return [played(scenario, stage) for scenario in scenarios]
        finally:
            for process in servers:
                process.stop()


def played(scenario: dict[str, Any], stage: Stage) -> Result:
    try:
        return play(scenario, stage)
    except Exception:
        # A server that does not do what the scenario needs has failed it.
        return Result(scenario["name"], [traceback.format_exc()])


if __name__ == "__main__":
    sys.exit(main())
