"""What both servers are told alike."""

from __future__ import annotations

MODEL = "model-of-record"
INSTRUCTIONS = "You know birds. Answer in one sentence."
ALL_ITEMS = 100
"""More items than any scenario stores."""
