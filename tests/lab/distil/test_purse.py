"""Tests of revenuer.lab.distil.purse."""

from __future__ import annotations

import pytest

from revenuer.lab.distil.purse import AROUND, Purse, price
from revenuer.lab.distil.settings import PriceSettings
from revenuer.models.interface import Usage

PRICES = PriceSettings(usd_per_million_asked=1e5, usd_per_million_written=2e5)
#: 10 tokens at 0.1 USD and 5 at 0.2.
ONE = Usage(asked_tokens=10, written_tokens=5)


def test_prices_agree_with_a_hand_count() -> None:
    assert price(ONE, PRICES) == pytest.approx(2.0)


def test_the_dearest_request_has_a_token_for_each_byte() -> None:
    assert Purse(0.0, PRICES).worst("\u2192a", 5) == pytest.approx((4 + AROUND) * 0.1 + 1.0)


def test_money_that_is_set_aside_or_spent_is_not_given_twice() -> None:
    purse = Purse(10.0, PRICES)
    purse.book([ONE, ONE])

    assert purse.refuses(3.0) is None
    assert purse.refuses(3.0) is None
    refusal = purse.refuses(0.5)
    assert refusal is not None
    assert str(refusal) == "asking stops at 2 responses: the next could pass 10 USD"
    assert refusal.hint == "raise max_usd, or lower queries; what was answered is kept"

    purse.settle(3.0, ONE)
    assert purse.refuses(1.0) is None
    assert purse.refuses(0.5) is not None


def test_without_a_cap_nothing_is_refused() -> None:
    assert Purse(0.0, PRICES).refuses(1e9) is None
