"""Proves that the comparison of agents can fail: each check breaks something and expects to hear of it.

    selftest.py [NAME]

Needs the reference, as `compare.py --self` does, and nothing of ours.
"""

from __future__ import annotations

import json
import sys
import traceback
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from harness import HERE
from play import Stage, play
from servers import Observation, ServerProcess

from client import AgentClient
from compare import Kind, reference
from mends import MENDS
from provider import CHAT_COMPLETIONS, DELIVERIES, PLAIN, RECORDINGS, RESPONSES, Provider, events_of
from scenarios import SCENARIOS

CHECKS: list[Callable[[], None]] = []


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS.append(function)
    return function
