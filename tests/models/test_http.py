"""Tests of revenuer.models.http, against a server of a few lines on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from revenuer import models
from revenuer.errors import InputError
from revenuer.models import Capability
from revenuer.models.http import ServedModel

#: What is said to one that asks for it, in place of text.
ODD = {"nothing": None, "parts": [{"type": "text", "text": "a"}], "number": 5, "half": "\ud83d"}


class Server(BaseHTTPRequestHandler):
    """Answers as OpenAI's servers do, and keeps what it was asked."""

    asked: ClassVar[list[dict[str, Any]]] = []
    tokens: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        """Name one model."""
        self._send({"data": [{"id": "suspect-1"}]} if self.path == "/v1/models" else {})

    def do_POST(self) -> None:
        """Repeat what was said."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(asked)
        self.tokens.append(self.headers["Authorization"])
        said = asked["messages"][0]["content"]
        if said == "break":
            self.send_error(500)
            return
        choice: dict[str, Any] = {"message": {"content": ODD.get(said, f"you said {said}")}}
        if asked.get("logprobs"):
            top = [{"token": "you", "logprob": -0.1}, {"token": "we", "logprob": -2.5}]
            choice["logprobs"] = {"content": [{"top_logprobs": top}]}
        self._send({"choices": [choice]} if said != "odd" else {"choices": []})

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _send(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


@pytest.fixture
def url() -> Iterator[str]:
    """Where the server is."""
    Server.asked.clear()
    Server.tokens.clear()
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_a_server_is_opened_and_tells_text_only(url: str) -> None:
    model = models.open_model(url)

    texts = [one.text for one in model.generate(["one", "two"], limit=9, temperature=0.5, seed=3)]

    assert (model.name, model.capabilities) == ("suspect-1", Capability.TEXT)
    assert texts == ["you said one", "you said two"]
    assert Server.asked[0] | {"messages": None} == {
        "model": "suspect-1", "messages": None, "max_tokens": 9, "temperature": 0.5, "seed": 3,
    }  # fmt: skip


def test_alternatives_are_told_where_they_are_asked_for(url: str) -> None:
    model = ServedModel(url, name="other", token="a-token", top=True)  # noqa: S106

    (said,) = model.generate(["hello"], limit=1)

    assert Capability.TOP in model.capabilities
    assert said.top == ({"you": -0.1, "we": -2.5},)
    assert Server.tokens == ["Bearer a-token"]


def test_a_model_that_says_nothing_wrote_an_empty_text(url: str) -> None:
    assert [one.text for one in ServedModel(url).generate(["nothing"], limit=1)] == [""]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("break", "answers 500"),
        *[(said, "another form") for said in ("odd", "parts", "number", "half")],
    ],
)
def test_a_server_that_fails_is_named(url: str, said: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        ServedModel(url).generate([said], limit=1)


def test_nobody_there_is_an_error_and_no_traceback() -> None:
    with pytest.raises(InputError, match="does not answer"):
        ServedModel("http://127.0.0.1:9/v1")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InputError, match="is no address of a server"):
        ServedModel(url)


def test_distributions_and_ids_are_refused(url: str) -> None:
    model = ServedModel(url)

    with pytest.raises(InputError, match="does not tell distributions"):
        model.score([1], [2])
    with pytest.raises(InputError, match="does not tell its token ids"):
        model.encode("a")
