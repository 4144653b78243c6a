"""Asking a server: an answer, or one sentence that names the address."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from revenuer.errors import InputError
from revenuer.models.asking import ask, check


class Server(BaseHTTPRequestHandler):
    """Answers with what stands after the first slash, and keeps what it was sent."""

    sent: ClassVar[list[tuple[str, bytes, str | None]]] = []

    def do_GET(self) -> None:
        """Answer."""
        length = int(self.headers.get("Content-Length", 0))
        self.sent.append((self.command, self.rfile.read(length), self.headers["Authorization"]))
        if self.path == "/404":
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.removeprefix("/").encode())

    do_POST = do_GET  # noqa: N815  # the name that the server asks for

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    Server.sent.clear()
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_answer_comes_back_and_the_token_is_sent(url: str) -> None:
    assert ask(f"{url}/[1,2]", token=None, seconds=5) == [1, 2]
    assert ask(f"{url}/{{}}", {"a": 1}, token="secret", seconds=5) == {}  # noqa: S106

    assert [(how, who) for how, _, who in Server.sent] == [("GET", None), ("POST", "Bearer secret")]
    assert json.loads(Server.sent[1][1]) == {"a": 1}


@pytest.mark.parametrize(
    ("path", "told"), [("/404", "/404 answers 404"), ("/words", "/words does not answer with JSON")]
)
def test_what_is_no_answer_is_told_with_its_address(url: str, path: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        ask(url + path, token=None, seconds=5)


def test_nobody_there_is_told(url: str) -> None:
    with HTTPServer(("127.0.0.1", 0), Server) as closed:
        port = closed.server_port

    with pytest.raises(InputError, match=f"http://127.0.0.1:{port} does not answer"):
        ask(f"http://127.0.0.1:{port}", token=None, seconds=5)


@pytest.mark.parametrize("url", ["", "localhost:80", "file:///etc/passwd", "http://", "ftp://a"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="is no address of a server"):
        check(url)
