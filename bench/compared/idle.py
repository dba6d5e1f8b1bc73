"""What open streams cost in memory while nothing happens."""

from __future__ import annotations

from beside import table

from .contenders import Contenders
from .measuring import Bench, Result, Results, say


def measure(bench: Bench, contenders: Contenders, streams: int, found: Results) -> None:
    for contender in contenders.playing():
        result = bench.measure(contender, ["idle", f"--connections={streams}", "--hold-ms=300000"])
        if found.put(contender.name, result):
            say(f"idle: {contender.name}: {per_stream(result):.0f} bytes per stream, {further(result):.0f} further")
        bench.save()


def per_stream(result: Result) -> float:
    return result["bytes_per_stream"]["rss"]


def further(result: Result) -> float:
    """What the second half of the streams cost: what a server reserves once does not count."""
    return result["bytes_per_further_stream"]["rss"]


HEAD = ["", "bytes per stream", "per further stream", "MB before", "MB open", "MB when closed again"]


def tables(found: Results) -> list[str]:
    rows = [
        [
            name,
            f"{per_stream(result):,.0f}",
            f"{further(result):,.0f}",
            *(f"{result[when]['rss'] / 1e6:.1f}" for when in ("before", "streaming", "closed")),
        ]
        for name, result in found.items()
    ]
    return table(HEAD, rows + found.rows_of_missing(len(HEAD)))
