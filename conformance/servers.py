"""Starting the two servers and talking to them."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ANNOUNCEMENT = "listening on http://"
# Generous: a server that needs this long for one small script hangs.
TIMEOUT_S = 15.0
HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}

Observation = dict[str, Any]
"""One answer as the comparison sees it: status, content type, and either `events` (with `broken`) or `body`."""


class ServerProcess:
    """A server as a child process that announces its address on its first line of stdout."""

    def __init__(self, command: list[str]) -> None:
        self.command = command
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log
        )
        self.address = ""

    def wait_until_listening(self) -> str:
        """Blocks until the first line; the address as `host:port`."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode(errors="replace").strip()
        if not line.startswith(ANNOUNCEMENT):
            self.stop()
            raise RuntimeError(
                f"{' '.join(self.command)}\nstarted with {line!r} instead of {ANNOUNCEMENT!r}\n{self.log_tail()}"
            )
        self.address = line.removeprefix(ANNOUNCEMENT).rstrip("/")
        return self.address

    def log_tail(self) -> str:
        """The end of what the server wrote to stderr."""
        self.log.seek(0, os.SEEK_END)
        self.log.seek(max(0, self.log.tell() - 4000))
        return self.log.read().decode(errors="replace")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def reference_python() -> str:
    """The interpreter that can run the reference: `CHATKIT_REFERENCE_PYTHON`, or a venv made here on first use."""
    chosen = os.environ.get("CHATKIT_REFERENCE_PYTHON")
    if chosen:
        return chosen
    folder = HERE / ".venv"
    python = folder / "bin" / "python"
    wanted = (HERE / "requirements.txt").read_text()
    # Written last, so that an interrupted installation is made again.
    installed = folder / "installed-requirements.txt"
    if not installed.exists() or installed.read_text() != wanted:
        print("installing the reference into conformance/.venv", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "-r", str(HERE / "requirements.txt")]
        subprocess.run(pip, check=True)
        installed.write_text(wanted)
    return str(python)


def reference_command() -> list[str]:
    return [reference_python(), str(HERE / "reference_server.py"), "--reuse-parser"]


def our_command(server: str, database: str = "memory:") -> list[str]:
    playback = ["serve", "--responder", "playback", "--database", database]
    return [server, *playback, "--listen", "127.0.0.1:0"]


class Client:
    """One keep-alive connection to a server's endpoint."""

    def __init__(self, address: str) -> None:
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)
        self.connection: http.client.HTTPConnection | None = None

    def ask(self, request: Any) -> Observation:
        """Posts a request (an object, or text that is sent as it is) and reads the whole answer."""
        body = (request if isinstance(request, str) else json.dumps(request)).encode()
        fresh = self.connection is None
        try:
            return self._ask_once(body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
            self.close()
            if fresh:
                return failure(error)
        except OSError as error:
            self.close()
            return failure(error)
        # The server closed an idle connection; the request was not read.
        try:
            return self._ask_once(body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return failure(error)

    def _ask_once(self, body: bytes) -> Observation:
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        self.connection.request("POST", "/chatkit", body, HEADERS)
        response = self.connection.getresponse()
        content_type = response.headers.get_content_type()
        broken = False
        try:
            text = response.read().decode()
        except http.client.IncompleteRead as error:
            text = error.partial.decode(errors="replace")
            broken = True
        except ConnectionResetError:
            text = ""
            broken = True
        if broken or response.will_close:
            self.close()
        common = {"status": response.status, "content_type": content_type}
        if content_type == "text/event-stream":
            return {**common, "events": events_of(text), "broken": broken}
        return {**common, "body": json_or_text(text)}

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def failure(error: Exception) -> Observation:
    return {"status": 0, "content_type": "", "body": f"no answer: {error or type(error).__name__}"}


def events_of(text: str) -> list[Any]:
    """The payloads of an event stream. Comments and other fields do not count, as for the stock client."""
    events = []
    for frame in text.replace("\r\n", "\n").split("\n\n"):
        data = [line[5:].removeprefix(" ") for line in frame.split("\n") if line.startswith("data:")]
        if data:
            events.append(json_or_text("\n".join(data)))
    return events


def json_or_text(text: str) -> Any:
    try:
        return json.loads(text, parse_float=number)
    except ValueError:
        return text


def number(text: str) -> int | float:
    """Numbers are compared by value: 1.0 is 1."""
    value = float(text)
    return int(value) if value.is_integer() else value
