"""One measurement: a server, the load generator, and what was wrong with the streams."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beside import Contender

Result = dict[str, Any]
Results = dict[str, Result]
"""By contender; who gave nothing is missing."""


@dataclass
class Bench:
    """The load generator, and where it and the servers run."""

    program: Path
    server_cores: str
    load_cores: str
    patience_s: float = 180.0
    """A measurement that takes longer counts as failed."""
    wrong: list[str] = field(default_factory=list)
    """What was wrong with the streams of all measurements."""

    def measure(
        self,
        contender: Contender,
        arguments: list[str],
        *,
        server_cores: str | None = None,
        may_fail: bool = False,
    ) -> Result | None:
        """Starts the server anew and has the generator report; none when it could not."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                server = contender.start(folder, server_cores or self.server_cores)
            except RuntimeError as error:
                said = str(error).strip().splitlines()
                self.wrong.append(f"{contender.name} did not start: {said[-1] if said else 'it said nothing'}")
                return None
            try:
                where = [f"--url=http://{server.address}", f"--pid={server.process.pid}"]
                result, error = self._run([arguments[0], *where, *arguments[1:]])
            finally:
                server.stop()
        if result is None or result.get("failures", 0) > 0:
            said = error if result is None else f"{result['failures']} failures: {result['first_failures']}"
            what = f"{contender.name}: {shlex.join(arguments)}: {said}"
            print(what, file=sys.stderr)
            if not may_fail:
                self.wrong.append(what)
        return result

    def _run(self, arguments: list[str]) -> tuple[Result | None, str]:
        command = ["taskset", "-c", self.load_cores, str(self.program), *arguments, "--json"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=self.patience_s, check=False)
        except subprocess.TimeoutExpired:
            return None, f"nothing after {self.patience_s:g} s"
        # Failed streams are reported too.
        return (json.loads(done.stdout), "") if done.stdout else (None, done.stderr.strip())


def best_rounds(
    bench: Bench,
    rounds: int,
    contenders: list[Contender],
    arguments: Callable[[str], list[str]],
    cost: Callable[[Result], float],
) -> Results:
    """For each contender its round with the least cost: what else happens on the machine can only add to it. Rounds
    take turns, so that all contenders meet the same machine."""
    found: dict[str, list[Result]] = {}
    for _ in range(rounds):
        for contender in contenders:
            result = bench.measure(contender, arguments(contender.name))
            if result is not None:
                found.setdefault(contender.name, []).append(result)
    return {name: min(results, key=cost) for name, results in found.items()}


def cpu_per_delta(result: Result) -> float:
    """Microseconds of the server's CPU time; endless when no delta came."""
    return result["server"]["cpu_us_per_delta"] or float("inf")


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
