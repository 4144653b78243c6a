"""Tests of revenuer.find.campaigns.words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from revenuer.find.campaigns.indicators import Indicator
from revenuer.find.campaigns.traffic import Contrast
from revenuer.find.campaigns.words import CLEARS, COUNTED, RULES, from_finding, from_indicator
from revenuer.find.evidence import Finding

TIES = ("F01", "F02", "L01", "L02", "L03", "S01", "S02", "S03", "P01")
INDICATORS = ("I1", "I2", "I3", "I4", "I5", "I7", "M1", "M2", "M3", "C1", "C2", "C3")


def test_a_tie_keeps_fact_apart_from_inference(tie: Callable[..., Finding]) -> None:
    item = from_finding(tie(np.arange(6), p_value=1.23456789012345e-9), ("e1", "e2"))

    assert item.fact == (
        "6 accounts have in common: payment and template; 6 observed, 0.1 expected by chance."
    )
    assert item.inference not in item.fact
    assert (item.signal, item.rule_id) == ("footprint", "F01")
    assert (item.effect, item.effect_unit) == (300, "odds ratio")
    assert item.p_value == 1.23456789012e-9
    assert item.examples == ("e1", "e2")


def test_an_indicator_says_what_is_usual() -> None:
    seen = Indicator("I1", 2, Contrast(0.8125, 0.01, 1e-5))

    item = from_indicator(seen, ("e1",))

    assert item.fact == (
        "Over its accounts 0.812, over accounts of no group 0.01 (share of exchanges)."
    )
    assert (item.signal, item.effect, item.p_value) == ("intent", 0.8125, 1e-5)


@pytest.mark.parametrize("rule_id", COUNTED)
def test_what_is_counted_has_neither_p_value_nor_comparison(rule_id: str) -> None:
    item = from_indicator(Indicator(rule_id, 1, Contrast(0.5, float("nan"), 1.0)), ())

    assert item.p_value is None
    assert item.fact == f"Over its accounts 0.5 ({item.effect_unit})."


@pytest.mark.parametrize("rule_id", TIES)
def test_every_tie_is_told(rule_id: str, tie: Callable[..., Finding]) -> None:
    item = from_finding(tie(np.arange(3), rule_id=rule_id, observed=12_345.0), ())

    assert "12,345 observed" in item.fact
    assert item.null_model
    assert item.signal in CLEARS


@pytest.mark.parametrize("rule_id", INDICATORS)
def test_every_indicator_is_told(rule_id: str) -> None:
    item = from_indicator(Indicator(rule_id, 1, Contrast(0.5, 0.1, 0.01)), ())

    assert item.inference.endswith(".")
    assert item.signal in CLEARS


def test_rules_are_these_and_no_others() -> None:
    assert set(RULES) == {*TIES, *INDICATORS}
    assert set(CLEARS) == {
        "footprint", "templates", "partition", "synchrony", "lifecycle", "intent",
    }  # fmt: skip
