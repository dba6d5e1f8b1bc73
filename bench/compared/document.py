"""What is written down of a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from beside import REFERENCE, output, ratio, table

from . import agent, arrivals, flat, http2, idle, paced, threads
from .contenders import BARE, MEMORY, NODE, NODE_PACKAGE, OURS, SQLITE
from .goals import goals, goals_table
from .measuring import Results, cpu_per_delta


@dataclass
class Found:
    """Filled in as it is measured."""

    flat: dict[flat.Cell, Results] = field(default_factory=dict)
    arrivals: Results = field(default_factory=Results)
    paced: paced.Found = field(default_factory=paced.Found)
    idle: Results = field(default_factory=Results)
    threads: dict[int, Results] = field(default_factory=dict)
    http2: http2.Found = field(default_factory=dict)
    agent: dict[str, Results] = field(default_factory=dict)


def document(found: Found, how: list[str], wrong: list[str], unfinished: str | None = None) -> str:
    """`unfinished`: what is being measured, while there is more to come."""
    usual = found.flat.get(flat.USUAL, {})
    sections = [
        ("## Ours times others", lambda: [*summary(usual, found.idle), "", SUMMARY]),
        ("## Goals", lambda: goals_table(goals(found.flat, found.paced, found.idle, found.threads))),
        ("## What was wrong", lambda: [f"- {what}" for what in wrong]),
        (
            "## Times the reference, by length and number of streams",
            lambda: [*flat.ratios(found.flat), "", RATIOS] if found.flat else [],
        ),
        ("## From emit to client, at the pace of a model", lambda: under(PACED, paced.tables(found.paced))),
        (
            "## Streams that begin at random",
            lambda: under(ARRIVALS, ["", *arrivals.tables(found.arrivals)] if measured(found.arrivals) else []),
        ),
        ("## Idle streams", lambda: idle.tables(found.idle) if measured(found.idle) else []),
        (
            "## Threads of different lengths",
            lambda: under(THREADS, ["", *threads.tables(found.threads)] if found.threads else []),
        ),
        ("## HTTP/2", lambda: http2.tables(found.http2) if found.http2 else []),
        ("## An agent's turn", lambda: under(AGENT, ["", *agent.tables(found.agent)] if found.agent else [])),
        ("## As fast as they come", lambda: under(FLAT, flat.tables(found.flat))),
        ("## How", lambda: [f"- {fact}" for fact in how]),
    ]
    lines = ["# Side by side with others", "", INTRODUCTION]
    if unfinished:
        lines += ["", f"**Not finished: {unfinished} was being measured when this was written.**"]
    for heading, section in sections:
        if text := written(section):
            lines += ["", heading, "", *text]
    return "\n".join([*lines, ""])


INTRODUCTION = (
    "Written by `bench/compare`. Servers and the load generator are on cores of their own and take turns within one"
    " run; of several rounds the one with the least CPU time counts. Ratios are what can be compared: the figures"
    " beside them depend on the machine and on what else it was doing. What a server did not do in the time that it"
    " was given says so in place of figures."
)
SUMMARY = (
    "Streams of 200 deltas, 64 at once, per second of the server's CPU time: the higher the better. Memory per idle"
    " stream: the lower the better."
)
RATIOS = (
    "Deltas per second of the server's CPU time. – : no delta came in time from one of the two, or it was not asked."
    " \\* : streams of one of the two were left; what was done for them counts, though not all of it came."
)
PACED = (
    "Each delta is the time at which the responder had it, not at which it was due. Where fewer deltas came than were"
    " asked for, in bold, the responder had them late and some were still under way at the end: the times are the"
    " least that they can have been. Where the usual pace of 20 ms was not reached a slower one follows. The bare"
    " server stamps what it sends: what it takes, the kernel and the load generator take. On two cores the load"
    " generator shares one of them with the server; there, ever more streams at the usual pace are asked for until"
    f" p99 is not below {paced.QUICK_MS:g} ms, and 10,000 at ever slower paces until it is."
)
ARRIVALS = (
    f"At {arrivals.SHARE:.0%} of the streams per second that each server reached. Latency counts from the time at"
    " which a stream should have begun."
)
THREADS = "A turn has 20 deltas. The store of the reference is the plainest one, in memory; its pages copy all ids."
AGENT = (
    "A model's provider that replays, on the load generator's core. Added: the percentile through the server, less the"
    " same percentile without it. More in [AGENTS.md](AGENTS.md)."
)
FLAT = "Left: streams that had not ended when the time was over; their deltas count."


def written(section: Callable[[], list[str]]) -> list[str]:
    """A section that cannot be written must not take the others with it."""
    try:
        return section()
    except Exception as error:  # noqa: BLE001
        return [f"Could not be written: {type(error).__name__}: {error}"]


def under(text: str, lines: list[str]) -> list[str]:
    """What there is, with what is said of it; nothing when nothing is."""
    return [text, *lines] if lines else []


def measured(results: Results) -> bool:
    return bool(results or results.missing)


def summary(usual: Results, idle_found: Results) -> list[str]:
    """Rows: ours; columns: the others."""

    def streams(one: str, other: str) -> str:
        if one not in usual or other not in usual:
            return "–"
        costs = [cpu_per_delta(usual[name]) for name in (one, other)]
        return "–" if float("inf") in costs else ratio(costs[1], costs[0])

    def memory(one: str, other: str) -> str:
        if one not in idle_found or other not in idle_found:
            return "–"
        return ratio(*(idle.per_stream(idle_found[name]) for name in (one, other)))

    others = [REFERENCE, NODE]
    head = ["", *(f"streams, × {name}" for name in (*others, BARE)), *(f"memory, × {name}" for name in others)]
    rows = [
        [ours, *(streams(ours, name) for name in (*others, BARE)), *(memory(ours, name) for name in others)]
        for ours in OURS
    ]
    return [*table(head, rows), "", f"{SQLITE} is {streams(SQLITE, MEMORY)} times {MEMORY}."]


def node_facts() -> str:
    return f"Node port: {NODE_PACKAGE} 1.1.2, Node {output(['node', '--version'])}, node:http, a store in memory"
