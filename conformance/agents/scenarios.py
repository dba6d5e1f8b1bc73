"""The scenarios: what the user does, and which recordings the model answers with."""

from __future__ import annotations

from typing import Any

import harness  # noqa: F401
from build import Json, get, plain, request
from build import scenario as steps_of
from build import tool_output as output

from provider import CHAT_COMPLETIONS, RESPONSES

FIRST = "Tell me of birds."
MORE = "And what else?"


def scenario(name: str, *steps: Json, api: str = RESPONSES, tools: bool = False) -> Json:
    """A scenario whose recordings are all of one API."""
    for step in steps:
        if "recordings" in step:
            step["recordings"] = [f"{api}/{recording}" for recording in step["recordings"]]
    return {**steps_of(name, *steps), "api": api, "tools": tools}


def create(*recordings: str, text: str = FIRST) -> Json:
    """The first message; `recordings` are the answers of the model that follow from it."""
    return {**request("threads.create", input=plain(text)), "recordings": list(recordings)}


def add(*recordings: str, text: str = MORE, **fields: Any) -> Json:
    message = request("threads.add_user_message", thread_id="$thread1", input=plain(text, **fields))
    return {**message, "recordings": list(recordings)}


def tool_output(result: Any, *recordings: str) -> Json:
    return {**output("$thread1", result), "recordings": list(recordings)}


def retry(*recordings: str) -> Json:
    asked = request("threads.retry_after_item", thread_id="$thread1", item_id="$user_message1")
    return {**asked, "recordings": list(recordings)}


def reply(name: str, *recordings: str, api: str = RESPONSES, tools: bool = False) -> Json:
    """One reply, and a second message with which the model is told of it."""
    return scenario(name, create(*recordings), add("text-other"), api=api, tools=tools)


def broken(name: str, *recordings: str, api: str = RESPONSES) -> Json:
    """A reply that fails, and a second message after it."""
    return scenario(name, create(*recordings), get("$thread1"), add("text-other"), api=api)


PLAIN = [
    reply("text", "text"),
    reply("text: beyond ASCII", "text-unicode"),
    reply("text: two parts", "two-parts"),
    reply("text: two messages", "two-messages"),
    reply("text: empty", "empty-message"),
    reply("text: nothing at all", "nothing"),
    reply("text: cut short", "incomplete"),
    reply("citations: of pages", "url-citations"),
    reply("citations: of files, one without a name", "file-citations"),
    reply("citations: of a container's files, one without a name, and a path", "container-citations"),
    reply("citations: in two parts", "citations-in-two-parts"),
    reply("refusal", "refusal"),
    reply("refusal: after a text", "text-and-refusal"),
    reply("reasoning: a short thought", "reasoning"),
    reply("reasoning: a long thought", "reasoning-long"),
    reply("reasoning: several parts", "reasoning-parts"),
    reply("reasoning: several items", "reasoning-items"),
    reply("reasoning: without a word", "reasoning-empty"),
    reply("reasoning: the thoughts themselves", "reasoning-text"),
    reply("reasoning: and no answer", "reasoning-only"),
    reply("hosted tools: web search", "web-search"),
    reply("hosted tools: web search between thoughts", "web-search-with-reasoning"),
    reply("hosted tools: file search", "file-search-plain"),
    reply("hosted tools: file search after a thought without a word", "file-search"),
    reply("hosted tools: code interpreter", "code-interpreter"),
    reply("hosted tools: code interpreter between thoughts", "code-interpreter-with-reasoning"),
    reply("hosted tools: an MCP server", "mcp"),
    reply("image: with partial images", "image"),
    reply("image: without partial images", "image-without-partials"),
    scenario(
        "ids: two replies with one id", create("constant-id-first"), add("constant-id-second"), get("$thread1"),
    ),
    broken("failure: an error event", "error"),
    broken("failure: out of quota", "out-of-quota"),
    broken("failure: failed at once", "failed"),
    broken("failure: failed in mid-reply", "failed-midway"),
    scenario("input: a quote", create("text"), add("text-other", quoted_text="the fish")),
    scenario("input: a reply that is asked for again", create("text"), add("text-other"), retry("two-parts")),
]

COMPLETIONS = [
    reply("completions: text", "text", api=CHAT_COMPLETIONS),
    reply("completions: thoughts in reasoning_content", "reasoning", api=CHAT_COMPLETIONS),
    reply("completions: thoughts in reasoning", "reasoning-field", api=CHAT_COMPLETIONS),
    reply("completions: refusal", "refusal", api=CHAT_COMPLETIONS),
    reply("completions: empty", "empty", api=CHAT_COMPLETIONS),
    reply("completions: cut short", "cut-by-length", api=CHAT_COMPLETIONS),
    broken("completions: an error in mid-reply", "error", api=CHAT_COMPLETIONS),
]

TOOLS = [
    reply("tools: a call and the answer", "weather-call", "weather-answer", tools=True),
    reply("tools: two calls at once", "two-weather-calls", "two-weather-answer", tools=True),
    reply("tools: a text before the call", "text-and-call", "weather-answer", tools=True),
    reply(
        "tools: thoughts before the call and after", "reasoning-and-call", "reasoning-and-answer", tools=True,
    ),
    reply(
        "tools: two calls, one after the other", "weather-call", "reasoning-and-call", "weather-answer", tools=True,
    ),
    reply("tools: one that fails", "fails-call", "fails-answer", tools=True),
    reply("tools: one that tells of its work", "progress-call", "progress-answer", tools=True),
    reply(
        "tools: one that tells of its work after a thought", "reasoning-and-progress-call", "progress-answer", tools=True,
    ),
    reply("tools: one that shows a widget", "card-call", "card-answer", tools=True),
    scenario(
        "client tool: a call, its output and the answer",
        create("color-call"),
        tool_output({"color": "green"}, "color-answer"),
        add("text-other"),
        tools=True,
    ),
    scenario(
        "client tool: thoughts before the call and after the output",
        create("reasoning-and-color-call"),
        tool_output({"color": "green"}, "reasoning-and-color-answer"),
        add("text-other"),
        tools=True,
    ),
    scenario(
        "client tool: another message instead of an output",
        create("color-call"),
        add("text-other"),
        tools=True,
    ),
    scenario(
        "client tool: called again after its output",
        create("reasoning-and-color-call"),
        tool_output({"color": "green"}, "color-call"),
        tool_output({"color": "blue"}, "color-answer"),
        tools=True,
    ),
    scenario(
        "client tool: beside a tool that shows a widget",
        create("card-and-color-calls"),
        tool_output("green", "color-answer"),
        tools=True,
    ),
    reply(
        "completions: a call and the answer", "weather-call", "weather-answer", api=CHAT_COMPLETIONS, tools=True,
    ),
    reply(
        "completions: two calls at once", "two-weather-calls", "weather-answer", api=CHAT_COMPLETIONS, tools=True,
    ),
    reply(
        "completions: a text before the call", "text-and-call", "weather-answer", api=CHAT_COMPLETIONS, tools=True,
    ),
    scenario(
        "completions: a client tool",
        create("color-call"),
        tool_output({"color": "green"}, "color-answer"),
        add("text-other"),
        api=CHAT_COMPLETIONS,
        tools=True,
    ),
]

SCENARIOS = [*PLAIN, *COMPLETIONS, *TOOLS]
