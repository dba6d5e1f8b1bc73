"""What a turn, a page and a retry cost in threads of different lengths."""

from __future__ import annotations

from beside import REFERENCE, table

from .contenders import OURS, Contenders
from .measuring import Bench, Result, Results, say

OPERATIONS = ["turn", "retry", "page of 20", "page of 100", "page from the middle"]


def measure(bench: Bench, contenders: Contenders, lengths: list[int], repeat: int) -> dict[int, Results]:
    found: dict[int, Results] = {}
    for items in lengths:
        found[items] = {}
        for contender in contenders.playing():
            # The Node port looks for a message among the first thousand items only.
            if contender.name not in (*OURS, REFERENCE):
                continue
            result = bench.measure(contender, ["thread", f"--items={items}", f"--repeat={repeat}"])
            if result is not None:
                found[items][contender.name] = result
                costs = ", ".join(f"{name} {cpu(result, name):,.0f}" for name in OPERATIONS)
                say(f"threads: {contender.name}: {items:,} items: µs of CPU: {costs}")
    return found


def operation(result: Result, name: str) -> Result:
    return next(one for one in result["operations"] if one["name"] == name)


def cpu(result: Result, name: str) -> float:
    """Microseconds of the server's CPU time for one of an operation."""
    return operation(result, name)["server_cpu_us"]


def growth(found: dict[int, Results], contender: str, name: str) -> float | None:
    """How much more an operation costs in the longest thread than in the one before it in length. In a thread of ten
    items a page is not full, so the shortest one says little."""
    measured = [(items, results[contender]) for items, results in sorted(found.items()) if contender in results]
    if len(measured) < 2:
        return None
    (_, shorter), (_, longest) = measured[-2:]
    return cpu(longest, name) / cpu(shorter, name)


def tables(found: dict[int, Results]) -> list[str]:
    rows = [
        [
            f"{name}, {items:,} items",
            *(f"{cpu(result, which):,.0f} / {operation(result, which)['total_ms']['p50']:.2f}" for which in OPERATIONS),
            f"{result['memory']['rss'] / 1e6:.0f}",
        ]
        for name in dict.fromkeys(name for results in found.values() for name in results)
        for items, results in found.items()
        if (result := results.get(name))
    ]
    return table(["CPU, µs / time, ms (p50)", *OPERATIONS, "MB"], rows)
