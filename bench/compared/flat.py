"""Streams as fast as they come: lengths of replies by numbers of concurrent streams."""

from __future__ import annotations

from dataclasses import dataclass

from beside import REFERENCE, ratio, table

from .contenders import NODE, Contenders
from .measuring import Bench, Reason, Result, Results, best_rounds, cpu_per_delta, say

WARMUP = {20: 64, 200: 32, 20_000: 1}
"""Streams before the measurement: few where one takes a second."""
Cell = tuple[int, int]
"""Deltas of a reply, concurrent streams."""
USUAL: Cell = (200, 64)
SLOW = (REFERENCE, NODE)
ENDLESS = 50_000_000
"""So many deltas of all streams together take anybody too long to wait for their ends."""
CROWD = 10_000
NOT_ASKED = Reason("not asked: beginning a stream takes it 12 ms, so many two minutes")
"""Of the reference, by such a crowd."""


@dataclass(frozen=True)
class Plan:
    deltas: list[int]
    concurrent: list[int]
    seconds: float
    drain_s: float
    """Streams that take longer than so many seconds beyond are left; what came of them counts."""
    slow_drain_s: float
    """The same for the slower servers: so long that a thousand streams can end."""
    endless_drain_s: float
    """The same where none could end."""
    rounds: int

    def drain_of(self, cell: Cell, name: str) -> float:
        if cell[0] * cell[1] > ENDLESS:
            return self.endless_drain_s
        return self.slow_drain_s if name in SLOW else self.drain_s


def measure(bench: Bench, contenders: Contenders, plan: Plan, found: dict[Cell, Results]) -> None:
    for deltas in plan.deltas:
        for concurrent in plan.concurrent:
            cell = (deltas, concurrent)

            def load(name: str, cell: Cell = cell) -> list[str]:
                deltas, concurrent = cell
                return [
                    *("load", f"--connections={concurrent}", f"--deltas={deltas}", f"--warmup={WARMUP[deltas]}"),
                    *(f"--seconds={plan.seconds:g}", f"--drain-s={plan.drain_of(cell, name):g}"),
                ]

            results = found.setdefault(cell, Results())
            if concurrent >= CROWD:
                results.put(REFERENCE, NOT_ASKED)
            best_rounds(bench, plan.rounds, contenders.replying(deltas), load, cpu_per_delta, results)
            said = {name: rate(result) for name, result in results.items()} | results.missing
            say(f"{title(cell)}: " + ", ".join(f"{name} {what}" for name, what in said.items()))


def title(cell: Cell) -> str:
    return f"{cell[0]:,} deltas × {cell[1]:,} streams"


def rate(result: Result) -> str:
    return f"{result['deltas_per_second']:,.0f} deltas/s"


def ratios(found: dict[Cell, Results]) -> list[str]:
    """Ours and the others times the reference, by CPU time."""
    names = [name for name in names_of(found) if name != REFERENCE]
    return table(
        ["deltas × streams", *names],
        [
            [title(cell), *(against(results, name) for name in names)]
            for cell, results in found.items()
        ],
    )


def names_of(found: dict[Cell, Results]) -> list[str]:
    return list(dict.fromkeys(name for results in found.values() for name in results))


def against(results: Results, name: str, other: str = REFERENCE) -> str:
    """With a star when streams of one of the two were left."""
    if name not in results or other not in results:
        return "–"
    one, two = cpu_per_delta(results[name]), cpu_per_delta(results[other])
    if float("inf") in (one, two):
        return "–"
    return ratio(two, one) + ("*" if results[name]["cut"] or results[other]["cut"] else "")


def tables(found: dict[Cell, Results]) -> list[str]:
    lines = []
    for cell, results in found.items():
        lines += ["", f"### {title(cell)}", "", *cell_table(results)]
    return lines


HEAD = [
    *("", "streams/s", "deltas/s", "CPU, µs per stream", "CPU, µs per delta", "cores: server / generator"),
    *("first text, ms (p50 / p99)", "total, ms (p50 / p99)", "MB at most", "ended / left / failed"),
]


def cell_table(results: Results) -> list[str]:
    rows = []
    for name, result in results.items():
        first, total = (result["milliseconds"][what] for what in ("first_text", "total"))
        server = result["server"]
        came = result["deltas_per_second"] > 0
        rows.append([
            name,
            f"{result['streams_per_second']:,.1f}",
            f"{result['deltas_per_second']:,.0f}",
            # What was done for streams that were left would count for those that ended.
            number(None if result["cut"] else server["cpu_us_per_stream"], 0),
            number(server["cpu_us_per_delta"], 2),
            f"{server['cores']:.2f} / {result['generator_cores']:.2f}",
            f"{first['p50']:.1f} / {first['p99']:.1f}" if came else "–",
            f"{total['p50']:.1f} / {total['p99']:.1f}" if result["streams"] else "–",
            f"{server['memory']['peak_rss'] / 1e6:.0f}",
            f"{result['streams']:,} / {result['cut']:,} / {result['failures']:,}",
        ])
    return table(HEAD, rows + results.rows_of_missing(len(HEAD)))


def number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
