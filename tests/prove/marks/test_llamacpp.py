"""Marks through a server's top log-probabilities, against a small server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, gamma

from revenuer.errors import InputError
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey
from revenuer.prove.marks.llamacpp import LlamaServer, Sampling, generate
from revenuer.prove.marks.sampling import Completion

KEY = WatermarkKey(bytes(range(32)))
VOCABULARY = 200


class Model(HTTPServer):
    """Answers as llama.cpp does: the next token's distribution depends on the last token."""

    asked: list[tuple[str, dict[str, Any], str | None]]
    wrong: tuple[int, bytes] | None

    def logprobs(self, last: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the distribution after one token."""
        logits = np.random.default_rng(last).normal(size=VOCABULARY) * 2
        return np.asarray(logits - np.log(np.exp(logits).sum()))


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Model

    def do_POST(self) -> None:
        """Answer, or go wrong as told."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body, self.headers["Authorization"]))
        status, content = self.server.wrong or (200, json.dumps(self.answer(body)).encode())
        self.send_response(status)
        self.end_headers()
        self.wfile.write(content)

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return what the server says."""
        if self.path == "/tokenize":
            return {"tokens": [1, *body["content"].encode()]}
        if self.path == "/detokenize":
            return {"content": " ".join(map(str, body["tokens"]))}
        logprobs = self.server.logprobs(body["prompt"][-1])
        top = np.argsort(-logprobs)[: body["n_probs"]]
        told = [{"id": int(one), "token": "x", "logprob": float(logprobs[one])} for one in top]
        return {"content": "x", "completion_probabilities": [{"id": 0, "top_logprobs": told}]}

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def model() -> Iterator[Model]:
    server = Model(("127.0.0.1", 0), Answer)
    server.asked, server.wrong = [], None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def server(model: Model) -> LlamaServer:
    return LlamaServer(f"http://127.0.0.1:{model.server_port}")


def log10_p(mark: GumbelMark | GreenMark, key: WatermarkKey, tokens: list[int]) -> float:
    completion, windows, kept = Completion(mark.window), [], []
    for token in tokens:
        if not completion.is_repeated:
            windows.append(completion.window)
            kept.append(token)
        completion.append(token)
    if isinstance(mark, GumbelMark):
        total = mark.scores(key.seed, np.array(windows), np.array(kept)).sum()
        return float(gamma.logsf(total, len(kept)) / np.log(10))
    hits = mark.scores(key.seed, np.array(windows), np.array(kept)).sum()
    return float(binom.logsf(hits - 1, len(kept), mark.gamma) / np.log(10))


@pytest.mark.parametrize("mark", [GumbelMark(), GreenMark()], ids=lambda mark: mark.name)
def test_tokens_carry_the_mark_of_the_key_and_of_no_other(
    server: LlamaServer, mark: GumbelMark | GreenMark
) -> None:
    made = list(generate(server, "Tell me", mark, KEY, np.random.default_rng(1), most=150))

    assert len(made) == 150
    assert log10_p(mark, KEY, made) < -6
    assert log10_p(mark, KEY.derive("another"), made) > -3


@pytest.mark.parametrize("mark", [GumbelMark(), GreenMark(delta=4)], ids=lambda mark: mark.name)
def test_a_real_server_writes_marked_text(llama_server: str, mark: GumbelMark | GreenMark) -> None:
    real = LlamaServer(llama_server, token="of-the-test")  # noqa: S106  # on loopback

    made = list(generate(real, "Once upon a time", mark, KEY, np.random.default_rng(1), most=60))

    text = real.text(made)
    assert len(text.split()) > 20
    assert log10_p(mark, KEY, made) < -4
    assert log10_p(mark, KEY.derive("another"), made) > -3
    # What was read again from the text is what was written.
    assert real.tokens(text) == made


def test_a_real_server_tells_the_distribution_of_the_bare_model(llama_server: str) -> None:
    real = LlamaServer(llama_server, token="of-the-test")  # noqa: S106  # on loopback
    prompt = real.tokens("The capital of France is")

    ids, logprobs = real.likeliest(prompt, 49_152)
    few, likeliest = real.likeliest(prompt, 3)

    assert real.text([*prompt, *ids[:1]]) == "The capital of France is Paris"
    assert sorted(ids) == list(range(49_152))
    assert np.exp(logprobs).sum() == pytest.approx(1, abs=1e-3)
    assert list(few) == list(ids[:3])
    np.testing.assert_allclose(likeliest, logprobs[:3], atol=0.05)


def test_each_token_is_asked_for_with_all_before_it(model: Model, server: LlamaServer) -> None:
    rng = np.random.default_rng(1)
    made = list(generate(server, "ab", GumbelMark(candidates=7), KEY, rng, most=3))

    paths = [path for path, _, _ in model.asked]
    assert paths == ["/tokenize", *["/completion"] * 3]
    assert [body["prompt"] for path, body, _ in model.asked if path == "/completion"] == [
        [1, 97, 98], [1, 97, 98, made[0]], [1, 97, 98, *made[:2]],
    ]  # fmt: skip
    assert {body["n_probs"] for path, body, _ in model.asked[1:]} == {7}
    assert server.text(made) == " ".join(map(str, made))


def test_a_stop_token_ends_the_completion(server: LlamaServer) -> None:
    every = list(
        generate(server, [5], GumbelMark(private=0), KEY, np.random.default_rng(1), most=9)
    )

    cut = generate(
        server, [5], GumbelMark(private=0), KEY, np.random.default_rng(1), most=9, stop={every[4]}
    )

    assert list(cut) == every[: every.index(every[4]) + 1]


def test_the_server_gets_the_token_that_it_asks_for(model: Model, server: LlamaServer) -> None:
    LlamaServer(server.url, token="secret").text([1])  # noqa: S106  # of a server on loopback

    assert model.asked[-1][2] == "Bearer secret"
    assert "secret" not in repr(LlamaServer(server.url, token="secret"))  # noqa: S106


def test_filters_act_as_they_are_named() -> None:
    logprobs = np.log([0.5, 0.3, 0.15, 0.05])

    def kept(**how: float) -> list[float]:
        logits = Sampling(**how).filtered(logprobs.copy())  # type: ignore[arg-type]  # top_k too
        shares = np.exp(logits)
        return [round(float(share), 3) for share in shares / shares.sum()]

    assert kept() == [0.5, 0.3, 0.15, 0.05]
    assert kept(top_k=2) == [0.625, 0.375, 0, 0]
    assert kept(top_p=0.6) == [0.625, 0.375, 0, 0]
    assert kept(top_p=0.5) == [1, 0, 0, 0]
    assert kept(top_p=1e-9) == [1, 0, 0, 0]
    assert kept(temperature=0.5)[0] == round(0.25 / (0.25 + 0.09 + 0.0225 + 0.0025), 3)
    # Temperature comes first: at a half, the likeliest holds two thirds.
    assert kept(temperature=0.5, top_p=0.6) == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"temperature": 0.0}, "temperature lies above 0, not at 0.0"),
        ({"top_k": -1}, "number of tokens, not -1"),
        ({"top_p": 0.0}, r"top-p lies in \(0, 1\], not at 0.0"),
    ],
)
def test_sampling_that_cannot_be_is_told(how: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Sampling(**how)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ((503, b"{}"), "answers 503"),
        ((200, b"<html>"), "does not answer with JSON"),
        ((200, b"[]"), "does not answer with a JSON object"),
        ((200, b"{}"), "does not answer with top log-probabilities"),
        (
            (200, b'{"completion_probabilities": [{"top_logprobs": []}]}'),
            "does not answer with top log-probabilities",
        ),
        (
            (200, b'{"completion_probabilities": [{"top_logprobs": [{"token": "a", "prob": 1}]}]}'),
            "does not answer with top log-probabilities",
        ),
    ],
)
def test_another_server_is_told(
    model: Model, server: LlamaServer, wrong: tuple[int, bytes], sentence: str
) -> None:
    model.wrong = wrong

    with pytest.raises(InputError, match=sentence):
        server.likeliest([1], 5)


def test_no_server_is_told(model: Model, server: LlamaServer) -> None:
    nobody = LlamaServer("http://127.0.0.1:1", timeout_s=1)

    with pytest.raises(InputError, match="does not answer"):
        nobody.tokens("a")
    with pytest.raises(InputError, match="no address of a server"):
        LlamaServer("ftp://somewhere")
    model.wrong = (200, b'{"tokens": ["a"], "content": 7}')
    with pytest.raises(InputError, match="with token ids"):
        server.tokens("a")
    with pytest.raises(InputError, match="with a text"):
        server.text([1])
