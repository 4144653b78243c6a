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

#: Answers that are none.
BROKEN = {
    "/garbage": b"\0\1\r\n\r\n",
    "/short": b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{",
    "/headers": b"HTTP/1.0 200 OK\r\n" + b"X: a\r\n" * 200 + b"\r\n",
    "/long": b"HTTP/1.0 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
}


class Server(BaseHTTPRequestHandler):
    """Answers with what stands after the first slash, and keeps what it was sent."""

    sent: ClassVar[list[tuple[str, bytes, str | None]]] = []

    def do_GET(self) -> None:
        """Answer."""
        length = int(self.headers.get("Content-Length", 0))
        self.sent.append((self.command, self.rfile.read(length), self.headers["Authorization"]))
        if self.path in BROKEN:
            self.wfile.write(BROKEN[self.path])
            return
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
    ("path", "told"),
    [
        ("/404", "/404 answers 404"),
        ("/words", "/words does not answer with JSON"),
        ("/" + "[" * 50_000, "does not answer with JSON"),
        ("/\xe9", "does not answer: "),
        *[(path, f"{path} does not answer: ") for path in BROKEN],
    ],
)
def test_what_is_no_answer_is_told_with_its_address(url: str, path: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        ask(url + path, token=None, seconds=5)


def test_nobody_there_is_told(url: str) -> None:
    with HTTPServer(("127.0.0.1", 0), Server) as closed:
        port = closed.server_port

    with pytest.raises(InputError, match=f"http://127.0.0.1:{port} does not answer"):
        ask(f"http://127.0.0.1:{port}", token=None, seconds=5)


@pytest.mark.parametrize("token", ["a\nb", "\u20ac"])
def test_a_token_that_cannot_be_sent_is_told_and_not_printed(url: str, token: str) -> None:
    with pytest.raises(InputError, match="holds what no header can carry") as refused:
        ask(url, token=f"secret{token}", seconds=5)

    assert "secret" not in str(refused.value)


def test_a_password_in_an_address_is_refused_and_not_printed() -> None:
    with pytest.raises(InputError, match="holds a password") as refused:
        check("http://user:secret@127.0.0.1:x/v1")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "", "localhost:80", "file:///etc/passwd", "http://", "ftp://a", "http://[::1/v1",
        "http://a:b/v1", "http://a:99999/v1", "http://a:0/v1", "http://a/v 1", "http://a/\0",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="is no address of a server"):
        check(url)
