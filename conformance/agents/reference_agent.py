"""The Python reference over HTTP, answering as its guide tells: an agent, run and turned into a turn.

The first line on stdout is `listening on http://ADDR`; the endpoint is `POST /chatkit`. The fixed tools and their
texts are also those of `crates/agents/examples/conformance_server.rs`.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import AsyncIterator
from typing import Any

import harness  # noqa: F401
from agents import (
    Agent,
    ModelSettings,
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
from chatkit.server import ChatKitServer
from chatkit.types import CustomTask, ProgressUpdateEvent, ThreadMetadata, Workflow
from chatkit.widgets import Card, Text
from openai import AsyncOpenAI

from mends import MENDS
from reference_server import MemoryAttachmentStore, MemoryStore, endpoint, listening_at, reuse_the_request_parser, serve
from words import ALL_ITEMS, INSTRUCTIONS, MODEL



class Turn:
    """What the application gives its own tools: the run that they are called in."""

    run: RunResultStreaming

    async def settled(self) -> None:
        """Waits until everything that came before the tool has become a part of the turn.

        The reference runs a tool while the events before its call are still on their way: a thought may then end up
        in a workflow that the tool began after it.
        """
        await self.run._event_queue.join()


Context = RunContextWrapper[AgentContext[Turn]]


@function_tool
def get_weather(city: str) -> str:
    """Tells the weather in a city."""
    return f"4 degrees and snow in {city}"


@function_tool
async def slow_progress(context: Context) -> str:
    """Takes long and tells how far it is."""
    chat = context.context
    await chat.request_context.settled()
    await chat.stream(ProgressUpdateEvent(text="Walking to the pond"))
    await chat.start_workflow(Workflow(type="custom", tasks=[]))
    await chat.add_workflow_task(CustomTask(title="Look around", status_indicator="loading"))
    await chat.update_workflow_task(CustomTask(title="Look around", status_indicator="complete"), 0)
    await chat.add_workflow_task(CustomTask(title="Count", content="Seven birds", status_indicator="complete"))
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
    await context.context.request_context.settled()
    await context.context.stream_widget(Card(children=[Text(value="Seven birds", id="count")]))
    return "shown"


@function_tool
def fails() -> str:
    """Does not work."""
    raise ValueError("the pond is dry")


TOOLS = [get_weather, slow_progress, pick_color, show_card, fails]


class AgentServer(ChatKitServer[None]):
    """Answers with an agent."""

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


def agent_of(url: str, api: str, with_tools: bool) -> Agent[Any]:
    client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    kind = OpenAIChatCompletionsModel if api == "chat-completions" else OpenAIResponsesModel
    return Agent(
        name="Assistant",
        instructions=INSTRUCTIONS,
        model=kind(model=MODEL, openai_client=client),
        model_settings=ModelSettings(),
        tools=TOOLS if with_tools else [],
        tool_use_behavior=StopAtTools(stop_at_tool_names=["pick_color"]),
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listen", default="127.0.0.1:0", help="host:port; port 0 takes a free one")
    options.add_argument("--model-url", required=True, help="the provider's base URL")
    options.add_argument("--model-api", required=True, choices=["responses", "chat-completions"])
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
    agent = agent_of(chosen.model_url, chosen.model_api, not chosen.no_tools)
    serve(endpoint(AgentServer(MemoryStore(), attachments, agent)), listening)


if __name__ == "__main__":
    main()
