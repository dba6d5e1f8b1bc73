"""What the comparisons with the reference share: servers to measure, and how it is written down."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "conformance"))

from servers import ServerProcess  # noqa: E402

REFERENCE = "reference"
START_S = 30.0
"""A server that takes longer to start is ended."""


@dataclass(frozen=True)
class Contender:
    """A server to measure; `{dir}` in its command is a folder that is gone afterwards."""

    name: str
    command: list[str]
    before: list[str] | None = None
    """A command that is run before it; `{dir}` is the same folder."""

    def start(self, folder: str, cores: str, scheduled: list[str] | None = None) -> ServerProcess:
        """`cores`: as `taskset` takes them. `scheduled`: a command that runs another one with a scheduling policy."""
        if self.before:
            before = [part.replace("{dir}", folder) for part in self.before]
            subprocess.run(before, timeout=START_S, check=True)
        command = [part.replace("{dir}", folder) for part in self.command]
        server = ServerProcess(["taskset", "-c", cores, *(scheduled or []), *command])
        hanging = Timer(START_S, server.process.kill)
        hanging.start()
        try:
            server.wait_until_listening()
        finally:
            hanging.cancel()
        return server


def build() -> None:
    packages = ["-p", "chatkit", "-p", "chatkit-bench"]
    subprocess.run(["cargo", "build", "--release", *packages], cwd=ROOT, check=True)


def release_folder() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"


def run(bench: Path, arguments: list[str], core: int, scheduled: list[str] | None = None) -> dict[str, Any]:
    """What the load generator, on a core of its own, reports."""
    command = ["taskset", "-c", str(core), *(scheduled or []), str(bench), *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)}\nfailed\n{done.stdout.decode()}")
    return json.loads(done.stdout)


def ratio(ours: float, reference: float) -> str:
    value = ours / reference
    return f"{value:.1f}" if value >= 1 else f"1 / {1 / value:.1f}"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    rule = ["---", *("---:" for _ in head[1:])]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]


def facts(python: str, packages: list[str]) -> list[str]:
    """The machine, and what was compared on it. `packages`: of the reference, whose interpreter is `python`."""
    return [machine(), *versions(python, packages)]


def machine() -> str:
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Linux, load average at the end {busy}"


def versions(python: str, packages: list[str]) -> list[str]:
    return [
        f"ours: {output(['git', 'describe', '--always', '--dirty'], 'no revision')},"
        f" {output(['rustc', '--version'])}, release build",
        f"reference: {output([python, '-c', VERSIONS, *packages])}; one process, no access log",
    ]


VERSIONS = """
import sys
from importlib.metadata import version
print("Python " + sys.version.split()[0], *(f"{name} {version(name)}" for name in sys.argv[1:]), sep=", ")
"""


def output(command: list[str], otherwise: str = "unknown") -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else otherwise
