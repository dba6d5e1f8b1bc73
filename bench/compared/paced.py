"""Many streams at the pace of a model, and how long each event takes from the responder to the client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from beside import REFERENCE, table

from .contenders import BARE, MEMORY, NODE, Contenders
from .measuring import Bench, Reason, Result, reason_row, say

PACES_MS = [20, 50, 100, 200, 500]
"""The usual pace, and what is tried where a machine cannot do it."""
USUAL_GAP_MS = PACES_MS[0]
CARRIED = 0.8
"""A slower pace that asks for more than this share of what was reached is not tried: it would not be reached."""
QUICK_MS = 2.0
"""The goal for the 99th percentile."""
TRIES = 2
"""How often so many streams may fail the goal before no more are tried."""
BEGUN_MS = {REFERENCE: 12.0, NODE: 4.0}
"""How long a stream may take to begin, where that is long: the time in which all of them begin is made to fit."""
MANY = 1000
"""More streams than that are not asked of servers that take so long to begin one."""
NOT_ASKED = Reason("not asked: beginning so many streams takes it too long")


@dataclass(frozen=True)
class Plan:
    streams: list[int]
    """On one core."""
    seconds: float
    two_cores: str
    crowd: int
    """The streams of the goal, on two cores."""
    search: list[int]
    """Ever more streams at the usual pace, on two cores, until they fail the goal."""


@dataclass(frozen=True)
class Measured:
    name: str
    streams: int
    gap_ms: int
    result: Result | Reason


@dataclass
class Found:
    one_core: list[Measured] = field(default_factory=list)
    two_cores: list[Measured] = field(default_factory=list)


def measure(bench: Bench, contenders: Contenders, plan: Plan, found: Found) -> None:
    pacing = Pacing(bench, contenders, plan.seconds)
    # What the goal is about comes first, should time run out.
    for name in (MEMORY, BARE):
        pacing.slower_and_slower(found.two_cores, name, plan.crowd, plan.two_cores, is_quick)
    for name in (MEMORY, BARE):
        pacing.more_and_more(found.two_cores, name, plan.search, plan.two_cores)
    for streams in plan.streams:
        for contender in contenders.stamping(1, 1):
            name = contender.name
            if streams > MANY and name in BEGUN_MS:
                found.one_core.append(Measured(name, streams, USUAL_GAP_MS, NOT_ASKED))
            else:
                pacing.slower_and_slower(found.one_core, name, streams, bench.server_cores, is_reached)


@dataclass(frozen=True)
class Pacing:
    bench: Bench
    contenders: Contenders
    seconds: float

    def slower_and_slower(
        self, rows: list[Measured], name: str, streams: int, cores: str, is_enough: Callable[[Result], bool]
    ) -> None:
        """At the usual pace, and at slower ones until one is enough."""
        gap_ms: int | None = USUAL_GAP_MS
        while gap_ms:
            result = self.once(name, streams, gap_ms, cores)
            self.keep(rows, Measured(name, streams, gap_ms, result))
            if isinstance(result, Reason) or is_enough(result):
                return
            gap_ms = next_pace(streams, gap_ms, result["reached_per_second"])

    def more_and_more(self, rows: list[Measured], name: str, search: list[int], cores: str) -> None:
        """Until so many streams fail the goal."""
        for streams in search:
            for _ in range(TRIES):
                result = self.once(name, streams, USUAL_GAP_MS, cores)
                if isinstance(result, Reason) or is_quick(result):
                    break
            self.keep(rows, Measured(name, streams, USUAL_GAP_MS, result))
            if isinstance(result, Reason) or not is_quick(result):
                return

    def keep(self, rows: list[Measured], measured: Measured) -> None:
        rows.append(measured)
        self.bench.save()

    def once(self, name: str, streams: int, gap_ms: int, cores: str) -> Result | Reason:
        ramp = max(0.5, streams * BEGUN_MS.get(name, 0.3) / 1000)
        # The first stream lasts beyond the measurement, with its half a second before and behind.
        deltas = ceil((ramp + self.seconds + 1) * 1000 / gap_ms) + 1
        paced = [
            *("paced", f"--streams={streams}", f"--gap-ms={gap_ms}", f"--deltas={deltas}"),
            *(f"--seconds={self.seconds:g}", f"--ramp-s={ramp:g}", "--drain-s=3"),
        ]
        contender = next(one for one in self.contenders.stamping(deltas, gap_ms) if one.name == name)
        result = self.bench.measure(contender, paced, server_cores=cores)
        what = f"paced: {name}: {streams} streams, {gap_ms} ms apart on {cores}"
        if isinstance(result, Reason):
            say(f"{what}: {result}")
        else:
            say(f"{what}: {reached(result)} of {result['asked_per_second']:,.0f} deltas/s, {emitted(result)} µs")
        return result


def next_pace(streams: int, gap_ms: int, reached_per_second: float) -> int | None:
    """The next slower pace that a machine may reach which reached so much; the slowest when there is none; none after
    that."""
    slower = [pace for pace in PACES_MS if pace > gap_ms]
    fitting = (pace for pace in slower if streams * 1000 / pace <= CARRIED * reached_per_second)
    return next(fitting, slower[-1] if slower else None)


def is_reached(result: Result) -> bool:
    return result["pace_reached"]


def is_quick(result: Result) -> bool:
    """Whether it holds the goal, at the pace that was asked for."""
    return is_reached(result) and bool(latency := result["emit_to_client_us"]) and latency["p99"] < QUICK_MS * 1000


def quick_streams(found: Found, name: str) -> int | None:
    """The most streams at the usual pace that held the goal on two cores."""
    held = [
        row.streams
        for row in found.two_cores
        if row.name == name and row.gap_ms == USUAL_GAP_MS and not isinstance(row.result, Reason)
        if is_quick(row.result)
    ]
    return max(held, default=None)


def quick_pace(found: Found, name: str, streams: int) -> Measured | None:
    """The fastest pace at which so many streams held the goal on two cores."""
    held = (
        row
        for row in found.two_cores
        if row.name == name and row.streams == streams and not isinstance(row.result, Reason)
        if is_quick(row.result)
    )
    return min(held, key=lambda row: row.gap_ms, default=None)


def at_pace(found: Found, name: str, streams: int) -> Result | None:
    """What came of so many streams on two cores at the usual pace."""
    for row in found.two_cores:
        if (row.name, row.streams, row.gap_ms) == (name, streams, USUAL_GAP_MS):
            return None if isinstance(row.result, Reason) else row.result
    return None


def by_streams(measured: list[Measured]) -> list[Measured]:
    return sorted(measured, key=lambda one: one.streams)


def tables(found: Found) -> list[str]:
    lines = []
    for cores, measured in (("two cores", found.two_cores), ("one core", found.one_core)):
        if measured:
            lines += ["", f"### The server on {cores}", "", *table(HEAD, [row(one) for one in by_streams(measured)])]
    return lines


HEAD = [
    *("", "ms apart", "deltas/s asked", "reached", "emit to client, µs (p50 / p99 / p99.9)"),
    *("gap found, ms (p50 / p99)", "CPU, µs per delta", "cores: server / generator", "MB", "ended / left / failed"),
]


def row(measured: Measured) -> list[str]:
    what, result = f"{measured.name}, {measured.streams:,} streams", measured.result
    if isinstance(result, Reason):
        return reason_row(what, result, len(HEAD))
    gap, server = result["gap_ms_found"], result["server"]
    per_delta = server["cpu_us_per_delta"]
    return [
        what,
        str(result["gap_ms"]),
        f"{result['asked_per_second']:,.0f}",
        reached(result),
        emitted(result),
        f"{gap['p50']:.1f} / {gap['p99']:.1f}",
        "–" if per_delta is None else f"{per_delta:.2f}",
        f"{server['cores']:.2f} / {result['generator_cores']:.2f}",
        f"{server['sampled']['mean_rss'] / 1e6:.0f}",
        f"{result['ended']:,} / {result['cut']:,} / {result['failures']:,}",
    ]


def reached(result: Result) -> str:
    value = f"{result['reached_per_second']:,.0f}"
    if is_reached(result):
        return value
    return f"**{value} ({result['reached_per_second'] / result['asked_per_second']:.0%})**"


def emitted(result: Result) -> str:
    """With a sign where the times are the least that they can have been."""
    latency = result["emit_to_client_us"]
    if not latency:
        return "–"
    least = "" if is_reached(result) else "≥ "
    return least + " / ".join(f"{latency[at]:,.0f}" for at in ("p50", "p99", "p999"))
