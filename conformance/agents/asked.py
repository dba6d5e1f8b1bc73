"""What a model was asked, in words that do not depend on who asked it.

Two clients of one provider write the same request differently: with ids of items or without, content as a text or as
a list of parts, with their own defaults. What the model reads of it is the same, and that is what is left here.
"""

from __future__ import annotations

import json
from typing import Any

from provider import CHAT_COMPLETIONS

TEXTS = ("input_text", "output_text", "text", "summary_text", "reasoning_text")


def essence(body: dict[str, Any]) -> dict[str, Any]:
    """The part of a request's body that a model reads."""
    if body["api"] == CHAT_COMPLETIONS:
        conversation = [chat_message(one) for one in body.get("messages", [])]
    else:
        given = body.get("input", [])
        given = [{"role": "user", "content": given}] if isinstance(given, str) else given
        conversation = [input_item(one) for one in given]
        if body.get("instructions"):
            conversation.insert(0, {"role": "system", "content": [body["instructions"]]})
    return {
        "model": body.get("model"),
        "stream": body.get("stream"),
        "conversation": conversation,
        "tools": [tool(one) for one in body.get("tools") or []],
    }


WIDGET = ") was displayed to the user:"
"""What is behind it is JSON."""


def input_item(item: dict[str, Any]) -> dict[str, Any]:
    kind = item.get("type", "message")
    if kind == "message":
        return {"role": item["role"], "content": content(item["content"])}
    if kind == "function_call":
        return called(item["name"], item["call_id"], item["arguments"])
    if kind == "function_call_output":
        return {"output_of": item["call_id"], "content": outputs(item["output"])}
    if kind == "reasoning":
        return {"reasoning": content(item.get("summary"))}
    return {key: value for key, value in item.items() if key not in ("id", "status") and value is not None}


def chat_message(message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"role": message["role"]}
    parts = (outputs if message["role"] == "tool" else content)(message.get("content"))
    if parts:
        found["content"] = parts
    if message.get("tool_calls"):
        calls = [(one["function"], one["id"]) for one in message["tool_calls"]]
        found["calls"] = [called(function["name"], id, function["arguments"]) for function, id in calls]
    for field in ("tool_call_id", "refusal", "reasoning_content"):
        if message.get(field):
            found[field] = message[field]
    return found


def called(name: str, call_id: str, arguments: str) -> dict[str, Any]:
    return {"call": name, "call_id": call_id, "arguments": json_or_text(arguments)}


def content(value: Any) -> list[Any]:
    """The parts of a content; texts as they are."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    return [spaced_alike(part["text"]) if part.get("type") in TEXTS else part for part in value]


def outputs(value: Any) -> list[Any]:
    """What a tool returned. How JSON is spaced and ordered does not count."""
    return [json_or_text(part) if isinstance(part, str) else part for part in content(value)]


def spaced_alike(text: str) -> str:
    """A text with the JSON of a widget, as it would be with its keys in order."""
    before, widget, json_text = text.partition(WIDGET)
    return before + widget + json.dumps(json.loads(json_text), sort_keys=True) if widget else text


def tool(described: dict[str, Any]) -> dict[str, Any]:
    function = described.get("function", described)
    if described.get("type") != "function":
        return described
    schema = function.get("parameters") or {}
    return {
        "name": function["name"],
        "description": function.get("description", ""),
        "strict": bool(function.get("strict")),
        "parameters": {name: one.get("type") for name, one in schema.get("properties", {}).items()},
        "required": schema.get("required", []),
        "open": schema.get("additionalProperties", True),
    }


def json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
