"""The Python reference over HTTP, answering with playback scripts.

The first line on stdout is `listening on http://ADDR`; the endpoint is `POST /chatkit`.
Everything that the reference leaves to an integrator (store, attachment store, responder, HTTP answers) is
the plainest correct choice, so that what the comparison sees is the reference itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from typing import Any

import chatkit.server
import uvicorn
from chatkit.errors import CustomStreamError, ErrorCode, StreamError
from chatkit.server import ChatKitServer, StreamingResult, stream_widget
from chatkit.store import AttachmentStore, NotFoundError, Store
from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    AttachmentUploadDescriptor,
    ChatKitReq,
    FileAttachment,
    ImageAttachment,
    Page,
    SyncCustomActionResponse,
    ThreadItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
    ThreadMetadata,
    ThreadStatus,
    ThreadStreamEvent,
    TranscriptionResult,
    UserMessageTextContent,
)
from chatkit.widgets import WidgetRoot
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import TypeAdapter

from build import NO_SCRIPT

EVENT = TypeAdapter(ThreadStreamEvent)
ITEM = TypeAdapter(ThreadItem)
ROOT = TypeAdapter(WidgetRoot)
STATUS = TypeAdapter(ThreadStatus)


class MemoryStore(Store[None]):
    """Threads and items in the order of their first save; a later save of the same id keeps the place.

    Everything is copied on the way in and out, as a database would.
    """

    def __init__(self) -> None:
        self.threads: dict[str, ThreadMetadata] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.attachments: dict[str, Any] = {}

    def _items_of(self, thread_id: str) -> dict[str, Any]:
        if thread_id not in self.threads:
            raise NotFoundError(f"thread {thread_id} not found")
        return self.items[thread_id]

    async def load_thread(self, thread_id: str, context: None) -> ThreadMetadata:
        if thread_id not in self.threads:
            raise NotFoundError(f"thread {thread_id} not found")
        return self.threads[thread_id].model_copy(deep=True)

    async def save_thread(self, thread: ThreadMetadata, context: None) -> None:
        # A thread may come with its items; only the metadata is kept here.
        kept = {name: getattr(thread, name) for name in ThreadMetadata.model_fields}
        self.threads[thread.id] = ThreadMetadata(**kept).model_copy(deep=True)
        self.items.setdefault(thread.id, {})

    async def load_threads(
        self, limit: int, after: str | None, order: str, context: None
    ) -> Page[ThreadMetadata]:
        return page_of(self.threads, limit, after, order)

    async def delete_thread(self, thread_id: str, context: None) -> None:
        if thread_id not in self.threads:
            raise NotFoundError(f"thread {thread_id} not found")
        del self.threads[thread_id]
        del self.items[thread_id]

    async def load_thread_items(
        self, thread_id: str, after: str | None, limit: int, order: str, context: None
    ) -> Page[ThreadItem]:
        return page_of(self._items_of(thread_id), limit, after, order)

    async def load_item(self, thread_id: str, item_id: str, context: None) -> ThreadItem:
        items = self._items_of(thread_id)
        if item_id not in items:
            raise NotFoundError(f"item {item_id} not found")
        return items[item_id].model_copy(deep=True)

    async def add_thread_item(self, thread_id: str, item: ThreadItem, context: None) -> None:
        self._items_of(thread_id)[item.id] = item.model_copy(deep=True)

    async def save_item(self, thread_id: str, item: ThreadItem, context: None) -> None:
        self._items_of(thread_id)[item.id] = item.model_copy(deep=True)

    async def delete_thread_item(self, thread_id: str, item_id: str, context: None) -> None:
        self._items_of(thread_id).pop(item_id, None)

    async def save_attachment(self, attachment: Any, context: None) -> None:
        self.attachments[attachment.id] = attachment.model_copy(deep=True)

    async def load_attachment(self, attachment_id: str, context: None) -> Any:
        if attachment_id not in self.attachments:
            raise NotFoundError(f"attachment {attachment_id} not found")
        return self.attachments[attachment_id].model_copy(deep=True)

    async def delete_attachment(self, attachment_id: str, context: None) -> None:
        self.attachments.pop(attachment_id, None)


def page_of(rows: dict[str, Any], limit: int, after: str | None, order: str) -> Page[Any]:
    """The page of `rows` that starts behind the id `after`, in the given order."""
    ids = list(rows)
    if order == "desc":
        ids.reverse()
    if after is not None:
        if after not in rows:
            raise NotFoundError(f"{after} not found")
        ids = ids[ids.index(after) + 1 :]
    chosen = ids[:limit]
    has_more = len(ids) > limit
    return Page(
        data=[rows[id].model_copy(deep=True) for id in chosen],
        has_more=has_more,
        after=chosen[-1] if has_more and chosen else None,
    )


class MemoryAttachmentStore(AttachmentStore[None]):
    """Hands out upload descriptors (two-phase upload); the bytes themselves are never sent here."""

    def __init__(self) -> None:
        self.base_url = "http://127.0.0.1"
        self.known: set[str] = set()

    async def create_attachment(self, input: Any, context: None) -> Any:
        id = self.generate_attachment_id(input.mime_type, context)
        url = f"{self.base_url}/attachments/{id}"
        common: dict[str, Any] = {
            "id": id,
            "name": input.name,
            "mime_type": input.mime_type,
            "upload_descriptor": AttachmentUploadDescriptor(
                url=url, method="PUT", headers={"Content-Type": "application/octet-stream"}
            ),
        }
        self.known.add(id)
        if input.mime_type.startswith("image/"):
            return ImageAttachment(preview_url=url, **common)
        return FileAttachment(**common)

    async def delete_attachment(self, attachment_id: str, context: None) -> None:
        if attachment_id not in self.known:
            raise NotFoundError(f"attachment {attachment_id} not found")
        self.known.remove(attachment_id)


class PlaybackServer(ChatKitServer[None]):
    """Plays the script in the user's message, in the thread's `on_resume` or in an action's payload."""

    async def respond(
        self, thread: ThreadMetadata, input_user_message: Any, context: None
    ) -> AsyncIterator[Any]:
        if input_user_message is None:
            script = thread.metadata.get("on_resume")
            if script is None:
                return
        else:
            script = text_of(input_user_message)
        async for event in self.play(thread, script):
            yield event

    async def action(
        self, thread: ThreadMetadata, action: Any, sender: Any, context: None
    ) -> AsyncIterator[Any]:
        async for event in self.play(thread, action.payload):
            yield event

    async def sync_action(
        self, thread: ThreadMetadata, action: Any, sender: Any, context: None
    ) -> SyncCustomActionResponse:
        payload = action.payload if isinstance(action.payload, dict) else {}
        item = with_thread_id(payload.get("updated_item"), thread.id)
        return SyncCustomActionResponse(updated_item=None if item is None else ITEM.validate_python(item))

    async def transcribe(self, audio_input: Any, context: None) -> TranscriptionResult:
        return TranscriptionResult(text=f"{audio_input.media_type} {len(audio_input.data)}")

    async def play(self, thread: ThreadMetadata, script: Any) -> AsyncIterator[Any]:
        if isinstance(script, str):
            try:
                script = json.loads(script)
            except ValueError:
                script = None
        if not isinstance(script, dict) or not isinstance(script.get("steps"), list):
            yield ThreadItemDoneEvent(item=self._message(thread, NO_SCRIPT))
            return
        for step in with_thread_id(script["steps"], thread.id):
            async for event in self._play_step(thread, step):
                yield event

    async def _play_step(self, thread: ThreadMetadata, step: dict[str, Any]) -> AsyncIterator[Any]:
        if "event" in step:
            yield EVENT.validate_python(step["event"])
        elif "sleep_ms" in step:
            await asyncio.sleep(step["sleep_ms"] / 1000)
        elif "thread" in step:
            change_thread(thread, step["thread"])
        elif "text" in step:
            async for event in self._stream_text(thread, step["text"]):
                yield event
        elif "widget" in step:
            roots = [ROOT.validate_python(root) for root in step["widget"]]
            async for event in stream_widget(
                thread,
                roots[0] if len(roots) == 1 else generator_of(roots),
                copy_text=step.get("copy_text"),
                generate_id=lambda kind: self.store.generate_item_id(kind, thread, None),
            ):
                yield event
        elif "fail" in step:
            fail(step["fail"])
        else:
            raise ValueError("unknown step")

    async def _stream_text(self, thread: ThreadMetadata, text: dict[str, Any]) -> AsyncIterator[Any]:
        item = self._message(thread, None)
        yield ThreadItemAddedEvent(item=item)
        yield ThreadItemUpdatedEvent(
            item_id=item.id,
            update=AssistantMessageContentPartAdded(
                content_index=0, content=AssistantMessageContent(text="")
            ),
        )
        gap = text.get("gap_ms", 0) / 1000
        for number in range(text["deltas"]):
            if number and gap:
                await asyncio.sleep(gap)
            yield ThreadItemUpdatedEvent(
                item_id=item.id,
                update=AssistantMessageContentPartTextDelta(content_index=0, delta=text["delta"]),
            )
        content = AssistantMessageContent(text=text["delta"] * text["deltas"])
        yield ThreadItemUpdatedEvent(
            item_id=item.id,
            update=AssistantMessageContentPartDone(content_index=0, content=content),
        )
        yield ThreadItemDoneEvent(item=item.model_copy(update={"content": [content]}))

    def _message(self, thread: ThreadMetadata, text: str | None) -> AssistantMessageItem:
        return AssistantMessageItem(
            id=self.store.generate_item_id("message", thread, None),
            thread_id=thread.id,
            created_at=datetime.now(UTC),
            content=[] if text is None else [AssistantMessageContent(text=text)],
        )


