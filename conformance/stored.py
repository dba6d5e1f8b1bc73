"""What is stored of a thread, hidden items too: no answer of the endpoint shows those."""

from __future__ import annotations

import http.client
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from servers import TIMEOUT_S

ReadsThread = Callable[[str], list[Any]]
"""All items of a thread, the oldest first; none if there is no such thread."""


def in_reference(address: str) -> ReadsThread:
    """Asks the reference's server, which shows its store beside the endpoint."""

    def items_of(thread_id: str) -> list[Any]:
        with closing(http.client.HTTPConnection(address, timeout=TIMEOUT_S)) as connection:
            connection.request("GET", f"/stored/{thread_id}")
            return json.loads(connection.getresponse().read())

    return items_of


def in_database(file: Path) -> ReadsThread:
    """Reads our server's SQLite file, as another program may while the server has it open."""

    def items_of(thread_id: str) -> list[Any]:
        # `closing`, as a connection used as a context ends its transaction and stays open.
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            rows = connection.execute(
                "SELECT items.body FROM items JOIN threads ON threads.place = items.thread"
                " WHERE threads.id = ? ORDER BY items.seq",
                [thread_id],
            )
            return [json.loads(body) for (body,) in rows]

    return items_of
