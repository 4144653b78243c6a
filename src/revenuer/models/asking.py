"""Asking a server for JSON: one request, one answer, or a sentence.

Nothing is followed and nothing is kept: a redirect is refused, since the request, its bearer token
included, would go to whoever it names. What a server says of an error is quoted, on one line and
without the token. Each request has a connection of its own, so that threads share nothing.
"""

from __future__ import annotations

import functools
import http.client
import json
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from revenuer.errors import InputError

#: Statuses that say: not now.
PASSING = frozenset({408, 409, 425, 429, *range(500, 600)})
HINTS = {
    401: "give the token that this server asks for",
    403: "may this token ask for that?",
    404: "does the address end as the server's does?",
}
#: Most characters of what a server says that are quoted.
LONGEST_QUOTE = 200
#: Largest answer, in bytes.
LARGEST = 64 * 2**20
_RESETS = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, TimeoutError)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why there is no answer.

    Attributes:
        sentence: What is wrong, with the address.
        hint: What to try.
        is_passing: Whether the same request may be answered later.
        is_absent: Whether nobody is there.
        retry_after: The header of that name, if the server sends one.
        date: When the server says that it answered.
    """

    sentence: str
    hint: str | None = None
    is_passing: bool = False
    is_absent: bool = False
    retry_after: str | None = None
    date: str | None = None

    def error(self) -> InputError:
        """Return the error that says so."""
        return InputError(self.sentence, hint=self.hint)


@dataclass(frozen=True)
class Reply:
    """What came of one request: the JSON, or a trouble."""

    content: Any = None
    trouble: Trouble | None = None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def check(url: str) -> None:
    """Refuse what is no address of a server.

    Raises:
        InputError: It is not http or https, names no host or no possible port, or holds a password.
    """
    # Before anything else is said of it: the password would stand in the message.
    host = url.partition("://")[2].partition("/")[0]
    if "@" in host:
        raise InputError(
            f"the address of {host.rpartition('@')[2]} holds a name or password",
            hint="give a token instead",
        )
    nothing = InputError(f"{url} is no address of a server", hint="http://HOST:PORT")
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise nothing from error
    if not is_address:
        raise nothing


def ask(url: str, body: dict[str, Any] | None = None, *, token: str | None, seconds: float) -> Any:
    """Return the JSON that a server answers with, asked once.

    Args:
        url: Checked by `check`.
        body: Posted as JSON; None gets.
        token: Sent as bearer token, if any.
        seconds: Longest silence.

    Raises:
        InputError: It does not answer, or not with JSON.
    """
    reply = attempt(url, body, token=token, seconds=seconds)
    if reply.trouble:
        raise reply.trouble.error()
    return reply.content


def attempt(url: str, body: dict[str, Any] | None, *, token: str | None, seconds: float) -> Reply:
    """Return what comes of one request, the arguments as in `ask`.

    Raises:
        InputError: The token cannot be sent.
    """
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, sent, _headers(token))  # noqa: S310  # checked
    try:
        with _opener().open(request, timeout=seconds) as answer:
            content = answer.read(LARGEST + 1)
            # A bounded read does not mind that the rest never comes.
            if answer.length and len(content) <= LARGEST:
                raise http.client.IncompleteRead(content, answer.length)
            return _read(url, content)
    except urllib.error.HTTPError as error:
        with error:
            return Reply(trouble=_refused(url, error, token))
    except OSError as error:
        return Reply(trouble=_unanswered(url, error))
    except http.client.IncompleteRead:
        return Reply(trouble=Trouble(sentence=f"{url} stops in mid-answer", is_passing=True))
    except UnicodeError:
        return Reply(trouble=Trouble(sentence=f"{url} is no address of a server"))
    except http.client.HTTPException as error:
        told = one_line(str(error), token) or type(error).__name__
        return Reply(trouble=Trouble(sentence=f"{url} does not answer as a server does: {told}"))


def one_line(text: str, token: str | None = None) -> str:
    """Return what a server says as one short line, without the token and control characters."""
    said = text.replace(token, "[token]") if token else text
    said = " ".join("".join(one if one.isprintable() else " " for one in said).split())
    return said if len(said) <= LONGEST_QUOTE else said[: LONGEST_QUOTE - 1] + "…"


def _headers(token: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": "revenuer"}
    if token:
        if not (token.isascii() and token.isprintable()):
            raise InputError("the token holds what no header can", hint="is it one line?")
        headers["Authorization"] = f"Bearer {token}"
    return headers


@functools.cache
def _opener() -> urllib.request.OpenerDirector:
    # One context: certificates are read once, not at each request.
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context))


def _read(url: str, content: bytes) -> Reply:
    if len(content) > LARGEST:
        return Reply(trouble=Trouble(sentence=f"{url} answers with more than {LARGEST:,} bytes"))
    try:
        return Reply(json.loads(content))
    # JSON that is nested too deep for the reader is a RecursionError.
    except (ValueError, RecursionError):
        return Reply(trouble=Trouble(sentence=f"{url} does not answer with JSON"))


def _refused(url: str, error: urllib.error.HTTPError, token: str | None) -> Trouble:
    sentence = f"{url} answers {error.code} {one_line(error.reason, token)}".rstrip()
    if 300 <= error.code < 400:
        there = one_line(urljoin(url, error.headers.get("Location", "")), token)
        return Trouble(sentence=sentence, hint=f"redirects are not followed; is it {there}?")
    try:
        said = one_line(_message(error.read(2**16)), token)
    except (OSError, http.client.HTTPException):
        said = ""
    return Trouble(
        sentence=f"{sentence}: {said}" if said else sentence,
        hint=HINTS.get(error.code),
        is_passing=error.code in PASSING,
        retry_after=error.headers.get("Retry-After"),
        date=error.headers.get("Date"),
    )


def _message(content: bytes) -> str:
    """Return what a server says of its error; a page for people says nothing."""
    text = content.decode(errors="replace")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.lstrip().startswith("<") else text
    while isinstance(told, dict):
        told = next((told[key] for key in ("error", "message", "detail") if told.get(key)), "")
    return told if isinstance(told, str) else json.dumps(told)


def _unanswered(url: str, error: OSError) -> Trouble:
    reason = getattr(error, "reason", error)
    is_lookup_over = isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_AGAIN
    return Trouble(
        sentence=f"{url} does not answer: {reason}",
        hint="is it running?",
        is_passing=is_lookup_over or isinstance(reason, (*_RESETS, ssl.SSLEOFError)),
        is_absent=isinstance(reason, OSError) and not isinstance(reason, ssl.SSLError),
    )
