"""Whether one deliberate difference explains one pair of answers."""

from __future__ import annotations

from typing import Any

from build import scenario
from differences import DIFFERENCES
from play import Comparison, Stage
from selftest_cases.answers import Case
from servers import Observation


class Scripted:
    """A server that gives prepared answers."""

    def __init__(self, answers: list[Observation]) -> None:
        self.answers = list(answers)

    def ask(self, _: Any) -> Observation:
        return self.answers.pop(0)


def explains(case: Case) -> bool:
    """Whether the one difference makes the two answers equal, or brings the reference's state in line with ours."""
    (difference,) = [one for one in DIFFERENCES if one.id == case.difference]
    # The reference is not asked where the difference stands in for it.
    reference = Scripted(([case.reference] if case.reference else []) + case.asked)
    stage = Stage(
        (reference, Scripted([case.ours])), ("reference.test:1", "ours.test:1"), [difference], strict=False
    )
    comparison = Comparison(
        scenario("case", case.request, *[{"request": extra} for extra in case.scripts]), stage
    )
    vars(comparison.world).update(case.learned)
    try:
        equal = comparison.step("case", {"request": case.request})
    except IndexError:
        # It asked the reference for more than the case provides.
        return False
    return equal and comparison.result.uses[difference.id] == 1 and not reference.answers
