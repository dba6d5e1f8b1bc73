"""A model's text through a server: who is compared, and a short comparison. `bench/agents` makes the long one."""

from __future__ import annotations

import socket
from pathlib import Path

from beside import REFERENCE, ROOT, Contender, table

from .measuring import Bench, Result, Results, say

OURS = "ours"
RELAY = "relay of bytes"
API = "responses"
GAP_MS = 20


def contenders_of(api: str, provider: str, server: Path, bench: Path, python: str) -> list[Contender]:
    model = ["--model=bench", f"--model-url=http://{provider}/v1", f"--model-api={api}"]
    model.append(f"--instructions={Path(__file__).resolve().parent / 'instructions.txt'}")
    ours = [str(server), "serve", "--listen=127.0.0.1:0", "--database=memory:"]
    # As its users have it: nothing of it is mended. uvicorn takes uvloop and httptools, which are installed.
    reference = [python, str(ROOT / "conformance" / "agents" / "reference_agent.py"), "--no-tools"]
    return [
        Contender(OURS, [*ours, "--responder=agent", *model]),
        Contender(REFERENCE, [*reference, "--unmended=ids", "--unmended=citations", *model]),
        Contender(RELAY, [str(bench), "relay", f"--to={provider}"]),
    ]


def free_address() -> str:
    """Free now: the provider listens only when the server knows where."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return "{}:{}".format(*chosen.getsockname())


def measure(
    bench: Bench, server: Path, python: str, deltas: int, seconds: float, found: dict[str, Results]
) -> None:
    """Paced, and flat out."""
    loads = {
        f"{deltas} deltas, {GAP_MS} ms apart": [f"--deltas={deltas}", f"--gap-us={GAP_MS * 1000}", "--streams=1"],
        "2,000 deltas flat out": ["--deltas=2000", "--gap-us=0", f"--seconds={seconds:g}"],
    }
    for title, load in loads.items():
        results = found.setdefault(title, Results())
        provider = free_address()
        for contender in contenders_of(API, provider, server, bench.program, python):
            relay = ["--relay"] if contender.name == RELAY else []
            result = bench.measure(
                contender, ["agent", f"--provider-listen={provider}", f"--api={API}", *relay, *load]
            )
            if results.put(contender.name, result):
                say(f"agent: {title}: {contender.name}: {added(result):.0f} µs added, {cpu(result):.2f} µs per delta")
            bench.save()


def added(result: Result, quantile: str = "p50") -> float:
    return result["latency_us"][f"added_{quantile}"]


def cpu(result: Result) -> float:
    return result["server"]["cpu_us_per_delta"]


HEAD = [
    *("", "added, µs (p50 / p99)", "provider's write to client, µs", "server CPU, µs per delta"),
    "deltas per event",
]


def tables(found: dict[str, Results]) -> list[str]:
    rows = []
    for title, results in found.items():
        for name, result in results.items():
            through = result["latency_us"]["server"]
            rows.append([
                f"{name}, {title}",
                f"{added(result):.0f} / {added(result, 'p99'):.0f}" if "apart" in title else "–",
                f"{through['p50']:.0f} / {through['p99']:.0f}" if "apart" in title else "–",
                f"{cpu(result):.2f}",
                f"{result['deltas_per_event']:.1f}",
            ])
        rows += results.rows_of_missing(len(HEAD), lambda name, title=title: f"{name}, {title}")
    return table(HEAD, rows)
