"""A server on loopback that answers by a script, and a clock that waits for nothing."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Clock:
    """A clock that goes on when it is waited for, unless it `is_stuck`, and keeps how long."""

    now: float = 1_000.0
    is_stuck: bool = False
    slept: list[float] = field(default_factory=list)

    def time(self) -> float:
        """Return seconds since 1970."""
        return self.now

    def monotonic(self) -> float:
        """Return the same."""
        return self.now

    def sleep(self, seconds: float, /) -> None:
        """Wait for nothing."""
        self.slept.append(seconds)
        if not self.is_stuck:
            self.now += seconds


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    body: Any
    token: str | None


@dataclass(frozen=True)
class Say:
    """One answer.

    Attributes:
        status: 0 closes the connection without a word, -1 resets it.
        body: Bytes as they are, anything else as JSON.
        headers: Besides those that any answer has.
        cut: Bytes promised and not sent.
        after: Waited for first.
        is_raw: Whether the body is all that is sent.
    """

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    after: threading.Event | None = None
    is_raw: bool = False


Script = Callable[[Asked], Say]


class Server(ThreadingHTTPServer):
    """Keeps what it was asked."""

    request_queue_size = 128
    script: Script

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(content) if content else None
        asked = Asked(self.command, self.path, body, self.headers["Authorization"])
        self.server.asked.append(asked)
        say = self.server.script(asked)
        if say.after:
            say.after.wait(5)
        if say.status <= 0:
            if say.status < 0:
                # No time to linger: what is left is thrown away, and the other side is told.
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            self.connection.close()
            return
        told = say.body if isinstance(say.body, bytes) else json.dumps(say.body).encode()
        if say.is_raw:
            self.wfile.write(told)
            return
        self.send_response_only(say.status)
        for name, value in {"Content-Length": str(len(told) + say.cut), **say.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)

    do_POST = do_GET  # noqa: N815  # the name that the server asks for

    def finish(self) -> None:
        """Close; what was closed on purpose is closed."""
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(script: Script) -> Iterator[Server]:
    """Run a server."""
    with Server(script) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def in_order(*answers: Say) -> Script:
    """Say one after another, then the last one for ever."""
    left = list(answers)

    def script(asked: Asked) -> Say:
        return left.pop(0) if len(left) > 1 else left[0]

    return script


def nobody() -> str:
    """Return an address on this machine where nobody is."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}"
