"""One measurement: a server, the load generator, and what was wrong with the streams."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beside import Contender

Result = dict[str, Any]


class Reason(str):
    """Why there is no result: stands in the tables in its place."""


class Results(dict[str, Result]):
    """By contender."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: dict[str, Reason] = {}
        """Who gave nothing, and why."""

    def put(self, name: str, found: Result | Reason) -> bool:
        """Whether it is a result."""
        if isinstance(found, Reason):
            self.missing[name] = found
            return False
        self[name] = found
        self.missing.pop(name, None)
        return True

    def rows_of_missing(self, columns: int, called: Callable[[str], str] = str) -> list[list[str]]:
        return [reason_row(called(name), why, columns) for name, why in self.missing.items() if name not in self]


def reason_row(name: str, why: Reason, columns: int) -> list[str]:
    """A row of a table that has the reason in place of figures."""
    return [name, why.replace("|", "/"), *("" for _ in range(columns - 2))]


@dataclass
class Bench:
    """The load generator, and where it and the servers run."""

    program: Path
    server_cores: str
    load_cores: str
    save: Callable[[], None] = lambda: None
    """Called when there is more to write down."""
    patience_s: float = 90.0
    """No measurement takes longer."""
    wrong: list[str] = field(default_factory=list)
    """What was wrong with the streams of all measurements."""
    _limit_s: float = float("inf")
    _until: float = float("inf")

    def begin(self, limit_s: float) -> None:
        """A part of the comparison begins, which takes no longer than that."""
        self._limit_s, self._until = limit_s, time.monotonic() + limit_s

    def measure(
        self,
        contender: Contender,
        arguments: list[str],
        *,
        server_cores: str | None = None,
    ) -> Result | Reason:
        """Starts the server anew and has the generator report."""
        left = self._until - time.monotonic()
        if left < SHORTEST_S:
            return Reason(f"not measured: all that is measured here had taken {self._limit_s:g} s")
        try:
            return self._measured(contender, arguments, server_cores or self.server_cores, min(left, self.patience_s))
        # Whatever it is: the others are still to be measured.
        except Exception as error:  # noqa: BLE001
            return self._note(contender, arguments, last_line(str(error)) or type(error).__name__)

    def _measured(self, contender: Contender, arguments: list[str], cores: str, patience_s: float) -> Result | Reason:
        with tempfile.TemporaryDirectory() as folder:
            server = contender.start(folder, cores)
            try:
                where = [f"--url=http://{server.address}", f"--pid={server.process.pid}"]
                result = self._run([arguments[0], *where, *arguments[1:]], patience_s)
            finally:
                server.stop()
        if isinstance(result, Reason):
            return result
        if result.get("failures", 0) > 0:
            self._note(contender, arguments, f"{result['failures']} failures: {result['first_failures']}")
        return result

    def _note(self, contender: Contender, arguments: list[str], what: str) -> Reason:
        """Something that is not as it must be."""
        what = without_folders(what)
        self.wrong.append(f"{contender.name}: {shlex.join(arguments)}: {what}")
        say(self.wrong[-1])
        return Reason(f"failed: {what}")

    def _run(self, arguments: list[str], patience_s: float) -> Result | Reason:
        command = ["taskset", "-c", self.load_cores, str(self.program), *arguments, "--json"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=patience_s, check=False)
        except subprocess.TimeoutExpired:
            return Reason(f"not reached in {patience_s:.0f} s")
        # Failed streams are reported too.
        if not done.stdout:
            raise RuntimeError(done.stderr.strip() or f"the load generator ended with {done.returncode}")
        return json.loads(done.stdout)


SHORTEST_S = 5.0
"""With less time left no measurement begins."""


def best_rounds(
    bench: Bench,
    rounds: int,
    contenders: list[Contender],
    arguments: Callable[[str], list[str]],
    cost: Callable[[Result], float],
    found: Results,
) -> None:
    """For each contender its round with the least cost: what else happens on the machine can only add to it. Rounds
    take turns, so that all contenders meet the same machine. What takes long is measured once."""
    took: dict[str, float] = {}
    for _ in range(rounds):
        for contender in contenders:
            name = contender.name
            if name in found.missing or took.get(name, 0) > ONCE_S:
                continue
            begun = time.monotonic()
            result = bench.measure(contender, arguments(name))
            took[name] = time.monotonic() - begun
            # A round that gave nothing takes nothing away from one that did.
            if name not in found or (not isinstance(result, Reason) and cost(result) < cost(found[name])):
                found.put(name, result)
            bench.save()


ONCE_S = 8.0
"""A load that takes longer is not repeated."""


def cpu_per_delta(result: Result) -> float:
    """Microseconds of the server's CPU time; endless when no delta came."""
    return result["server"]["cpu_us_per_delta"] or float("inf")


def without_folders(text: str) -> str:
    """What is written down names files, not where they are on this machine."""
    return re.sub(r"(?<![\w:/])/(?:[\w.+-]+/)+", "", text)


def last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
