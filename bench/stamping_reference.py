#!/usr/bin/env python3
"""The Python reference, as for the comparison, whose deltas can tell when they are sent.

A script's delta `$TIME` stands for the kernel's monotonic clock, which is the same in all processes, and the gaps
between deltas are kept by the clock: late deltas are made up for.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "conformance"))

import reference_server  # noqa: E402
from chatkit.types import (  # noqa: E402
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
)

TIME = "$TIME"
DIGITS = 15


class StampingServer(reference_server.PlaybackServer):
    async def _stream_text(self, thread: ThreadMetadata, text: dict[str, Any]) -> AsyncIterator[Any]:
        item = self._message(thread, None)

        def update(of: Any) -> ThreadItemUpdatedEvent:
            return ThreadItemUpdatedEvent(item_id=item.id, update=of)

        yield ThreadItemAddedEvent(item=item)
        yield update(AssistantMessageContentPartAdded(content_index=0, content=AssistantMessageContent(text="")))
        delta = stamps() if text["delta"] == TIME else lambda: text["delta"]
        gap = text.get("gap_ms", 0) / 1000
        begun = time.monotonic()
        whole = []
        for number in range(text["deltas"]):
            if gap and (left := begun + number * gap - time.monotonic()) > 0:
                await asyncio.sleep(left)
            whole.append(delta())
            yield update(AssistantMessageContentPartTextDelta(content_index=0, delta=whole[-1]))
        content = AssistantMessageContent(text="".join(whole))
        yield update(AssistantMessageContentPartDone(content_index=0, content=content))
        yield ThreadItemDoneEvent(item=item.model_copy(update={"content": [content]}))


def stamps() -> Callable[[], str]:
    """Times as texts, each later than the one before."""
    last = 0

    def stamp() -> str:
        nonlocal last
        last = max(time.monotonic_ns() % 10**DIGITS, last + 1)
        return f" {last:0{DIGITS}}"

    return stamp


if __name__ == "__main__":
    reference_server.PlaybackServer = StampingServer
    reference_server.main()
