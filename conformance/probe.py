"""Probes the Python reference and our server with `chatkit probe`, and says what it should find.

    probe.py --server target/debug/chatkit

The reference's findings are those of its known defects; ours has none. See README.md.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from typing import Any

from servers import ServerProcess, our_command, reference_command

# A probe that needs this long for a reply of two seconds hangs.
TIMEOUT_S = 60.0

TEXT = {"text": {"deltas": 20, "delta": "some words ", "gap_ms": 50}}
WIDGET = {"widget": [{"type": "Card", "children": [{"type": "Text", "id": "t", "value": "Hello"}]}]}
FAILURE = {"fail": {"message": "no model today", "allow_retry": True}}

# Nothing tells proxies to leave the stream as it is, and no time names its offset.
STREAM = {"missing-no-transform", "cached-by-proxies", "accel-buffering", "date-without-offset"}
# What cannot be done breaks the stream, or is answered 500 without JSON; the endpoint as its
# documentation has it knows no other origins.
ANSWERS = {"failed-stream-silent", "failed-json-status", "json-error-without-message", "cors-preflight"}

# What is sent, more arguments, what is found at the reference and at ours.
CASES: list[tuple[str, list[Any], list[str], set[str], set[str]]] = [
    ("a reply", [TEXT], [], STREAM | ANSWERS, set()),
    ("only the stream", [TEXT], ["--stream-only"], STREAM, set()),
    ("several at once", [TEXT], ["--stream-only", "--concurrency", "4"], STREAM, set()),
    ("a widget and a text", [WIDGET, TEXT], ["--stream-only"], STREAM, set()),
    ("an error", [TEXT, FAILURE], ["--stream-only"], STREAM | {"error-event"}, {"error-event"}),
]


def main() -> int:
    # So that the servers are stopped when a run is given up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", metavar="PATH", required=True, help="our server's binary")
    options = parser.parse_args()

    servers: list[ServerProcess] = []
    failures: list[str] = []
    try:
        for command in [reference_command(), our_command(options.server)]:
            servers.append(ServerProcess(command))
        addresses = [server.wait_until_listening() for server in servers]
        for name, steps, more, *wanted in CASES:
            for who, address, codes in zip(("the reference", "ours"), addresses, wanted, strict=True):
                failures += probe(options.server, f"{name}, {who}", address, steps, more, codes)
    finally:
        for server in servers:
            server.stop()
    for failure in failures:
        print(f"\nFAILED {failure}")
    count = 2 * len(CASES)
    print(f"{count - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


def probe(
    binary: str, name: str, address: str, steps: list[Any], more: list[str], wanted: set[str]
) -> list[str]:
    """Probes one server; what is wrong with what was found, if anything."""
    script = json.dumps({"steps": steps})
    command = [binary, "probe", f"http://{address}", "--json", "--message", script, *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    try:
        found = {finding["code"] for finding in json.loads(done.stdout)["findings"]}
    except (ValueError, KeyError):
        return [f"{name}: no report, status {done.returncode}\n{done.stdout}\n{done.stderr}"]
    if found == wanted:
        return []
    return [f"{name}: not found {sorted(wanted - found)}, found {sorted(found - wanted)}\n{done.stdout}"]


if __name__ == "__main__":
    sys.exit(main())
