"""Streams that begin at random, at half of what each server can do: how long people wait who know nothing of each
other."""

from __future__ import annotations

from beside import table

from .contenders import Contenders
from .flat import USUAL
from .measuring import Bench, Reason, Results, say

SHARE = 0.5
UNKNOWN = Reason("not measured: what it can do at most is not known")


def measure(bench: Bench, contenders: Contenders, flat: Results, seconds: float, found: Results) -> None:
    """`flat`: what each did with the usual replies."""
    for contender in contenders.replying(USUAL[0]):
        if contender.name not in flat or not (rate := flat[contender.name]["streams_per_second"] * SHARE):
            found.put(contender.name, UNKNOWN)
            continue
        load = [
            *("load", f"--rate={rate:.3f}", "--connections=1", f"--deltas={USUAL[0]}", "--warmup=8"),
            *(f"--seconds={seconds:g}", f"--drain-s={seconds:g}"),
        ]
        result = bench.measure(contender, load)
        if found.put(contender.name, result):
            first = result["milliseconds"]["first_text"]
            say(f"arrivals: {contender.name}: {rate:.0f}/s, first text {first['p99']:.1f} ms at p99")
        bench.save()


HEAD = [
    *("", "streams/s", "first text, ms (p50 / p99)", "longest gap, ms", "total, ms"),
    *("open at most", "begun late / dropped", "ended / left / failed"),
]


def tables(found: Results) -> list[str]:
    rows = []
    for name, result in found.items():
        first, gap, total = (result["milliseconds"][what] for what in ("first_text", "longest_gap", "total"))
        arrivals = result["arrivals"]
        rows.append([
            name,
            f"{arrivals['rate']:,.1f}",
            *(f"{one['p50']:.1f} / {one['p99']:.1f}" for one in (first, gap, total)),
            f"{arrivals['open_at_most']:,}",
            f"{arrivals['late']:,} / {arrivals['dropped']:,}",
            f"{result['streams']:,} / {result['cut']:,} / {result['failures']:,}",
        ])
    return table(HEAD, rows + found.rows_of_missing(len(HEAD)))
