"""Tests of revenuer.prove.audit.readings."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.errors import InputError
from revenuer.prove.audit import readings
from revenuer.prove.audit.tails import binomial_log10_sf, gamma_log10_sf
from revenuer.prove.marks import prf
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark

RNG = np.random.default_rng(8)
WINDOWS = np.stack([np.arange(300), np.arange(300) + 7], axis=1)
TOKENS = RNG.integers(0, 40, 300)
SPREAD = RNG.dirichlet(np.full(40, 0.5), 300)


def test_the_likeliest_tokens_of_our_own_model_are_kept() -> None:
    suspect, ours = np.array([[0.1, 0.7, 0.2]]), np.array([[0.5, 0.1, 0.4]])

    kept = readings.predicted(np.array([[1, 2]]), suspect, ours, 2)

    assert sorted(kept.tokens[0].tolist()) == [0, 2]
    assert kept.reference is not None
    order = np.argsort(kept.tokens[0])
    assert kept.suspect[0][order].tolist() == [0.1, 0.2]
    assert kept.reference[0][order].tolist() == [0.5, 0.4]


def test_tokens_get_the_exact_tail() -> None:
    said = readings.said(WINDOWS, TOKENS)
    numbers = prf.numbers(9, WINDOWS, TOKENS).astype(float)

    gumbel = readings.judge_tokens(said, 9, GumbelMark(), None)
    green = readings.judge_tokens(said, 9, GreenMark(), None)

    total = -np.log1p(-numbers).sum()
    assert gumbel.total == pytest.approx(total)
    assert gumbel.log10_p == pytest.approx(float(gamma_log10_sf(total, 300)))
    hits = int((numbers < 0.25).sum())
    assert (green.total, green.log10_p) == (hits, float(binomial_log10_sf(hits, 300, 0.25)))


def test_registered_units_that_are_missing_count_as_nothing() -> None:
    said = readings.said(WINDOWS, TOKENS)

    all_there = readings.judge_tokens(said, 9, GumbelMark(), 300)
    some_missing = readings.judge_tokens(said, 9, GumbelMark(), 400)

    assert some_missing.total == all_there.total
    assert some_missing.log10_p > all_there.log10_p


@pytest.mark.parametrize("scheme", [GumbelMark(), GreenMark()])
def test_supervised_p_is_one_over_e_and_fresh_text_gets_the_bound(
    scheme: GumbelMark | GreenMark,
) -> None:
    reading = readings.predicted(WINDOWS, SPREAD, None, 40)
    # The best of some keys, so that there is something to say.
    seed = max(
        range(40),
        key=lambda one: readings.judge_bets(reading, one, scheme, is_supervised=True).total,
    )

    supervised = readings.judge_bets(reading, seed, scheme, is_supervised=True)
    fresh = readings.judge_bets(reading, seed, scheme, is_supervised=False)

    assert supervised.log10_p == min(0.0, -supervised.path[-1])
    assert fresh.total == supervised.total
    assert fresh.log10_p < 0


@pytest.mark.parametrize("scheme", [GumbelMark(), GreenMark()])
def test_a_smaller_set_of_candidates_stays_fair(scheme: GumbelMark | GreenMark) -> None:
    reading = readings.predicted(WINDOWS[:60], SPREAD[:60], SPREAD[60:120], 5)
    rng = np.random.default_rng(2)

    logs = np.array([
        readings.judge_bets(reading, int(key), scheme, is_supervised=True).log10_p
        for key in rng.integers(1 << 63, size=1_000)
    ])  # fmt: skip

    for level in (0.1, 0.01):
        assert np.mean(logs <= np.log10(level)) <= level + 4 * np.sqrt(level / 1_000)


def test_parts_of_different_vocabularies_are_refused() -> None:
    parts = [readings.predicted(WINDOWS[:1], np.ones((1, n)) / n, None, 9) for n in (3, 4)]

    with pytest.raises(InputError, match="different vocabularies"):
        readings.joined(parts)
