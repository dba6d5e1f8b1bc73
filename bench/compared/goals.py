"""What the server is meant to reach, and whether it did."""

from __future__ import annotations

from dataclasses import dataclass

from beside import REFERENCE, table

from . import idle as idle_streams
from . import paced as paces
from . import threads as long_threads
from .contenders import BARE, MEMORY, OURS, SQLITE
from .flat import CROWD, USUAL, Cell
from .measuring import Results, cpu_per_delta
from .paced import Found as Paced

SHORTER, LONG = (200, 64), (20_000, 64)
IDLE_BYTES = 8 * 1024
FLAT = 1.25
"""What is not flat or linear any more; below it is the noise of a measurement."""
BOUND_MB = 1.0
"""For each open reply; the text of a long one is 0.12 MB."""


@dataclass(frozen=True)
class Goal:
    what: str
    wanted: str
    found: str
    held: bool | None
    """None: it was not measured."""


def goals(
    flat: dict[Cell, Results], paced: Paced, idle: Results, threads: dict[int, Results]
) -> list[Goal]:
    usual = flat.get(USUAL, {})
    return [
        times(
            "streams per second of one core's CPU time, times the reference", usual, MEMORY, REFERENCE, 80.0
        ),
        times("the same, times a bare server that sends a chunk an event", usual, MEMORY, BARE, 1.0),
        times("SQLite, times memory", usual, SQLITE, MEMORY, 0.5),
        latency(paced),
        idle_bytes(idle),
        *(turns(threads, name) for name in OURS),
        linear(flat),
        bounded(flat),
    ]


def unknown(what: str, wanted: str) -> Goal:
    return Goal(what, wanted, "not measured", None)


def times(what: str, results: Results, one: str, other: str, least: float) -> Goal:
    wanted = f"≥ {least:g}"
    if one not in results or other not in results:
        return unknown(what, wanted)
    costs = [cpu_per_delta(results[name]) for name in (one, other)]
    if float("inf") in costs:
        return unknown(what, wanted)
    # What was done for streams that were left counts, though nothing of it came.
    left = " (streams were left)" if results[one]["cut"] or results[other]["cut"] else ""
    return Goal(what, wanted, f"{costs[1] / costs[0]:.2f}{left}", costs[1] / costs[0] >= least)


def latency(paced: Paced) -> Goal:
    what = f"added latency per event at {CROWD:,} paced streams on two cores, p99"
    wanted = f"< {paces.QUICK_MS:g} ms at {1000 // paces.USUAL_GAP_MS}/s each"
    ours = paces.at_pace(paced, MEMORY, CROWD)
    if ours is None:
        return unknown(what, wanted)
    said = [f"{name}: {crowd(paced, name)}" for name in (MEMORY, BARE)]
    return Goal(what, wanted, "; ".join(said), paces.is_quick(ours))


def crowd(paced: Paced, name: str) -> str:
    """What a server did with the crowd, and what it can do within the goal."""
    result = paces.at_pace(paced, name, CROWD)
    if result is None:
        return "not measured"
    latency = result["emit_to_client_us"]
    least = "" if paces.is_reached(result) else "≥ "
    said = [
        f"{least}{latency['p99'] / 1000:.2f} ms" if latency else "no delta came",
        f"{result['reached_per_second']:,.0f} of {result['asked_per_second']:,.0f} deltas/s reached",
    ]
    most = paces.quick_streams(paced, name)
    said.append(f"within the goal up to {most:,} streams" if most else "no number of streams was within the goal")
    slower = paces.quick_pace(paced, name, CROWD)
    if slower is not None:
        p99 = slower.result["emit_to_client_us"]["p99"] / 1000
        said.append(f"{CROWD:,} streams from {1000 / slower.gap_ms:g}/s each ({p99:.2f} ms)")
    return ", ".join(said)


def idle_bytes(idle: Results) -> Goal:
    what, wanted = "memory of an open idle stream", f"≤ {IDLE_BYTES:,} bytes"
    found = [idle_streams.per_stream(idle[name]) for name in OURS if name in idle]
    if not found:
        return unknown(what, wanted)
    return Goal(what, wanted, f"{max(found):,.0f}", max(found) <= IDLE_BYTES)


def turns(threads: dict[int, Results], name: str) -> Goal:
    lengths = sorted(threads)
    wanted = f"flat (≤ {FLAT:g})"
    found = long_threads.growth(threads, name, "turn")
    if found is None:
        return unknown(f"a turn in a long thread ({name})", wanted)
    what = f"a turn in a thread of {lengths[-1]:,} items, times one of {lengths[-2]:,} ({name})"
    return Goal(what, wanted, f"{found:.2f}", found <= FLAT)


def linear(flat: dict[Cell, Results]) -> Goal:
    what, wanted = "a delta of 20,000, times one of 200", f"linear (≤ {FLAT:g})"
    costs = [cpu_per_delta(flat[cell][MEMORY]) for cell in (LONG, SHORTER) if MEMORY in flat.get(cell, {})]
    if len(costs) < 2 or float("inf") in costs:
        return unknown(what, wanted)
    return Goal(what, wanted, f"{costs[0] / costs[1]:.2f}", costs[0] / costs[1] <= FLAT)


def bounded(flat: dict[Cell, Results]) -> Goal:
    """With SQLite: what is in memory are the open replies, not the threads."""
    what = "memory of an open reply of 20,000 deltas beyond one of 200 (SQLite)"
    wanted = f"bounded (≤ {BOUND_MB:g} MB)"
    peaks = [
        flat[cell][SQLITE]["server"]["memory"]["peak_rss"] / 1e6
        for cell in (LONG, SHORTER)
        if SQLITE in flat.get(cell, {})
    ]
    if len(peaks) < 2:
        return unknown(what, wanted)
    each = (peaks[0] - peaks[1]) / LONG[1]
    return Goal(what, wanted, f"{each:.2f} MB", each <= BOUND_MB)


def goals_table(found: list[Goal]) -> list[str]:
    held = {True: "yes", False: "**no**", None: "–"}
    rows = [[one.what, one.wanted, one.found, held[one.held]] for one in found]
    return table(["goal", "wanted", "found", "held?"], rows)
