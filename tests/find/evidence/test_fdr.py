"""Tests of revenuer.find.evidence.fdr."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.find.evidence.fdr import PValues, q_values

LEVELS = (0.1, 0.01, 0.001)
some_pvalues = st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=30).map(np.array)


def test_agrees_with_counting_by_hand() -> None:
    found = q_values(np.array([0.01, 0.04, 0.02]), tests=10)

    # 0.01 alone: 10 * 0.01 / 1; two at 0.02: 10 * 0.02 / 2; three at 0.04: 10 * 0.04 / 3.
    assert found == pytest.approx([0.1, 0.4 / 3, 0.1])


@given(some_pvalues, st.integers(0, 50))
def test_is_the_smallest_rate_at_which_the_step_up_rule_reports(
    pvalues: PValues, silent: int
) -> None:
    tests = len(pvalues) + silent

    rates = [(t, min(tests * t / (pvalues <= t).sum(), 1)) for t in pvalues]
    expected = [min(rate for t, rate in rates if t >= p) for p in pvalues]

    assert q_values(pvalues, tests=tests) == pytest.approx(expected)


@given(some_pvalues, st.integers(0, 2**32 - 1))
def test_follows_the_order_of_its_input_and_that_of_the_pvalues(
    pvalues: PValues, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(pvalues))

    found = q_values(pvalues)

    assert (found >= pvalues).all()
    assert (found <= 1).all()
    assert (np.diff(found[np.argsort(pvalues, kind="stable")]) >= 0).all()
    assert q_values(pvalues[order]) == pytest.approx(found[order])


@given(some_pvalues, st.integers(1, 50))
def test_tests_left_out_count_as_tests_that_found_nothing(pvalues: PValues, silent: int) -> None:
    written_out = q_values(np.append(pvalues, np.ones(silent)))[: len(pvalues)]

    assert q_values(pvalues, tests=len(pvalues) + silent) == pytest.approx(written_out)


def test_a_world_without_findings_reports_one_as_often_as_promised() -> None:
    rng = np.random.default_rng(31)
    worlds = 20_000

    smallest = np.array([q_values(rng.uniform(size=12)).min() for _ in range(worlds)])

    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / worlds)
        # Equal, not only below: under independence the step-up rule spends its level whole.
        assert np.mean(smallest <= level) == pytest.approx(level, abs=noise)


@pytest.mark.parametrize("share_real", [0.25, 0.75])
def test_false_findings_among_real_ones_are_as_rare_as_promised(share_real: float) -> None:
    rng = np.random.default_rng(32)
    worlds, tests = 10_000, 12
    real = round(share_real * tests)

    false_shares: list[list[float]] = [[] for _ in LEVELS]
    for _ in range(worlds):
        pvalues = rng.uniform(size=tests)
        pvalues[:real] **= 8
        found = q_values(pvalues)
        for shares, level in zip(false_shares, LEVELS, strict=True):
            reported = found <= level
            shares.append(reported[real:].sum() / max(reported.sum(), 1))

    for shares, level in zip(false_shares, LEVELS, strict=True):
        noise = 4 * np.std(shares) / math.sqrt(worlds)
        assert np.mean(shares) <= level * (1 - share_real) + noise


def test_finds_what_is_planted_among_many() -> None:
    rng = np.random.default_rng(33)
    pvalues = np.append(rng.uniform(size=5_000), np.full(5, 1e-7))

    assert (q_values(pvalues)[-5:] <= 0.001).all()


def test_nothing_in_nothing_out() -> None:
    assert q_values(np.empty(0), tests=7).tolist() == []


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: q_values(np.array([0.5, 0.5]), tests=1), "2 p-values cannot come from 1 tests"),
        (lambda: q_values(np.array([0.0])), r"a p-value lies outside \(0, 1\]"),
        (lambda: q_values(np.array([1.5])), r"a p-value lies outside \(0, 1\]"),
        (lambda: q_values(np.array([np.nan])), r"a p-value lies outside \(0, 1\]"),
    ],
)
def test_impossible_input_is_named(call: Callable[[], PValues], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        call()
