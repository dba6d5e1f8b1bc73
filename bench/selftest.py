#!/usr/bin/env python3
"""Checks what `bench/compare` does with what is measured; measures nothing itself."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

from beside import HERE, REFERENCE, Contender
from compared import paced
from compared.contenders import BARE, MEMORY, SQLITE
from compared.document import Found, document
from compared.flat import USUAL
from compared.goals import CROWD, latency
from compared.measuring import Bench, Reason, Results, best_rounds, cpu_per_delta, without_folders


def result(
    cost: float = 1.0, *, reached: float = 1.0, p99_us: float = 500.0, streams: int = 64, gap_ms: int = 20
) -> dict[str, Any]:
    """What the generator may report, of a load or of paced streams."""
    asked = streams * 1000 / gap_ms
    times = {"p50": 1.0, "p99": p99_us, "p999": p99_us}
    return {
        "streams": 5,
        "cut": 0,
        "failures": 0,
        "ended": streams,
        "streams_per_second": 10.0,
        "deltas_per_second": 100.0,
        "milliseconds": {what: times for what in ("first_text", "longest_gap", "total")},
        "gap_ms": gap_ms,
        "asked_per_second": asked,
        "reached_per_second": asked * reached,
        "pace_reached": reached >= 0.95,
        "emit_to_client_us": times,
        "gap_ms_found": times,
        "generator_cores": 0.5,
        "server": {
            "cores": 1.0,
            "cpu_us_per_stream": cost,
            "cpu_us_per_delta": cost,
            "memory": {"peak_rss": 1e6},
            "sampled": {"mean_rss": 1e6},
        },
    }


LISTENS = "import time; print('listening on http://127.0.0.1:1', flush=True); time.sleep(60)"
LISTENING = Contender("server", [sys.executable, "-c", LISTENS])


class Scripted(Bench):
    """Gives what it was told to."""

    def __init__(self, answers: list[Any]) -> None:
        super().__init__(Path("bench"), "0", "1")
        self.answers = answers
        self.asked: list[list[str]] = []

    def measure(self, contender: Contender, arguments: list[str], **_: Any) -> Any:
        self.asked.append([contender.name, *arguments])
        return self.answers.pop(0)


class Measuring(unittest.TestCase):
    def test_a_server_that_does_not_start_is_a_reason_and_is_wrong(self) -> None:
        bench = Bench(Path("bench"), "0", "1")
        quiet = Contender("none", [sys.executable, "-c", "import sys; sys.exit('no luck in /some/where/file.py')"])
        reason = bench.measure(quiet, ["load"])
        self.assertEqual(reason, "failed: no luck in file.py")
        self.assertEqual(len(bench.wrong), 1)

    def test_a_generator_that_reports_nothing_is_a_reason_and_is_wrong(self) -> None:
        bench = Bench(Path("/bin/false"), "0", "0")
        self.assertEqual(bench.measure(LISTENING, ["load"]), "failed: the load generator ended with 1")
        self.assertEqual(len(bench.wrong), 1)

    def test_a_generator_that_takes_too_long_is_a_reason_and_not_wrong(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            waiting = Path(folder) / "waiting"
            waiting.write_text("#!/bin/sh\nexec sleep 60\n")
            waiting.chmod(0o755)
            bench = Bench(waiting, "0", "0", patience_s=0.3)
            self.assertEqual(bench.measure(LISTENING, ["load"]), "not reached in 0 s")
        self.assertEqual(bench.wrong, [])

    def test_nothing_begins_when_the_time_of_a_part_is_over(self) -> None:
        bench = Bench(Path("bench"), "0", "1")
        bench.begin(1)
        reason = bench.measure(Contender("none", ["none"]), ["load"])
        self.assertEqual(reason, "not measured: all that is measured here had taken 1 s")
        self.assertEqual(bench.wrong, [])

    def test_the_best_round_counts_and_one_that_gave_nothing_takes_nothing_away(self) -> None:
        bench = Scripted([result(3.0), Reason("slow"), result(2.0), Reason("slow")])
        found = Results()
        best_rounds(bench, 3, [Contender("one", []), Contender("two", [])], lambda _: [], cpu_per_delta, found)
        self.assertEqual(cpu_per_delta(found["one"]), 2.0)
        self.assertEqual(found.missing, {"two": "slow"})
        self.assertEqual([asked[0] for asked in bench.asked], ["one", "two", "one", "one"])

    def test_folders_are_left_out(self) -> None:
        self.assertEqual(without_folders("failed: /a/b-1/c.py: 3 / 4, http://h:1/x/y"), "failed: c.py: 3 / 4, http://h:1/x/y")


class Pacing(unittest.TestCase):
    def test_a_pace_that_cannot_be_reached_is_not_tried(self) -> None:
        self.assertEqual(paced.next_pace(10_000, 20, 130_000), 100)
        self.assertEqual(paced.next_pace(10_000, 20, 300_000), 50)
        self.assertEqual(paced.next_pace(10_000, 20, 10), 500)
        self.assertIsNone(paced.next_pace(10_000, 500, 10))

    def test_paces_and_numbers_of_streams_end_where_the_goal_holds_or_fails(self) -> None:
        crowd = [
            *(result(reached=0.2, streams=CROWD), result(p99_us=9000, streams=CROWD, gap_ms=200)),
            result(streams=CROWD, gap_ms=500),
        ]
        other = [Reason("slow")]
        search = [result(streams=250), result(p99_us=3000, streams=500), result(streams=500)]
        failed = [result(reached=0.9, streams=1000), result(reached=0.9, streams=1000)]
        bench = Scripted([*crowd, *other, *search, *failed, result(p99_us=2000), result(p99_us=2000)])
        found = paced.Found()
        plan = paced.Plan([], 1.0, "0,1", CROWD, [250, 500, 1000, 2000])
        paced.measure(bench, Stamping(), plan, found)
        self.assertEqual(bench.answers, [])
        self.assertEqual(paced.quick_streams(found, MEMORY), 500)
        self.assertIsNone(paced.quick_streams(found, BARE))
        goal = latency(found)
        self.assertFalse(goal.held)
        self.assertIn("within the goal up to 500 streams, 10,000 streams from 2/s each", goal.found)
        self.assertIn(f"{BARE}: not measured", goal.found)


class Stamping:
    def stamping(self, _deltas: int, _gap_ms: int) -> list[Contender]:
        return [Contender(MEMORY, []), Contender(BARE, [])]


class Writing(unittest.TestCase):
    def test_who_gave_nothing_has_a_row_with_the_reason(self) -> None:
        found = Found()
        found.flat[USUAL] = Results()
        found.flat[USUAL].put(MEMORY, result())
        found.flat[USUAL].put(REFERENCE, Reason("not reached in 5 s"))
        for results in (found.idle, found.arrivals):
            results.put(SQLITE, Reason("failed: a | b"))
        found.threads[10] = Results()
        found.threads[10].put(REFERENCE, Reason("slow"))
        found.http2[MEMORY, 64, "2"] = Reason("slow")
        found.agent["paced"] = Results()
        found.agent["paced"].put(REFERENCE, Reason("slow"))
        found.paced.one_core.append(paced.Measured(MEMORY, CROWD, 20, Reason("slow")))
        found.paced.two_cores.append(paced.Measured(MEMORY, CROWD, 20, result(reached=0.3)))
        text = document(found, ["how"], [], "flat")
        self.assertNotIn("Could not be written", text)
        self.assertIn("Not finished: flat", text)
        self.assertIn("| reference | not reached in 5 s |", text)
        self.assertIn("| failed: a / b |", text)
        self.assertIn("(30%)", text)
        self.assertIn("≥ 1 / 500 / 500", text)
        for line in text.splitlines():
            self.assertFalse(line.startswith("|") and not line.endswith("|"), line)

    def test_nothing_found_is_a_document_too(self) -> None:
        text = document(Found(), ["how"], ["this was"])
        self.assertNotIn("Could not be written", text)
        self.assertIn("- this was", text)

    def test_a_section_that_cannot_be_written_leaves_the_others(self) -> None:
        found = Found()
        found.idle[MEMORY] = {}
        text = document(found, ["how"], [])
        self.assertIn("Could not be written: KeyError", text)
        self.assertIn("- how", text)


class CommandLine(unittest.TestCase):
    def test_what_is_on_this_machine_is_left_out(self) -> None:
        compare = script("compare")
        line = ["--quick", "--reference-python", "/a/python", "--output=/b/c", "--only", "flat", "--server=x y"]
        said = "bench/compare --quick --reference-python --output --only flat '--server=x y'"
        self.assertEqual(compare.command_line(line), said)


def script(name: str) -> Any:
    """A script without a suffix as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(HERE / name))
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module


if __name__ == "__main__":
    unittest.main()
