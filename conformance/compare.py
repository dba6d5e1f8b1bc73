"""Compares our server with the Python reference, black box.

    compare.py --server target/debug/chatkit --random 300

Plays every scenario in `scenarios/`, then the asked number of random ones. See README.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shlex
import signal
import sys
import time
import traceback
from collections import Counter
from typing import Any

from differences import DIFFERENCES
from generate import PREFIX, is_random, scenario_named
from play import Difference, Result, Stage, play
from scenarios import SCENARIOS
from servers import Client, ServerProcess, our_command, reference_command

SHOWN_FAILURES = 10
NAMED_FAILURES = 50


def main() -> int:
    # So that the servers are stopped when a run is given up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    options = arguments()
    names = chosen_names(options)
    differences = [] if options.self else DIFFERENCES
    started = time.monotonic()
    results, crashes = run(names, options, differences)
    seconds = time.monotonic() - started

    failed = [result for result in results if result.failures]
    for result in failed[:SHOWN_FAILURES]:
        show(result, options)
    if len(failed) > SHOWN_FAILURES:
        print(f"\nand {len(failed) - SHOWN_FAILURES} more failed, among them:")
        print("\n".join(f"  {result.name}" for result in failed[SHOWN_FAILURES:][:NAMED_FAILURES]))
    for crash in crashes:
        print(crash)

    uses: Counter[str] = sum((result.uses for result in results), Counter())
    if uses:
        print("\ndeliberate differences met:")
        for id, count in sorted(uses.items()):
            print(f"  {count:6} {id}")
    # A part of the scenarios says nothing about what the others need.
    stale = [] if options.only else stale_differences(differences, results)
    for id in stale:
        print(f"stale difference: {id}: no hand-written scenario needs it any more; take it out")

    print(f"\n{len(results)} scenarios in {seconds:.1f} s")
    bad = len(failed) + len(crashes) + len(stale)
    print(f"{len(results) - len(failed)} passed, {bad} failed")
    return 1 if bad else 0


def chosen_names(options: argparse.Namespace) -> list[str]:
    if options.only and is_random(options.only):
        return [options.only]
    written = [scenario["name"] for scenario in SCENARIOS]
    if options.only:
        matching = [name for name in written if options.only in name]
        return matching or sys.exit(f"no scenario is called {options.only!r}; --list shows the names")
    return written + [f"{PREFIX}{options.seed}-{number}" for number in range(options.random)]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument("--server", metavar="PATH", help="our server's binary")
    subject.add_argument(
        "--self", action="store_true", help="the reference against itself, without any deliberate difference"
    )
    parser.add_argument("--random", type=int, default=0, metavar="N", help="how many random scenarios")
    parser.add_argument("--seed", default="1", help="seed of the random scenarios")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="pairs of servers to play against at once"
    )
    parser.add_argument(
        "--only",
        metavar="NAME",
        help="scenarios whose name contains this, or one random scenario by its name",
    )
    subject.add_argument("--list", action="store_true", help="print the names of the hand-written scenarios")
    options = parser.parse_args()
    if options.list:
        print("\n".join(scenario["name"] for scenario in SCENARIOS))
        sys.exit()
    return options


def run(
    names: list[str], options: argparse.Namespace, differences: list[Difference]
) -> tuple[list[Result], list[str]]:
    """Plays the named scenarios over `--jobs` pairs of fresh servers."""
    jobs = max(1, min(options.jobs, len(names)))
    theirs = reference_command()
    commands = [theirs, theirs if options.self else our_command(options.server)]
    servers = []
    try:
        for command in commands * jobs:
            servers.append(ServerProcess(command))
        addresses = [server.wait_until_listening() for server in servers]
        pairs = multiprocessing.SimpleQueue()
        for pair in zip(addresses[::2], addresses[1::2], strict=True):
            pairs.put(pair)
        setup = (pairs, differences, not options.self)
        with multiprocessing.get_context("fork").Pool(jobs, Worker.begin, setup) as pool:
            results = list(pool.imap_unordered(Worker.play, names))
        crashes = [
            f"a server ended by itself: {' '.join(server.command)}\n{server.log_tail()}"
            for server in servers
            if server.process.poll() is not None
        ]
    finally:
        for server in servers:
            server.stop()
    order = {name: place for place, name in enumerate(names)}
    return sorted(results, key=lambda result: order[result.name]), crashes


class Worker:
    """What one process of the pool keeps between scenarios."""

    stage: Stage

    @classmethod
    def begin(cls, pairs: Any, differences: list[Difference], strict: bool) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        addresses = pairs.get()
        clients = (Client(addresses[0]), Client(addresses[1]))
        cls.stage = Stage(clients, addresses, differences, strict)

    @classmethod
    def play(cls, name: str) -> Result:
        try:
            return play(scenario_named(name, SCENARIOS), cls.stage)
        except Exception:
            # An answer that no code here foresaw is a difference like any other.
            return Result(name, [traceback.format_exc()])


def stale_differences(differences: list[Difference], results: list[Result]) -> list[str]:
    """Entries that no hand-written scenario needed. Random ones do not count: they come and go with the seed."""
    needed = {use for result in results if not is_random(result.name) for use in result.uses}
    return [difference.id for difference in differences if difference.id not in needed]


def show(result: Result, options: argparse.Namespace) -> None:
    subject = "--self" if options.self else f"--server {options.server}"
    print(f"\nFAILED {result.name}")
    for failure in result.failures:
        print(failure)
    print(f"replay: python3 {sys.argv[0]} {subject} --jobs 1 --only {shlex.quote(result.name)}")


if __name__ == "__main__":
    sys.exit(main())
