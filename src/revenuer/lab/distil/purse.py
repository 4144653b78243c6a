"""What a served teacher may cost: no request is sent that could pass the cap.

Limits: a server that bills what it did not answer, or more tokens than it was allowed to write, is
believed when it has answered, which is too late for the request at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from revenuer.errors import InputError
from revenuer.lab.distil.settings import PriceSettings

#: Tokens that a template puts around a prompt, at most.
AROUND = 128


class Counted(Protocol):
    """A request that was answered."""

    @property
    def asked_tokens(self) -> int:
        """Of the request."""
        ...

    @property
    def written_tokens(self) -> int:
        """Of the response."""
        ...


def price(answered: Counted, prices: PriceSettings) -> float:
    """Return what a response cost, in USD."""
    return _cost(answered.asked_tokens, answered.written_tokens, prices)


class Purse:
    """What was spent, and what requests in flight may cost at most.

    Args:
        cap: In USD; 0 is no cap.
        prices: Of tokens.
    """

    def __init__(self, cap: float, prices: PriceSettings) -> None:
        self._cap, self._prices = cap, prices
        self._promised, self._spent, self._answered = 0.0, 0.0, 0

    def book(self, answered: Sequence[Counted]) -> None:
        """Take down what was paid for."""
        self._spent += sum(price(each, self._prices) for each in answered)
        self._answered += len(answered)

    def worst(self, asked: str, limit: int) -> float:
        """Return what a request can cost at most: no tokeniser makes more tokens than bytes."""
        return _cost(len(asked.encode()) + AROUND, limit, self._prices)

    def refuses(self, worst: float) -> InputError | None:
        """Set money aside for a request, or say why not."""
        if self._cap and self._spent + self._promised + worst > self._cap:
            return InputError(
                f"asking stops at {self._answered} responses: the next could pass "
                f"{self._cap:g} USD",
                hint="raise max_usd, or lower queries; what was answered is kept",
            )
        self._promised += worst
        return None

    def settle(self, worst: float, answered: Counted) -> None:
        """Book what a request did cost for which money was set aside."""
        self._promised -= worst
        self.book([answered])


def _cost(asked: int, written: int, prices: PriceSettings) -> float:
    return (asked * prices.usd_per_million_asked + written * prices.usd_per_million_written) / 1e6
