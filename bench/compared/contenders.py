"""The servers that are compared, and how each is started."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from beside import HERE, REFERENCE, ROOT, Contender, release_folder

MEMORY = "ours, memory"
SQLITE = "ours, SQLite"
NODE = "Node port"
BARE = "bare, a chunk an event"
READY = "bare, a chunk for all that is ready"
OURS = (MEMORY, SQLITE)
PACKAGES = ["openai-chatkit", "uvicorn", "uvloop", "httptools", "fastapi", "pydantic"]
NODE_PACKAGE = "chatkit-node-backend-sdk"
INSTALL_S = 120.0


@dataclass(frozen=True)
class Contenders:
    server: Path
    bench: Path
    python: str
    node: bool
    """Whether the Node port can be run here."""

    def playing(self) -> list[Contender]:
        """Those that play any script."""
        ours = [str(self.server), "serve", "--listen=127.0.0.1:0", "--responder=playback", "--database"]
        # One process without an access log, on the fastest event loop and HTTP parser that uvicorn has.
        reference = [self.python, str(ROOT / "conformance" / "reference_server.py"), "--loop=uvloop"]
        return [
            Contender(MEMORY, [*ours, "memory:"]),
            Contender(SQLITE, [*ours, "sqlite:{dir}/bench.db"]),
            Contender(REFERENCE, reference),
            *self._node(),
        ]

    def replying(self, deltas: int) -> list[Contender]:
        """Those that play any script, and those that reply with so many deltas whatever they are asked."""
        bare = [str(self.bench), "bare", f"--deltas={deltas}"]
        return [
            *self.playing(),
            Contender(BARE, bare),
            Contender(READY, [*bare, "--per-chunk=ready"]),
        ]

    def stamping(self, deltas: int, gap_ms: int) -> list[Contender]:
        """Those that tell when they send a delta."""
        ours = [str(self.bench), "serve"]
        bare = [str(self.bench), "bare", "--stamped", f"--deltas={deltas}", f"--gap-us={gap_ms * 1000}"]
        reference = [self.python, str(HERE / "stamping_reference.py"), "--loop=uvloop"]
        return [
            Contender(MEMORY, ours),
            Contender(SQLITE, [*ours, "--sqlite={dir}/bench.db"]),
            Contender(REFERENCE, reference),
            *self._node(),
            Contender(BARE, bare),
        ]

    def _node(self) -> list[Contender]:
        return [Contender(NODE, ["node", str(HERE / "node" / "server.mjs")])] if self.node else []


def contenders(python: str, server: str | None = None) -> Contenders:
    """`server`: our binary, when it is not the one that was built here."""
    folder = release_folder()
    ours = Path(server) if server else folder / "chatkit"
    return Contenders(ours, folder / "chatkit-bench", python, node_is_there())


def node_is_there() -> bool:
    """Installs the Node port when it can be installed."""
    folder = HERE / "node"
    if not shutil.which("node") or not shutil.which("npm"):
        print("without the Node port: there is no node and npm", file=sys.stderr)
        return False
    if (folder / "node_modules" / NODE_PACKAGE).is_dir():
        return True
    install = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
    try:
        installed = subprocess.run(install, cwd=folder, timeout=INSTALL_S, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        installed = False
    if not installed:
        print("without the Node port: npm did not install it", file=sys.stderr)
        return False
    return True
