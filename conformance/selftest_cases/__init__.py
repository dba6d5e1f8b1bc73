"""For each deliberate difference: pairs of answers that it explains, and near misses that it must not."""

from selftest_cases import failures, items, widgets

CASES = [*failures.CASES, *items.CASES, *widgets.CASES]
