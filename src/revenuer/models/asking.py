"""Asking a server for JSON: one request, one answer, or a sentence."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from revenuer.errors import InputError


def check(url: str) -> None:
    """Refuse what is no address of a server.

    Raises:
        InputError: It is not http or https, names no host, or holds a password, which would stand
            in every message.
    """
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise InputError("the address of a server holds a password", hint="give it as a token")
    wrong = InputError(f"{url} is no address of a server", hint="http://HOST:PORT")
    try:
        parts = urlsplit(url)
        has_host = bool(parts.netloc) and parts.port != 0
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not has_host or re.search(r"[\x00-\x20\x7f]", url):
        raise wrong


def ask(url: str, body: dict[str, Any] | None = None, *, token: str | None, seconds: float) -> Any:
    """Return the JSON that a server answers with.

    Args:
        url: Checked by `check`.
        body: Posted as JSON; None gets.
        token: Sent as bearer token, if any.
        seconds: Longest wait for the next bytes.

    Raises:
        InputError: It does not answer, or not with JSON, or no header can carry the token.
    """
    if token and not (token.isascii() and token.isprintable()):
        raise InputError(f"the token for {url} holds what no header can carry")
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, headers)  # noqa: S310  # http or https
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
            told = answer.read()
    except urllib.error.HTTPError as error:
        error.close()
        raise InputError(f"{url} answers {error.code} {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise InputError(f"{url} does not answer: {reason}", hint="is it running?") from error
    try:
        return json.loads(told)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{url} does not answer with JSON") from error
