"""Tails against exact sums, integrals and what a float cannot hold."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.prove.audit.tails import GRID, binomial_log10_sf, dual_log10_sf, gamma_log10_sf


def exact_gamma(score: float, n: int) -> float:
    with mpmath.workdps(50):
        x = mpmath.mpf(score)
        terms = mpmath.fsum(
            mpmath.exp(k * mpmath.log(x) - mpmath.loggamma(k + 1)) for k in range(n)
        )
        return float(mpmath.log10(terms) - x / mpmath.log(10))


@pytest.mark.parametrize(
    ("score", "n"),
    [(2.0, 1), (1e-9, 3), (64.0, 64), (300.0, 64), (5_000.0, 10), (1_200.0, 1_000), (9e4, 2_000)],
)
def test_the_gamma_tail_is_exact_also_where_a_float_underflows(score: float, n: int) -> None:
    assert gamma_log10_sf(score, n) == pytest.approx(exact_gamma(score, n), rel=1e-12, abs=1e-14)


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([0.25, 0.5, 0.01, 0.99]))
def test_the_binomial_tail_is_the_sum_of_its_terms(hits: int, more: int, share: float) -> None:
    n, chance = hits + more, Fraction(share)
    exact = sum(math.comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(hits, n + 1))

    assert binomial_log10_sf(hits, n, share) == pytest.approx(math.log10(exact), abs=1e-11)


def test_the_binomial_tail_is_exact_where_a_float_underflows() -> None:
    near_all = math.log10(2_000 * 3 + 1) - 2_000 * math.log10(4)
    assert binomial_log10_sf(1_999, 2_000, 0.25) == pytest.approx(near_all, rel=1e-12)
    with mpmath.workdps(50):
        terms = [
            mpmath.binomial(5_000, k) * mpmath.mpf(3) ** (5_000 - k) for k in range(2_600, 3_400)
        ]
        expected = float(mpmath.log10(mpmath.fsum(terms)) - 5_000 * mpmath.log10(4))

    assert expected < -300
    assert binomial_log10_sf(2_600, 5_000, 0.25) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("score", "n", "alpha"),
    [(5.0, 10, 0.1), (30.0, 10, 0.2), (100.0, 64, 0.1), (70.0, 12, 0.2), (80.0, 64, 0.35)],
)
def test_the_two_key_tail_is_the_convolution_of_its_parts(
    score: float, n: int, alpha: float
) -> None:
    with mpmath.workdps(30):
        light, heavy = mpmath.mpf(alpha), 1 - mpmath.mpf(alpha)

        def part(b: mpmath.mpf) -> mpmath.mpf:
            rest = mpmath.gammainc(n, max((score - light * b) / heavy, 0), regularized=True)
            return mpmath.exp((n - 1) * mpmath.log(b) - b - mpmath.loggamma(n)) * rest

        ends = [mpmath.mpf("1e-30"), *np.linspace(1, score / alpha, 100), score / alpha + 400]
        expected = float(mpmath.log10(mpmath.quad(part, ends)))

    assert dual_log10_sf(score, n, alpha) == pytest.approx(expected, abs=1e-9)


def test_two_keys_of_equal_or_no_weight_have_a_gamma_tail() -> None:
    assert dual_log10_sf(80.0, 50, 0.0) == dual_log10_sf(80.0, 50, 1.0) == gamma_log10_sf(80.0, 50)
    assert dual_log10_sf(80.0, 50, 0.5) == gamma_log10_sf(160.0, 100)
    assert dual_log10_sf(80.0, 50, 0.5 - 1e-9) == pytest.approx(dual_log10_sf(80.0, 50, 0.5), 1e-6)


def test_matching_moments_says_less_than_the_two_key_tail() -> None:
    v = 0.9**2 + 0.1**2
    matched = float(mpmath.gammainc(50 / v, 105.0 / v, regularized=True))

    assert 10 ** dual_log10_sf(105.0, 50, 0.1) > 1.1 * matched


@given(st.floats(0, 1e5), st.integers(0, 5_000), st.floats(0.02, 0.98))
def test_a_tail_is_never_0_and_never_above_1(score: float, n: int, alpha: float) -> None:
    for log10_p in (gamma_log10_sf(score, n), dual_log10_sf(min(score, 2e3), n % 200, alpha)):
        assert log10_p <= 0
        assert math.isfinite(log10_p)


@given(st.integers(0, 400), st.integers(0, 3_000))
def test_tails_fall_as_scores_and_hits_rise(n: int, hits: int) -> None:
    scores = np.linspace(0, 40 * n + 10, 300)
    assert (np.diff(gamma_log10_sf(scores, n)) <= 1e-12).all()
    trials = 3_000
    assert binomial_log10_sf(hits, trials, 0.25) >= binomial_log10_sf(
        min(hits + 1, trials), trials, 0.25
    )


def test_nothing_scored_is_no_evidence() -> None:
    assert gamma_log10_sf(0.0, 0) == binomial_log10_sf(0, 0, 0.25) == dual_log10_sf(0, 0, 0.1) == 0


def test_scores_on_the_grid_exceed_the_exponential_by_less_than_is_said() -> None:
    mantissas = np.arange(2**24, dtype=np.float64)
    numbers = ((mantissas + 1) / (2.0**24 + 1)).astype(np.float32).astype(np.float64)
    # P(score >= -log(1 - u)) is the share of the grid from u on; under Exp(1) it is 1 - u.
    excess = np.log((2.0**24 - mantissas) / 2**24) - np.log1p(-numbers)

    assert 0 < excess.max() < GRID


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: gamma_log10_sf(-1.0, 3),
        lambda: gamma_log10_sf(math.nan, 3),
        lambda: gamma_log10_sf(1.0, -1),
        lambda: gamma_log10_sf(1.0, 1.5),
        lambda: binomial_log10_sf(4, 3, 0.5),
        lambda: binomial_log10_sf(-1, 3, 0.5),
        lambda: binomial_log10_sf(1, 3, 1.0),
        lambda: dual_log10_sf(1.0, 3, 1.5),
        lambda: dual_log10_sf(-1.0, 3, 0.1),
        lambda: dual_log10_sf(1e6, 1_000_000, 1e-3),
    ],
)
def test_what_cannot_happen_is_refused(wrong: object) -> None:
    with pytest.raises(InputError):
        wrong()  # type: ignore[operator]
