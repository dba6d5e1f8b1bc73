"""For each deliberate difference: pairs of answers that it explains, and near misses that it must not."""

from selftest_cases import failures, interruptions, items, open_items, widgets

CASES = [*failures.CASES, *items.CASES, *open_items.CASES, *widgets.CASES, *interruptions.CASES]