def text_of(message: Any) -> str:
    return "".join(part.text for part in message.content if isinstance(part, UserMessageTextContent))


def with_thread_id(value: Any, thread_id: str) -> Any:
    """`value` with every `$THREAD` replaced."""
    if isinstance(value, str):
        return value.replace("$THREAD", thread_id)
    if isinstance(value, list):
        return [with_thread_id(entry, thread_id) for entry in value]
    if isinstance(value, dict):
        return {key: with_thread_id(entry, thread_id) for key, entry in value.items()}
    return value


def change_thread(thread: ThreadMetadata, change: dict[str, Any]) -> None:
    if "title" in change:
        thread.title = change["title"]
    if "status" in change:
        thread.status = STATUS.validate_python(change["status"])
    if "allowed_image_domains" in change:
        thread.allowed_image_domains = change["allowed_image_domains"]
    if "metadata" in change:
        thread.metadata = {**thread.metadata, **change["metadata"]}


def fail(how: dict[str, Any]) -> None:
    """Ends the responder the way the script asks for."""
    if "message" in how:
        raise CustomStreamError(how["message"], allow_retry=how.get("allow_retry", False))
    if "code" in how:
        raise StreamError(ErrorCode(how["code"]), allow_retry=how.get("allow_retry"))
    raise RuntimeError("the script ends with an unexpected error")


