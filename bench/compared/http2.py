"""The same streams over HTTP/1.1 and, many on a connection, over HTTP/2."""

from __future__ import annotations

from beside import table

from .contenders import BARE, MEMORY, Contenders
from .flat import USUAL
from .measuring import Bench, Reason, Result, cpu_per_delta, reason_row, say

SHAPES = {64: (4, 16), 1000: (10, 100)}
"""Concurrent streams: connections, streams on each."""
Found = dict[tuple[str, int, str], Result | Reason]
"""By contender, number of streams and version of HTTP."""


def measure(bench: Bench, contenders: Contenders, seconds: float, found: Found) -> None:
    for contender in contenders.replying(USUAL[0]):
        if contender.name not in (MEMORY, BARE):
            continue
        for streams, (connections, each) in SHAPES.items():
            load = ["load", f"--deltas={USUAL[0]}", f"--seconds={seconds:g}", f"--drain-s={seconds:g}", "--warmup=8"]
            shapes = {
                "1.1": [f"--connections={streams}"],
                "2": ["--http2", f"--connections={connections}", f"--streams-per-connection={each}"],
            }
            for http, shape in shapes.items():
                result = bench.measure(contender, [*load, *shape])
                found[contender.name, streams, http] = result
                said = result if isinstance(result, Reason) else f"{cpu_per_delta(result):.2f} µs per delta"
                say(f"http2: {contender.name}, {streams} streams, HTTP/{http}: {said}")
                bench.save()


HEAD = [
    *("", "streams/s", "CPU, µs per delta", "cores: server / generator", "first text, ms (p50 / p99)"),
    *("total, ms (p50 / p99)", "ended / left / failed"),
]


def tables(found: Found) -> list[str]:
    rows = []
    for (name, streams, http), result in found.items():
        what = f"{name}, {streams:,} streams, HTTP/{http}"
        if isinstance(result, Reason):
            rows.append(reason_row(what, result, len(HEAD)))
            continue
        first, total = (result["milliseconds"][which] for which in ("first_text", "total"))
        rows.append([
            what,
            f"{result['streams_per_second']:,.1f}",
            f"{cpu_per_delta(result):.2f}",
            f"{result['server']['cores']:.2f} / {result['generator_cores']:.2f}",
            f"{first['p50']:.1f} / {first['p99']:.1f}",
            f"{total['p50']:.1f} / {total['p99']:.1f}",
            f"{result['streams']:,} / {result['cut']:,} / {result['failures']:,}",
        ])
    return table(HEAD, rows)
