"""The Python reference over HTTP, answering as its guide tells: an agent, run and turned into a turn.

The first line on stdout is `listening on http://ADDR`; the endpoint is `POST /chatkit`. Options, fixed tools and
their texts are also those of `crates/agents/examples/conformance_server.rs`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import harness  # noqa: F401
from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    RunContextWrapper,
    RunResultStreaming,
    Runner,
    StopAtTools,
    function_tool,
    set_tracing_disabled,
)
from chatkit import agents as bridge
from chatkit.agents import AgentContext, ClientToolCall, ThreadItemConverter
from chatkit.types import CustomTask, ProgressUpdateEvent, ThreadMetadata, Workflow
from openai import AsyncOpenAI

from mends import MENDS
from reference_server import (
    ROOT,
    MemoryAttachmentStore,
    MemoryStore,
    PlaybackServer,
    endpoint,
    listening_at,
    reuse_the_request_parser,
    serve,
)



class Turn:
    """What the application gives its own tools: the run that they are called in."""

    run: RunResultStreaming

    async def settled(self, chat: AgentContext[Any]) -> None:
        """Waits until everything that came before has become a part of the turn.

        The reference runs a tool while the events before its call are still on their way, and writes down what a
        tool sends when it comes to it: a thought may end up in a workflow that the tool began after it, and a
        workflow may be shown as it is later, and be ended twice.
        """
        await self.run._event_queue.join()
        sent = chat._events
        while not (sent.empty() and sent._getters):
            await asyncio.sleep(0)


ALL_ITEMS = 100
"""More items than any scenario stores."""
Context = RunContextWrapper[AgentContext[Turn]]


@function_tool
def get_weather(city: str) -> str:
    """Tells the weather in a city."""
    return f"4 degrees and snow in {city}"


@function_tool
async def slow_progress(context: Context) -> str:
    """Takes long and tells how far it is."""
    chat = context.context
    settled = partial(chat.request_context.settled, chat)
    await settled()
    await chat.stream(ProgressUpdateEvent(text="Walking to the pond"))
    await chat.start_workflow(Workflow(type="custom", tasks=[]))
    await chat.add_workflow_task(CustomTask(title="Look around", status_indicator="loading"))
    await settled()
    await chat.update_workflow_task(CustomTask(title="Look around", status_indicator="complete"), 0)
    await settled()
    await chat.add_workflow_task(CustomTask(title="Count", content="Seven birds", status_indicator="complete"))
    await settled()
    await chat.end_workflow()
    return "seven birds"


@function_tool
async def pick_color(context: Context) -> str:
    """Lets the user choose a color."""
    context.context.client_tool_call = ClientToolCall(name="pick_color", arguments={"of": ["green", "blue"]})
    return "The user is asked."


@function_tool
async def show_card(context: Context) -> str:
    """Shows a card."""
    chat = context.context
    await chat.request_context.settled(chat)
    text = {"type": "Text", "value": "Seven birds", "id": "count"}
    # As a store reads it back: the reference tells the model only what was written out.
    await chat.stream_widget(ROOT.validate_python({"type": "Card", "children": [text]}))
    return "shown"


@function_tool
def fails() -> str:
    """Does not work."""
    raise ValueError("the pond is dry")


TOOLS = [get_weather, slow_progress, pick_color, show_card, fails]


class AgentServer(PlaybackServer):
    """Answers with an agent. Actions are still scripts, with which the comparison can store things."""

    def __init__(self, store: MemoryStore, attachments: MemoryAttachmentStore, agent: Agent[Any]) -> None:
        super().__init__(store, attachments)
        self.agent = agent

    async def respond(
        self, thread: ThreadMetadata, input_user_message: Any, context: None
    ) -> AsyncIterator[Any]:
        page = await self.store.load_thread_items(thread.id, None, ALL_ITEMS, "desc", context)
        given = await ThreadItemConverter().to_agent_input(list(reversed(page.data)))
        turn = Turn()
        chat = AgentContext(thread=thread, store=self.store, request_context=turn)
        turn.run = Runner.run_streamed(self.agent, given, context=chat)
        async for event in bridge.stream_agent_response(chat, turn.run):
            yield event


def agent_of(options: argparse.Namespace) -> Agent[Any]:
    client = AsyncOpenAI(base_url=options.model_url, api_key="none", max_retries=0)
    kind = OpenAIChatCompletionsModel if options.model_api == "chat-completions" else OpenAIResponsesModel
    return Agent(
        name="Assistant",
        instructions=options.instructions.read_text(encoding="utf-8"),
        model=kind(model=options.model, openai_client=client),
        tools=[] if options.no_tools else TOOLS,
        tool_use_behavior=StopAtTools(stop_at_tool_names=["pick_color"]),
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listen", default="127.0.0.1:0", help="host:port; port 0 takes a free one")
    options.add_argument("--model", required=True, help="the model's name")
    options.add_argument("--model-url", required=True, help="the provider's base URL")
    options.add_argument("--model-api", required=True, choices=["responses", "chat-completions"])
    options.add_argument("--instructions", required=True, type=Path, help="a file with what the agent is told")
    options.add_argument("--no-tools", action="store_true", help="an agent without tools")
    options.add_argument(
        "--unmended", action="append", default=[], choices=MENDS, help="leave this defect in; see mends.py"
    )
    options.add_argument("--verbose", action="store_true", help="log tracebacks to stderr")
    chosen = options.parse_args()
    if not chosen.verbose:
        logging.disable(logging.CRITICAL)
    set_tracing_disabled(True)
    reuse_the_request_parser()
    for name, mend in MENDS.items():
        if name not in chosen.unmended:
            mend()
    listening, attachments = listening_at(chosen.listen)
    serve(endpoint(AgentServer(MemoryStore(), attachments, agent_of(chosen))), listening)


if __name__ == "__main__":
    main()
