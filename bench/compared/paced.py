"""Many streams at the pace of a model, and how long each event takes from the responder to the client."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from beside import REFERENCE, table

from .contenders import BARE, MEMORY, NODE, Contenders
from .measuring import Bench, Result, Results, say

USUAL_GAP_MS = 20
SLOWER_GAPS_MS = [50, 100, 500]
"""What is asked for where a machine cannot do the usual pace."""
REACHED = 0.95
BEGUN_MS = {REFERENCE: 12.0, NODE: 6.0}
"""How long a stream may take to begin, where that is long: the time in which all of them begin is made to fit."""
MANY = 1000
"""More streams than that are not asked of servers that take so long to begin one."""


@dataclass(frozen=True)
class Plan:
    streams: list[int]
    seconds: float
    two_cores: str


@dataclass(frozen=True)
class Found:
    one_core: dict[int, Results]
    """By the number of streams."""
    two_cores: dict[int, Results]


def measure(bench: Bench, contenders: Contenders, plan: Plan) -> Found:
    def results(streams: int, names: set[str] | None, cores: str | None) -> Results:
        every = [contender.name for contender in contenders.stamping(1, 1)]
        wanted = [name for name in every if names is None or name in names]
        found = {}
        for name in wanted:
            if streams > MANY and name in BEGUN_MS:
                continue
            result = fastest(bench, contenders, name, streams, plan, cores)
            if result is not None:
                found[name] = result
        return found

    two = [streams for streams in plan.streams if streams >= MANY]
    return Found(
        one_core={streams: results(streams, None, None) for streams in plan.streams},
        two_cores={streams: results(streams, {MEMORY, BARE}, plan.two_cores) for streams in two},
    )


def fastest(
    bench: Bench, contenders: Contenders, name: str, streams: int, plan: Plan, cores: str | None
) -> Result | None:
    """At the usual pace, or at the first slower one that is reached."""
    result = None
    for gap_ms in [USUAL_GAP_MS, *SLOWER_GAPS_MS]:
        ramp = max(0.5, streams * BEGUN_MS.get(name, 0.3) / 1000)
        # The first stream lasts beyond the measurement, with its half a second before and behind.
        deltas = ceil((ramp + plan.seconds + 1) * 1000 / gap_ms) + 1
        paced = [
            *("paced", f"--streams={streams}", f"--gap-ms={gap_ms}", f"--deltas={deltas}"),
            *(f"--seconds={plan.seconds:g}", f"--ramp-s={ramp:g}", "--drain-s=3"),
        ]
        contender = next(one for one in contenders.stamping(deltas, gap_ms) if one.name == name)
        result = bench.measure(contender, paced, server_cores=cores)
        if result is None:
            return None
        emitted = result["emit_to_client_us"] or {"p50": float("nan"), "p99": float("nan")}
        say(
            f"paced: {name}: {streams} streams, {gap_ms} ms apart on {cores or bench.server_cores}:"
            f" {result['reached_per_second']:,.0f} of {result['asked_per_second']:,.0f} deltas/s,"
            f" {emitted['p50']:.0f} / {emitted['p99']:.0f} µs"
        )
        # With the measurement over, what is behind shows as what was left.
        if result["reached_per_second"] >= REACHED * result["asked_per_second"] and not result["cut"]:
            break
    return result


def tables(found: Found) -> list[str]:
    lines = []
    for cores, by_streams in (("one core", found.one_core), ("two cores", found.two_cores)):
        rows = [
            [f"{name}, {streams:,} streams", *row(result)]
            for streams, results in by_streams.items()
            for name, result in results.items()
        ]
        if rows:
            lines += ["", f"### The server on {cores}", "", *table(HEAD, rows)]
    return lines


HEAD = [
    *("", "ms apart", "deltas/s asked", "reached", "emit to client, µs (p50 / p99 / p99.9)"),
    *("gap found, ms (p50 / p99)", "CPU, µs per delta", "cores: server / generator", "MB", "ended / left / failed"),
]


def row(result: Result) -> list[str]:
    emitted, gap, server = result["emit_to_client_us"], result["gap_ms_found"], result["server"]
    per_delta = server["cpu_us_per_delta"]
    return [
        str(result["gap_ms"]),
        f"{result['asked_per_second']:,.0f}",
        f"{result['reached_per_second']:,.0f}",
        " / ".join(f"{emitted[at]:,.0f}" for at in ("p50", "p99", "p999")) if emitted else "–",
        f"{gap['p50']:.1f} / {gap['p99']:.1f}",
        "–" if per_delta is None else f"{per_delta:.2f}",
        f"{server['cores']:.2f} / {result['generator_cores']:.2f}",
        f"{server['sampled']['mean_rss'] / 1e6:.0f}",
        f"{result['ended']:,} / {result['cut']:,} / {result['failures']:,}",
    ]
