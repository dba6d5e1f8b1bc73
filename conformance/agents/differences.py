"""The deliberate differences between our agents and the reference's."""

from __future__ import annotations

import harness  # noqa: F401
from play import Difference

DIFFERENCES: list[Difference] = []
