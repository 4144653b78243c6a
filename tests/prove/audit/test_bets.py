"""Tests of revenuer.prove.audit.bets: by hand, fair under the null, and growing under a mark."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma

from revenuer.prove.audit import bets
from revenuer.prove.audit.eprocess import STRENGTHS

DRAWS = 40_000


def uniforms(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return ((rng.integers(0, 1 << 24, shape) + 1.0) / (2.0**24 + 1.0)).astype(np.float32)


def test_a_whole_bet_agrees_with_the_sum_by_hand() -> None:
    suspect = np.array([[0.7, 0.2]])
    numbers = np.array([[0.5, 0.9]], np.float32)

    (factors,) = bets.whole(suspect, numbers)

    scores = -np.log(1 - numbers[0].astype(float))
    t = STRENGTHS[3]
    by_hand = (
        0.7 * (1 - t) * math.exp(t * scores[0]) + 0.2 * (1 - t) * math.exp(t * scores[1]) + 0.1
    )
    assert factors[3] == pytest.approx(math.log(by_hand), rel=1e-6)


def test_a_contrast_bet_asks_for_the_choice_of_the_key() -> None:
    suspect, reference = np.array([[0.6, 0.4]]), np.array([[0.5, 0.5]])

    (first,) = bets.contrast(suspect, reference, np.array([[0.9, 0.2]], np.float32))
    (second,) = bets.contrast(suspect, reference, np.array([[0.2, 0.9]], np.float32))

    t = STRENGTHS[0]
    assert first[0] == pytest.approx(math.log1p(t * (0.6 / 0.5 - 1)), abs=1e-5)
    assert second[0] == pytest.approx(math.log1p(t * (0.4 / 0.5 - 1)), abs=1e-5)


@pytest.mark.parametrize("sharpness", [0.05, 0.5, 5.0])
def test_the_mean_of_every_factor_is_at_most_one_without_a_mark(sharpness: float) -> None:
    rng = np.random.default_rng(3)
    suspect, reference = rng.dirichlet(np.full(12, sharpness), 2)
    many = np.tile(suspect, (DRAWS, 1)), np.tile(reference, (DRAWS, 1))
    numbers = uniforms(rng, DRAWS, 12)
    # Factors with a heavy tail have a mean that no sample shows; weaker ones do.
    light = STRENGTHS < 0.4

    for factors in (
        bets.whole(many[0], numbers)[:, light],
        bets.contrast(*many, numbers),
        bets.lean(many[0], None, numbers < 0.25, 0.25),
        bets.lean(*many, numbers < 0.25, 0.25),
    ):
        values = np.exp(factors)
        noise = values.std(0) / math.sqrt(DRAWS)
        assert (values.mean(0) <= 1 + 4.5 * noise + 1e-9).all()


@pytest.mark.parametrize("likely", [1e-3, 1e-5, 1e-7])
def test_a_contrast_bet_is_fair_on_the_grid_of_numbers(likely: float) -> None:
    tails = 255
    reference = np.full(tails + 1, likely)
    reference[0] = 1.0 - tails * likely
    # -log u as `uniforms` has it; an unlikely candidate wins if its own is `likely` times smaller.
    grid = np.sort(-np.log((np.arange(1, 2**24 + 1) / (2.0**24 + 1.0)).astype(np.float32)))
    beaten = np.searchsorted(grid, likely / reference[0] * grid) / 2**24
    top = float(np.exp(tails * np.log1p(-beaten.astype(float))).mean())

    suspect = np.zeros((2, tails + 1))
    suspect[:, 0] = 1.0
    numbers = np.full((2, tails + 1), 0.5, np.float32)
    numbers[1, 0], numbers[1, 1] = 2.0**-24, 1 - 2.0**-24
    factors = np.exp(bets.contrast(suspect, np.tile(reference, (2, 1)), numbers))

    assert top > reference[0]
    means = top * factors[0] + (1 - top) * factors[1]
    assert (means <= 1.0).all()


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 0.999))
def test_no_bet_loses_everything(q: float, p: float, number: float) -> None:
    suspect, reference = np.array([[q, 1 - q]]), np.array([[p, 1 - p]])
    numbers = np.array([[number, 1 - number]], np.float32)

    for factors in (
        bets.whole(suspect, numbers),
        bets.contrast(suspect, reference, numbers),
        bets.lean(suspect, reference, numbers < 0.25, 0.25),
    ):
        assert np.isfinite(factors).all()


def test_a_bet_on_what_the_key_chose_grows() -> None:
    rng = np.random.default_rng(4)
    numbers, reference = uniforms(rng, 400, 8), rng.dirichlet(np.ones(8), 400)
    chosen = (np.log(reference) - np.log(-np.log(numbers.astype(float)))).argmax(1)
    suspect = 0.8 * reference + 0.2 * np.eye(8)[chosen]

    beside = bets.log10_e(bets.contrast(suspect, reference, numbers))[-1]
    alone = bets.log10_e(bets.whole(suspect, numbers))[-1]

    assert beside > 10
    assert beside > alone > 2


def test_the_bound_is_above_the_exact_tail_and_not_far() -> None:
    ones = np.ones((200, 1))

    for total in (220.0, 260.0, 400.0):
        exact = gamma.logsf(total, 200) / math.log(10)
        bound = bets.chernoff_log10_p(total, ones)
        assert exact <= bound <= exact + 2.5


def test_the_bound_says_nothing_below_the_mean() -> None:
    assert bets.chernoff_log10_p(90.0, np.ones((100, 1))) == 0.0
    assert bets.chernoff_log10_p(20.0, np.ones((100, 1)), 0.25) == 0.0


def test_the_green_bound_is_kept_by_chance() -> None:
    rng = np.random.default_rng(5)
    weights = rng.dirichlet(np.ones(6), 60)
    totals = [(weights * (rng.random(weights.shape) < 0.25)).sum() for _ in range(2_000)]

    logs = np.array([bets.chernoff_log10_p(total, weights, 0.25) for total in totals])

    for level in (0.1, 0.01):
        assert np.mean(logs <= math.log10(level)) <= level
    # It is a bound that does move: as much as all green is impossible by chance.
    assert bets.chernoff_log10_p(float(weights.sum()), weights, 0.25) < -20
