"""Asking a server for JSON: one request, one answer, or a sentence."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from revenuer.errors import InputError


def check(url: str) -> None:
    """Refuse what is no address of a server.

    Raises:
        InputError: It is not http or https, or names no host.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise InputError(f"{url} is no address of a server", hint="http://HOST:PORT")


def ask(url: str, body: dict[str, Any] | None = None, *, token: str | None, seconds: float) -> Any:
    """Return the JSON that a server answers with.

    Args:
        url: Checked by `check`.
        body: Posted as JSON; None gets.
        token: Sent as bearer token, if any.
        seconds: Longest wait.

    Raises:
        InputError: It does not answer, or not with JSON.
    """
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, headers)  # noqa: S310  # http or https
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
        raise InputError(f"{url} answers {error.code} {error.reason}") from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise InputError(f"{url} does not answer: {reason}", hint="is it running?") from error
    except ValueError as error:
        raise InputError(f"{url} does not answer with JSON") from error
