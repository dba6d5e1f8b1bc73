"""What is written down of a comparison."""

from __future__ import annotations

from dataclasses import dataclass

from beside import REFERENCE, output, ratio, table

from . import agent, arrivals, flat, http2, idle, paced, threads
from .contenders import BARE, MEMORY, NODE, NODE_PACKAGE, OURS, SQLITE
from .goals import goals, goals_table
from .measuring import Results, cpu_per_delta


@dataclass(frozen=True)
class Found:
    flat: dict[flat.Cell, Results]
    arrivals: Results
    paced: paced.Found
    idle: Results
    threads: dict[int, Results]
    http2: http2.Found
    agent: dict[str, Results]


def document(found: Found, how: list[str], wrong: list[str]) -> str:
    usual = found.flat.get(flat.USUAL, {})
    lines = [
        "# Side by side with others",
        "",
        "Written by `bench/compare`. Servers and the load generator are on cores of their own and take turns within"
        " one run; of several rounds the one with the least CPU time counts. Ratios are what can be compared: the"
        " figures beside them depend on the machine and on what else it was doing.",
        "",
        "## Ours times others",
        "",
        *summary(usual, found.idle),
        "",
        "Streams of 200 deltas, 64 at once, per second of the server's CPU time: the higher the better. Memory"
        " per idle stream: the lower the better.",
        "",
        "## Goals",
        "",
        *goals_table(goals(found.flat, found.paced, found.idle, found.threads)),
        "",
        *wrong_lines(wrong),
        "## Times the reference, by length and number of streams",
        "",
        *flat.ratios(found.flat),
        "",
        "Deltas per second of the server's CPU time. – : no delta came in time from one of the two.",
        "",
        "## From emit to client, at the pace of a model",
        "",
        "Each delta is the time at which the responder had it. Where 20 ms between the deltas of a stream were not"
        " reached, the first slower pace that was, or else the slowest that was asked for. The bare server stamps"
        f" what it sends: what it takes, the kernel and the load generator take. {paced.MANY:,} streams are the most"
        " that were asked of the reference and the Node port.",
        *paced.tables(found.paced),
        "",
        "## Streams that begin at random",
        "",
        f"At {arrivals.SHARE:.0%} of the streams per second that each server reached. Latency counts from the time at"
        " which a stream should have begun.",
        "",
        *arrivals.tables(found.arrivals),
        "",
        "## Idle streams",
        "",
        *idle.tables(found.idle),
        "",
        "## Threads of different lengths",
        "",
        "A turn has 20 deltas. The store of the reference is the plainest one, in memory; its pages copy all ids.",
        "",
        *threads.tables(found.threads),
        "",
        "## HTTP/2",
        "",
        *http2.tables(found.http2),
        "",
        "## An agent's turn",
        "",
        "A model's provider that replays, on the load generator's core. More in [AGENTS.md](AGENTS.md).",
        "",
        *agent.tables(found.agent),
        "",
        "## As fast as they come",
        *flat.tables(found.flat),
        "",
        "Left: streams that had not ended when the time was over; their deltas count.",
        "",
        "## How",
        "",
        *(f"- {fact}" for fact in how),
        "",
    ]
    return "\n".join(lines)


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


def wrong_lines(wrong: list[str]) -> list[str]:
    if not wrong:
        return []
    return ["## What was wrong with the streams", "", *(f"- {what}" for what in wrong), ""]


def node_facts() -> str:
    return f"Node port: {NODE_PACKAGE} 1.1.2, Node {output(['node', '--version'])}, node:http, a store in memory"
