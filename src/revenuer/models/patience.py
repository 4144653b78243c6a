"""A server that is busy is asked again, at a pace that it can bear.

A teacher is asked tens of thousands of times; what passes by itself must not end a harvest. After a
status that says *not now* (408, 409, 425, 429, 5xx), a reset or a silence the same request is sent
again: after what `Retry-After` says, else after pauses that double, each shortened by chance so
that many who were turned away together do not come back together. Chance touches pauses only, never
what is asked. Any other refusal is told at once.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import numpy as np

from revenuer.errors import InputError
from revenuer.models.asking import Trouble, attempt

logger = logging.getLogger(__name__)


class Clock(Protocol):
    """What is needed of the module `time`."""

    def time(self) -> float:
        """Return seconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How a server is asked.

    Attributes:
        tries: Requests for one answer at most; 8 last through two minutes of refusals.
        first_s: Longest first pause; each next one is twice as long.
        longest_s: Longest pause, whatever the server asks for.
        silence_s: Longest silence of the server before it counts as gone; a long answer is a
            silence until it is whole.
        requests_per_second: Of all threads together, repetitions included; no bound if None.
    """

    tries: int = 8
    first_s: float = 1.0
    longest_s: float = 60.0
    silence_s: float = 600.0
    requests_per_second: float | None = None

    def __post_init__(self) -> None:
        rate = self.requests_per_second
        seconds = (self.first_s, self.longest_s, self.silence_s)
        if self.tries < 1 or not all(0 < one < np.inf for one in seconds):
            raise InputError(f"no server is asked like this: {self}", hint="numbers above 0")
        if rate is not None and not 0 < rate < np.inf:
            raise InputError(f"requests a second lie above 0, not at {rate}")


class Asker:
    """Asks one server. Safe to use from several threads, which share its pace.

    Args:
        patience: How.
        token: Sent as bearer token.
        clock: The module `time`, or what stands in for it.
        rng: Shortens the pauses; seeded by the system if None.
    """

    def __init__(
        self,
        patience: Patience,
        *,
        token: str | None = None,
        clock: Clock = time,
        rng: np.random.Generator | None = None,
    ) -> None:
        self._patience, self._token, self._clock = patience, token, clock
        self._rng = np.random.default_rng() if rng is None else rng
        self._lock = threading.Lock()
        self._next_s = clock.monotonic()
        self._has_met = False

    def ask(self, url: str, body: dict[str, Any] | None = None) -> Any:
        """Return the JSON that the server answers with.

        Args:
            url: Checked by `asking.check`.
            body: Posted as JSON; None gets.

        Raises:
            InputError: It refuses, does not answer as often as it is asked, or not with JSON.
        """
        how, tried = self._patience, 0
        while True:
            tried += 1
            self._wait_for_turn()
            reply = attempt(url, body, token=self._token, seconds=how.silence_s)
            trouble = reply.trouble
            if trouble is None:
                self._has_met = True
                return reply.content
            # Nobody there is an error at first, and a restart once the server has been met.
            if not (trouble.is_passing or (trouble.is_absent and self._has_met)):
                raise trouble.error()
            if tried == how.tries:
                raise InputError(
                    f"{trouble.sentence}; asked {tried} times",
                    hint=trouble.hint or "try again later, or ask less often",
                )
            pause_s = self._pause_s(tried, trouble)
            logger.info("%s is busy or gone; asked again in %.1f s", url, pause_s)
            self._clock.sleep(pause_s)

    def _wait_for_turn(self) -> None:
        rate = self._patience.requests_per_second
        if rate is None:
            return
        with self._lock:
            now_s = self._clock.monotonic()
            turn_s = max(now_s, self._next_s)
            self._next_s = turn_s + 1 / rate
        if turn_s > now_s:
            self._clock.sleep(turn_s - now_s)

    def _pause_s(self, tried: int, trouble: Trouble) -> float:
        how = self._patience
        with self._lock:
            chance = float(self._rng.random())
        told_s = asked_pause_s(trouble.retry_after, trouble.date, self._clock.time())
        if told_s is not None:
            # A little later, never earlier than asked.
            return min(told_s * (1 + chance / 10), how.longest_s)
        return min(how.first_s * 2.0 ** (tried - 1), how.longest_s) * (1 - chance / 2)


def asked_pause_s(retry_after: str | None, date: str | None, now_s: float) -> float | None:
    """Return how long a server asks to be left alone, at least 0; None if it does not say.

    Args:
        retry_after: The header `Retry-After`: seconds, or an HTTP date.
        date: The header `Date`: a date is counted from there, so that clocks need not agree.
        now_s: Seconds since 1970, where the server sends no date.
    """
    said = (retry_after or "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", said):
        return float(said)
    until = _moment(said)
    if until is None:
        return None
    start = _moment(date or "") or datetime.fromtimestamp(now_s, UTC)
    return max(0.0, (until - start).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
