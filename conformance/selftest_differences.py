"""Whether one deliberate difference explains one pair of answers."""

from __future__ import annotations

from typing import Any

from build import scenario
from differences import DIFFERENCES
from interruption_differences import DIFFERENCES as OF_INTERRUPTIONS
from play import Comparison, Stage
from selftest_cases.answers import Case
from servers import Observation

EVERY_DIFFERENCE = [*DIFFERENCES, *OF_INTERRUPTIONS]


class Scripted:
    """A server that gives prepared answers."""

    def __init__(self, answers: list[Observation]) -> None:
        self.answers = list(answers)

    def ask(self, _: Any) -> Observation:
        return self.answers.pop(0)


def explains(case: Case) -> bool:
    """Whether the one difference makes the two answers equal, or brings the reference's state in line with ours."""
    (difference,) = [one for one in EVERY_DIFFERENCE if one.id == case.difference]
    # The reference is not asked where the difference stands in for it.
    reference = Scripted(([case.reference] if case.reference else []) + case.asked)
    ours = Scripted([case.ours])
    stage = Stage((reference, ours), ("reference.test:1", "ours.test:1"), [difference], strict=False)
    comparison = Comparison(
        scenario("case", case.request, *[{"request": extra} for extra in case.scripts]), stage
    )
    vars(comparison.world).update(case.learned)
    try:
        equal = comparison.step("case", {"request": case.request})
    except IndexError:
        # It asked the reference for more than the case provides.
        return False
    return equal and comparison.result.uses[difference.id] == 1 and not reference.answers and not ours.answers
