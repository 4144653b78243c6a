"""Asking a server: an answer, or one sentence that names the address."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from tests.models.loopback import Asked, Say, in_order, nobody, serving

from revenuer.errors import InputError
from revenuer.models import asking
from revenuer.models.asking import LARGEST, Trouble, ask, attempt, check, one_line

TOKEN = "sk-very-secret"  # noqa: S105  # of a server on loopback


def trouble(say: Say, *, seconds: float = 5) -> Trouble:
    """What is told of an answer."""
    with serving(in_order(say)) as server:
        reply = attempt(f"{server.url}/v1", {}, token=TOKEN, seconds=seconds)
    assert reply.content is None
    assert reply.trouble is not None
    return reply.trouble


def test_an_answer_comes_back_and_the_token_is_sent() -> None:
    with serving(in_order(Say(body=[1, 2]), Say(body={}))) as server:
        assert ask(f"{server.url}/a", token=None, seconds=5) == [1, 2]
        assert ask(f"{server.url}/b", {"é": 1}, token=TOKEN, seconds=5) == {}

    assert server.asked == [
        Asked("GET", "/a", None, None),
        Asked("POST", "/b", {"é": 1}, f"Bearer {TOKEN}"),
    ]


@pytest.mark.parametrize(
    "body", [b"words", b"", b"\xff\xfe", b'{"a": ', b"[" * 100_000], ids=lambda one: str(one[:8])
)
def test_what_is_no_json_is_told_with_its_address(body: bytes) -> None:
    told = trouble(Say(body=body))

    assert told.sentence.endswith("/v1 does not answer with JSON")
    assert not told.is_passing


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_what_passes_is_told_apart(status: int) -> None:
    told = trouble(Say(status, headers={"Retry-After": "3", "Date": "then"}))

    assert told.is_passing
    assert f"/v1 answers {status}" in told.sentence
    assert (told.retry_after, told.date) == ("3", "then")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 422, 424, 426, 428, 430])
def test_what_does_not_pass_is_told_apart(status: int) -> None:
    assert not trouble(Say(status)).is_passing


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "no such\n\tmodel", "code": 7}}, ": no such model"),
        ({"error": "no such model"}, ": no such model"),
        ({"message": "too long", "type": "x"}, ": too long"),
        ({"detail": [{"loc": ["n"]}]}, ': [{"loc": ["n"]}]'),
        ({"object": "error"}, ""),
        ({"error": {}}, ""),
        (b"plain \x1b[31mwords", ": plain [31mwords"),
        (b" <html>sorry</html>", ""),
        (b"", ""),
        (b"[" * 30_000, ": " + "[" * 199 + "…"),
        ({"error": {"message": "a" * 500}}, ": " + "a" * 199 + "…"),
        ({"error": {"message": f"wrong key: {TOKEN}."}}, ": wrong key: [token]."),
        ({"error": {"message": "b" * 195 + TOKEN}}, ": " + "b" * 195 + "[tok…"),
    ],
    ids=str,
)
def test_what_the_server_says_is_quoted_short_and_without_the_token(body: Any, said: str) -> None:
    told = trouble(Say(422, body)).sentence

    assert told.partition(" answers 422 Unprocessable Entity")[2] == said


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "give the token"), (403, "may this token"), (404, "the address end")]
)
def test_a_refusal_hints_at_its_cause(status: int, hint: str) -> None:
    with (
        serving(in_order(Say(status))) as server,
        pytest.raises(InputError, match=f"answers {status}") as caught,
    ):
        ask(server.url, token=None, seconds=5)

    assert hint in str(caught.value.hint)


def test_a_request_that_cannot_be_is_no_redirect() -> None:
    assert trouble(Say(400)).hint is None


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("body", [None, {}])
def test_a_redirect_is_not_followed_and_carries_no_token(
    status: int, body: dict[str, Any] | None
) -> None:
    with serving(in_order(Say())) as other:
        say = Say(status, headers={"Location": f"{other.url}/v1"})
        with serving(in_order(say)) as server:
            told = attempt(server.url, body, token=TOKEN, seconds=5).trouble

    assert other.asked == []
    assert told is not None
    assert f"answers {status}" in told.sentence
    assert told.hint == f"redirects are not followed; is it {other.url}/v1?"
    assert not told.is_passing


@pytest.mark.parametrize(
    ("say", "sentence"),
    [
        (Say(0), "does not answer: Remote end closed connection"),
        (Say(-1), "does not answer: [Errno 104] Connection reset"),
        (Say(cut=5), "stops in mid-answer"),
        (Say(body=b"9\r\n{}", headers={"Transfer-Encoding": "chunked"}), "stops in mid-answer"),
    ],
    ids=["closed", "reset", "cut", "cut chunk"],
)
def test_a_connection_that_breaks_may_hold_the_next_time(say: Say, sentence: str) -> None:
    told = trouble(say)

    assert told.is_passing
    assert f"/v1 {sentence}" in told.sentence


def test_a_silence_may_end() -> None:
    over = threading.Event()
    with serving(in_order(Say(after=over))) as server:
        reply = attempt(server.url, None, token=None, seconds=0.05)
        over.set()

    assert reply.trouble is not None
    assert reply.trouble.is_passing
    assert reply.trouble.sentence == f"{server.url} does not answer: timed out"


def test_nobody_there_is_told() -> None:
    url = nobody()

    told = attempt(url, None, token=None, seconds=5).trouble

    assert told is not None
    assert (told.is_passing, told.is_absent) == (False, True)
    with pytest.raises(InputError, match=f"{url} does not answer: .*refused") as caught:
        ask(url, token=None, seconds=5)
    assert caught.value.hint == "is it running?"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"SSH-2.0 sk-very-secret\r\n", "SSH-2.0 [token]"),
        (b"HTTP/1.1 200\r\n" + b"a: b\r\n" * 200 + b"\r\n", "got more than 100 headers"),
        (b"\r\n", "BadStatusLine"),
    ],
)
def test_what_is_no_web_server_is_told(body: bytes, sentence: str) -> None:
    told = trouble(Say(body=body, is_raw=True))

    assert told.sentence.partition("/v1 does not answer as a server does: ")[2] == sentence
    assert not told.is_passing


@pytest.mark.parametrize(
    ("errno", "is_passing"), [(socket.EAI_AGAIN, True), (socket.EAI_NONAME, False)]
)
def test_a_name_may_be_found_the_next_time(
    monkeypatch: pytest.MonkeyPatch, errno: int, is_passing: bool
) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(errno, "not found")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    told = attempt("http://a.example", None, token=None, seconds=5).trouble

    assert told is not None
    assert (told.is_passing, told.is_absent) == (is_passing, True)


def test_what_speaks_another_language_is_told() -> None:
    with serving(in_order(Say())) as server:
        told = attempt(f"https://127.0.0.1:{server.server_port}", None, token=None, seconds=5)

    assert told.trouble is not None
    assert "does not answer" in told.trouble.sentence
    assert not told.trouble.is_absent


def test_an_answer_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LARGEST == 67_108_864
    monkeypatch.setattr(asking, "LARGEST", 10)

    assert "answers with more than 10 bytes" in trouble(Say(body=b'"' + b"a" * 9 + b'"')).sentence
    with serving(in_order(Say(body=b'"' + b"a" * 8 + b'"'))) as server:
        assert ask(server.url, token=None, seconds=5) == "a" * 8


@pytest.mark.parametrize("token", ["a\nb", "é", "a\x00"])
def test_a_token_that_no_header_can_hold_is_told_and_not_shown(token: str) -> None:
    with pytest.raises(InputError, match="the token holds what no header can") as caught:
        attempt("http://127.0.0.1:1", None, token=token, seconds=5)

    assert token not in str(caught.value)


@pytest.mark.parametrize("path", ["/a b", "/é", "/\x00"])
def test_a_path_that_cannot_be_sent_is_told(path: str) -> None:
    with pytest.raises(InputError, match=r"is no address|does not answer as a server"):
        ask(f"http://127.0.0.1:1{path}", token=None, seconds=5)


def test_a_name_that_cannot_be_looked_up_is_told() -> None:
    with pytest.raises(InputError, match=r"http://a\.\.b is no address of a server"):
        ask("http://a..b", token=None, seconds=5)


@pytest.mark.parametrize(
    "url",
    ["", "localhost:80", "file:///etc/passwd", "http://", "ftp://a", "http://:80", "http://a:b",
     "http://a:99999", "http://a:0", "http://[a"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="is no address of a server"):
        check(url)


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    check("https://a.example:8443/v1")
    with pytest.raises(InputError, match=r"address of a\.example holds a name or password"):
        check("https://me:hunter2@a.example/v1")


def test_one_line_is_one_line() -> None:
    assert one_line("a\r\n b\u2028c\x07d") == "a b c d"
    assert one_line("x" * 200) == "x" * 200


@pytest.mark.parametrize("rest", ["127.0.0.1:x/v1", "127.0.0.1:80/v1", "[a"])
def test_a_password_in_an_address_is_refused_and_not_printed(rest: str) -> None:
    with pytest.raises(InputError, match="holds a name or password") as refused:
        check(f"http://user:secret@{rest}")

    assert "secret" not in str(refused.value)
