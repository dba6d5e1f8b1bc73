"""The same streams over HTTP/1.1 and, many on a connection, over HTTP/2."""

from __future__ import annotations

from beside import table

from .contenders import BARE, MEMORY, Contenders
from .flat import USUAL
from .measuring import Bench, Result, cpu_per_delta, say

SHAPES = {64: (4, 16), 1000: (10, 100)}
"""Concurrent streams: connections, streams on each."""
Found = dict[tuple[str, int], dict[str, Result]]


def measure(bench: Bench, contenders: Contenders, seconds: float) -> Found:
    """By contender and number of streams; over HTTP/2 none from servers that do not speak it."""
    found: Found = {}
    for contender in contenders.replying(USUAL[0]):
        if contender.name not in (MEMORY, BARE):
            continue
        for streams, (connections, each) in SHAPES.items():
            load = ["load", f"--deltas={USUAL[0]}", f"--seconds={seconds:g}", f"--drain-s={seconds:g}", "--warmup=8"]
            one = bench.measure(contender, [*load, f"--connections={streams}"])
            two = bench.measure(
                contender,
                [*load, "--http2", f"--connections={connections}", f"--streams-per-connection={each}"],
                may_fail=True,
            )
            both = {"1.1": one, "2": two if two and not two["failures"] else None}
            found[contender.name, streams] = {http: result for http, result in both.items() if result}
            say(f"http2: {contender.name}, {streams}: " + ", ".join(found[contender.name, streams]))
    return found


def tables(found: Found) -> list[str]:
    rows = []
    for (name, streams), results in found.items():
        for http in ("1.1", "2"):
            result = results.get(http)
            what = f"{name}, {streams:,} streams, HTTP/{http}"
            if result is None:
                rows.append([what, *("not spoken" for _ in range(5))])
                continue
            first, total = (result["milliseconds"][which] for which in ("first_text", "total"))
            rows.append([
                what,
                f"{result['streams_per_second']:,.1f}",
                f"{cpu_per_delta(result):.2f}",
                f"{result['server']['cores']:.2f} / {result['generator_cores']:.2f}",
                f"{first['p50']:.1f} / {first['p99']:.1f}",
                f"{total['p50']:.1f} / {total['p99']:.1f}",
            ])
    head = ["", "streams/s", "CPU, µs per delta", "cores: server / generator", "first text, ms (p50 / p99)"]
    return table([*head, "total, ms (p50 / p99)"], rows)
