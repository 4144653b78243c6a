"""Bets on whole distributions: fair under the null whatever is bet, and won where the key was."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from revenuer.prove.audit import bets

Numbers = NDArray[np.float64]
KEYS, WINDOWS, CANDIDATES = 20_000, 3, 6
SHARE = 0.25


def distributions(seed: int, rows: int = WINDOWS) -> Numbers:
    return np.random.default_rng(seed).dirichlet(np.full(CANDIDATES, 0.5), rows)


def of_key(rng: np.random.Generator, rows: int) -> NDArray[np.float32]:
    """Numbers as a key gives them: on the grid of 2^24, never 0 nor 1."""
    drawn = (rng.integers(0, 1 << 24, (rows, CANDIDATES)) + 1.0) / (2.0**24 + 1.0)
    return drawn.astype(np.float32)


BETS = {
    "whole": lambda q, p, numbers: bets.whole(q, numbers),
    "contrast": bets.contrast,
    "lean": lambda q, p, numbers: bets.lean(q, None, numbers < SHARE, SHARE),
    "lean beside ours": lambda q, p, numbers: bets.lean(q, p, numbers < SHARE, SHARE),
}


@pytest.mark.parametrize("name", BETS)
def test_every_strength_of_every_bet_has_a_mean_of_one_at_most(name: str) -> None:
    suspect, ours = distributions(1, 1), distributions(2, 1)
    rng = np.random.default_rng(3)
    tile = partial(np.repeat, repeats=KEYS, axis=0)

    factors = np.exp(BETS[name](tile(suspect), tile(ours), of_key(rng, KEYS)))

    error = factors.std(axis=0) / np.sqrt(KEYS)
    assert (factors > 0).all()
    assert (factors.mean(axis=0) <= 1 + 4 * error + 1e-9).all()


@pytest.mark.parametrize("name", BETS)
def test_whoever_looks_after_every_window_is_not_misled_more_often_than_told(name: str) -> None:
    suspect, ours = distributions(4), distributions(5)
    rng = np.random.default_rng(6)
    highest = np.array(
        [
            bets.log10_e(BETS[name](suspect, ours, of_key(rng, WINDOWS))).max()
            for _ in range(KEYS // 10)
        ]
    )

    for level in (0.1, 0.01):
        seen = (highest >= -np.log10(level)).mean()
        assert seen <= level + 4 * np.sqrt(level / len(highest))


def test_a_suspect_that_took_over_the_choices_is_found_by_both_gumbel_bets() -> None:
    rng = np.random.default_rng(7)
    ours, numbers = distributions(8, 400), of_key(rng, 400)
    chosen = (np.log(ours) - np.log(-np.log(numbers.astype(np.float64)))).argmax(1)
    taught = 0.7 * ours
    taught[np.arange(400), chosen] += 0.3

    assert bets.log10_e(bets.contrast(taught, ours, numbers))[-1] > 10
    assert bets.log10_e(bets.whole(taught, numbers))[-1] > 10
    assert bets.log10_e(bets.contrast(ours, ours, numbers))[-1] < 1


def test_a_suspect_that_leans_to_green_is_found() -> None:
    rng = np.random.default_rng(9)
    ours = distributions(10, 400)
    is_green = of_key(rng, 400) < SHARE
    leaning = ours * np.where(is_green, 3.0, 1.0)
    leaning /= leaning.sum(1, keepdims=True)

    assert bets.log10_e(bets.lean(leaning, ours, is_green, SHARE))[-1] > 6
    assert bets.log10_e(bets.lean(ours, ours, is_green, SHARE))[-1] < 1


@pytest.mark.parametrize("share", [None, SHARE])
def test_the_chernoff_bound_is_never_below_the_rate_of_chance(share: float | None) -> None:
    suspect = distributions(11, 30)
    rng = np.random.default_rng(12)
    logs = []
    for _ in range(2_000):
        numbers = of_key(rng, 30).astype(np.float64)
        scores = -np.log1p(-numbers) if share is None else (numbers < share).astype(np.float64)
        logs.append(bets.chernoff_log10_p(float((suspect * scores).sum()), suspect, share))

    for level in (0.1, 0.01):
        assert (np.array(logs) <= np.log10(level)).mean() <= level + 4 * np.sqrt(level / 2_000)
    assert min(logs) < -0.5


def test_a_total_at_its_mean_or_no_weight_is_no_evidence() -> None:
    assert bets.chernoff_log10_p(1.0, np.array([[0.5, 0.5]])) == 0.0
    assert bets.chernoff_log10_p(0.0, np.empty((0, 2))) == 0.0
