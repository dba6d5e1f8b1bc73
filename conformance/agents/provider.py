"""A model's provider that answers with recordings, over HTTP.

    provider.py responses/text … [--delivery NAME] [--port N]

`POST /v1/responses` and `POST /v1/chat/completions` stream the next recording each time they are asked. A recording
is a file in the folder of one of the two in `recordings/`: the events of one answer of a model, one JSON object a
line. How its bytes are cut
into writes, and what else an event stream may hold, is a `Delivery`.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).resolve().parent / "recordings"
RESPONSES = "responses"
CHAT_COMPLETIONS = "chat-completions"
PATHS = {"/v1/responses": RESPONSES, "/v1/chat/completions": CHAT_COMPLETIONS}


@dataclass(frozen=True)
class Delivery:
    """How the bytes of a stream come."""

    name: str
    newline: str = "\n"
    events_per_write: int | None = 1
    """How many events one write holds; all of them if `None`."""
    bytes_per_write: int | None = None
    """Instead: every write has this many bytes, wherever events and characters begin."""
    pause_s: float = 0.0
    """Between two writes."""
    extras: bool = False
    """Comments, ids and retry times between the fields that count. The provider's own library, which the reference
    has, takes an id that is followed by a comment for an event."""


PLAIN = Delivery("plain")
DELIVERIES = (
    PLAIN,
    Delivery("byte by byte", bytes_per_write=1),
    Delivery("CRLF", newline="\r\n"),
    Delivery("CRLF in pieces", newline="\r\n", bytes_per_write=7),
    Delivery("several events a packet", events_per_write=5),
    Delivery("one packet", events_per_write=None),
    Delivery("pauses", pause_s=0.003),
    Delivery("comments", extras=True),
)


class Provider:
    """The server, running in threads of its own until `stop`."""

    def __init__(self, port: int = 0) -> None:
        self._lock = threading.Lock()
        self._recordings: list[str] = []
        self._delivery = PLAIN
        self._asked: list[dict[str, Any]] = []
        handler = type("ProviderHandler", (Handler,), {"provider": self})
        self._server = Server(("127.0.0.1", port), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """What a client of the provider calls its base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def play(self, recordings: list[str], delivery: Delivery = PLAIN) -> None:
        """Sets what the next answers are, one recording each, and forgets what was asked before."""
        with self._lock:
            self._recordings, self._delivery, self._asked = list(recordings), delivery, []

    def asked(self) -> list[dict[str, Any]]:
        """The bodies of the requests since `play`, in order, each with its `api`."""
        with self._lock:
            return list(self._asked)

    def left(self) -> list[str]:
        """The recordings that nobody asked for."""
        with self._lock:
            return list(self._recordings)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, api: str, body: Any) -> tuple[str, Delivery] | None:
        """Notes a request; the recording that answers it, if one is left and it is one for this API."""
        with self._lock:
            self._asked.append({"api": api, **body})
            if not self._recordings or not self._recordings[0].startswith(f"{api}/"):
                return None
            return self._recordings.pop(0), self._delivery


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may leave at any time."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    provider: Provider
    protocol_version = "HTTP/1.1"
    # Every write leaves at once, as its own packet.
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        api = PATHS.get(self.path)
        chosen = None if api is None else self.provider.take(api, body)
        if api is None or chosen is None:
            # A status that no client tries again after.
            self.refuse(400, "no recording is left for this request")
            return
        name, delivery = chosen
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for number, piece in enumerate(pieces(lines_of(name), api, delivery)):
                if number and delivery.pause_s:
                    time.sleep(delivery.pause_s)
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        except ConnectionError:
            # The client has what it wants, or was cancelled.
            self.close_connection = True

    def refuse(self, status: int, message: str) -> None:
        body = json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: what was asked is kept."""


def lines_of(recording: str) -> list[str]:
    """The events of a recording, as JSON."""
    text = (RECORDINGS / f"{recording}.jsonl").read_text(encoding="utf-8")
    # Not `splitlines`, which also splits inside of texts.
    return [line for line in text.split("\n") if line]


def pieces(events: list[str], api: str, delivery: Delivery) -> Iterator[bytes]:
    """What each write holds."""
    frames = [frame(event, api, number, delivery) for number, event in enumerate(events)]
    if api == CHAT_COMPLETIONS:
        frames.append(f"data: [DONE]{delivery.newline * 2}".encode())
    if delivery.bytes_per_write is None:
        size, whole = delivery.events_per_write or len(frames), frames
    else:
        size = delivery.bytes_per_write
        whole = b"".join(frames)
    for start in range(0, len(whole), size):
        piece = whole[start : start + size]
        yield piece if isinstance(piece, bytes) else b"".join(piece)


def frame(event: str, api: str, number: int, delivery: Delivery) -> bytes:
    lines = [f"data: {event}"]
    if api == RESPONSES:
        lines.insert(0, f"event: {json.loads(event)['type']}")
    if delivery.extras:
        lines = [": still here", f"id: {number}", *lines, "retry: 1000"]
        # A comment by itself, and a field without the space after its colon.
        lines = [":", "", *(line.replace("data: ", "data:", 1) for line in lines)]
    return "".join(line + delivery.newline for line in [*lines, ""]).encode()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recordings", nargs="+", metavar="RECORDING", help="played in order, again and again")
    parser.add_argument("--delivery", default=PLAIN.name, choices=[one.name for one in DELIVERIES])
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    (delivery,) = [one for one in DELIVERIES if one.name == options.delivery]
    provider = Provider(options.port)
    print(f"listening on {provider.url}", flush=True)
    try:
        while True:
            if not provider.left():
                provider.play(options.recordings, delivery)
            time.sleep(0.05)
    except KeyboardInterrupt:
        provider.stop()


if __name__ == "__main__":
    main()