async def generator_of(roots: list[Any]) -> AsyncGenerator[Any, None]:
    for root in roots:
        yield root


def endpoint(server: ChatKitServer[None]) -> FastAPI:
    """The endpoint as the reference's documentation tells an integrator to write it."""
    app = FastAPI()
    store = server.store

    @app.post("/chatkit")
    async def chatkit(request: Request) -> Response:
        result = await server.process(await request.body(), None)
        if isinstance(result, StreamingResult):
            return StreamingResponse(result, media_type="text/event-stream")
        return Response(result.json, media_type="application/json")

    @app.get("/stored/{thread_id}")
    async def stored(thread_id: str) -> list[Any]:
        """Everything in a thread, hidden items too: what no answer of the endpoint shows."""
        items = store.items.get(thread_id, {}).values()
        return [item.model_dump(mode="json", by_alias=True, exclude_none=True) for item in items]

    return app


def reuse_the_request_parser() -> None:
    """Lets the reference build its parser of requests once instead of for each request.

    Nothing but time depends on it: building takes three quarters of a small request. The benchmark measures
    the reference without this.
    """
    parser = TypeAdapter(ChatKitReq)

    class Reused:
        def __class_getitem__(cls, _: Any) -> Any:
            return lambda _: parser

    chatkit.server.TypeAdapter = Reused


class AnnouncingServer(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or []:
            host, port = listening.getsockname()[:2]
            print(f"listening on http://{host}:{port}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listen", default="127.0.0.1:0", help="host:port; port 0 takes a free one")
    options.add_argument("--loop", default="auto", choices=["auto", "asyncio", "uvloop"])
    options.add_argument("--verbose", action="store_true", help="log requests and tracebacks to stderr")
    options.add_argument(
        "--reuse-parser",
        action="store_true",
        help="build the parser of requests once (faster, else the same)",
    )
    chosen = options.parse_args()
    if chosen.reuse_parser:
        reuse_the_request_parser()

    if not chosen.verbose:
        logging.disable(logging.CRITICAL)
    listening, attachments = listening_at(chosen.listen)
    serve(endpoint(PlaybackServer(MemoryStore(), attachments)), listening, chosen.loop)


def listening_at(address: str) -> tuple[socket.socket, MemoryAttachmentStore]:
    """A bound socket, and the attachment store that names it in its URLs."""
    host, port = address.rsplit(":", 1)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, int(port)))
    attachments = MemoryAttachmentStore()
    attachments.base_url = "http://{}:{}".format(*listening.getsockname()[:2])
    return listening, attachments


def serve(app: FastAPI, listening: socket.socket, loop: str = "auto") -> None:
    config = uvicorn.Config(app, loop=loop, log_config=None, access_log=False)
    AnnouncingServer(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
