"""What is mended in the reference, so that more of it can be compared.

Each mend takes away a defect that would hide everything behind it. `selftest.py` proves that every one is still
needed: that without it the reference does what its entry says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import agents.result
import chatkit.agents
from agents.models.chatcmpl_converter import Converter
from pydantic import BaseModel


def citations() -> None:
    """A citation of a file without a name is meant to be left out, and ends the reply with an error instead."""
    convert = chatkit.agents._convert_annotation

    async def convert_any(raw: Any, converter: Any) -> Any:
        raw = raw.model_dump() if isinstance(raw, BaseModel) else raw
        return await convert({**raw, "filename": raw.get("filename") or ""}, converter)

    chatkit.agents._convert_annotation = convert_any


def ids() -> None:
    """Messages and client tool calls are stored under the provider's ids. Some providers give every item the same,
    and so does the agents' library for all that speak Chat Completions: each reply then replaces the one before."""
    stream = chatkit.agents.stream_agent_response

    async def with_own_ids(context: Any, result: Any, **options: Any) -> AsyncIterator[Any]:
        own: dict[str, str] = {}
        async for event in stream(context, result, **options):
            item = getattr(event, "item", None)
            if item is not None:
                begins = event.type == "thread.item.added" or item.id not in own
                if item.type == "assistant_message" and begins:
                    own[item.id] = context.generate_id("message")
                elif item.type == "client_tool_call":
                    own[item.id] = context.generate_id("tool_call")
                item.id = own.get(item.id, item.id)
            elif getattr(event, "item_id", None) in own:
                event.item_id = own[event.item_id]
            yield event

    chatkit.agents.stream_agent_response = with_own_ids


def errors() -> None:
    """What came before a failure is shown or lost as it happens: the run looks for failures before it hands on what
    the model has sent."""
    agents.result._should_drain_stream_events_before_raising = lambda _: True


def workflows() -> None:
    """When a tool begins a workflow while that of a thought is open, the thought's is never done, and not stored."""
    start = chatkit.agents.AgentContext.start_workflow

    async def end_and_start(self: Any, workflow: Any) -> None:
        await self.end_workflow()
        await self.request_context.settled(self)
        await start(self, workflow)

    chatkit.agents.AgentContext.start_workflow = end_and_start


def history() -> None:
    """A model behind Chat Completions cannot be told of an earlier answer: the agents' library does not know the kind
    of content that the converter of threads makes of it, and every second turn of a thread fails."""
    extract = Converter.extract_all_content

    def extract_answers_too(content: Any) -> Any:
        if not isinstance(content, str):
            content = [
                {"type": "input_text", "text": part["text"]} if part.get("type") == "output_text" else part
                for part in content
            ]
        return extract(content)

    Converter.extract_all_content = extract_answers_too


MENDS: dict[str, Callable[[], None]] = {
    "citations": citations,
    "ids": ids,
    "errors": errors,
    "workflows": workflows,
    "history": history,
}
