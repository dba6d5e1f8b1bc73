"""What a turn, a page and a retry cost in threads of different lengths."""

from __future__ import annotations

from dataclasses import replace

from beside import REFERENCE, table

from .contenders import OURS, SQLITE, Contenders
from .measuring import Bench, Result, Results, reason_row, say

OPERATIONS = ["turn", "retry", "page of 20", "page of 100", "page from the middle"]
FILLED = "thr_bench"
SLOW_REPEAT = 20
"""How often requests of the reference are repeated at most: one takes it about 10 ms."""


def measure(
    bench: Bench, contenders: Contenders, lengths: list[int], repeat: int, found: dict[int, Results]
) -> None:
    for items in lengths:
        results = found.setdefault(items, Results())
        for contender in contenders.playing():
            # The Node port looks for a message among the first thousand items only.
            if contender.name not in (*OURS, REFERENCE):
                continue
            times = min(repeat, SLOW_REPEAT) if contender.name == REFERENCE else repeat
            load = ["thread", f"--items={items}", f"--repeat={times}"]
            if contender.name == SQLITE:
                # Stored by the server, each item would wait for the disk.
                fill = [str(bench.program), "fill", "--sqlite={dir}/bench.db", f"--items={items}"]
                contender = replace(contender, before=[*fill, f"--thread={FILLED}"])
                load.append(f"--filled={FILLED}")
            result = bench.measure(contender, load)
            if results.put(contender.name, result):
                costs = ", ".join(f"{name} {cpu(result, name):,.0f}" for name in OPERATIONS)
                say(f"threads: {contender.name}: {items:,} items: µs of CPU: {costs}")
            bench.save()


def operation(result: Result, name: str) -> Result:
    return next(one for one in result["operations"] if one["name"] == name)


def cpu(result: Result, name: str) -> float:
    """Microseconds of the server's CPU time for one of an operation."""
    return operation(result, name)["server_cpu_us"]


def growth(found: dict[int, Results], contender: str, name: str) -> float | None:
    """How much more an operation costs in the longest thread than in the one before it in length. In a thread of ten
    items a page is not full, so the shortest one says little."""
    longest = sorted(found)[-2:]
    if len(longest) < 2 or any(contender not in found[items] for items in longest):
        return None
    costs = [cpu(found[items][contender], name) for items in longest]
    return costs[1] / costs[0]


def tables(found: dict[int, Results]) -> list[str]:
    head = ["CPU, µs / time, ms (p50)", *OPERATIONS, "MB"]
    names = dict.fromkeys(name for results in found.values() for name in (*results, *results.missing))
    rows = []
    for name in names:
        for items, results in found.items():
            title = f"{name}, {items:,} items"
            if result := results.get(name):
                cells = [
                    f"{cpu(result, which):,.0f} / {operation(result, which)['total_ms']['p50']:.2f}"
                    for which in OPERATIONS
                ]
                rows.append([title, *cells, f"{result['memory']['rss'] / 1e6:.0f}"])
            elif name in results.missing:
                rows.append(reason_row(title, results.missing[name], len(head)))
    return table(head, rows)
