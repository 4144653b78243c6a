"""A bet whose mean never rises under the null, whenever one looks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from revenuer.prove.audit import eprocess


def test_each_bet_on_a_score_has_mean_1_and_a_mark_makes_it_grow() -> None:
    mean, _ = quad(lambda s: np.exp(-s) * 10 ** eprocess.scores_log10_e(s, 1), 0, 400, limit=400)

    assert mean == pytest.approx(1.0, abs=1e-6)
    assert mean <= 1.0


def test_each_bet_on_a_hit_has_mean_1() -> None:
    hit, miss = (10 ** float(eprocess.hits_log10_e(k, 1, 0.25)) for k in (1, 0))

    assert 0.25 * hit + 0.75 * miss == pytest.approx(1.0)


def test_the_whole_path_is_a_martingale_step_by_step() -> None:
    # From any history of five units the mean of the next value is the value now.
    for hits in range(6):
        now = 10 ** float(eprocess.hits_log10_e(hits, 5, 0.25))
        up, down = (10 ** float(eprocess.hits_log10_e(hits + k, 6, 0.25)) for k in (1, 0))
        assert 0.25 * up + 0.75 * down == pytest.approx(now)


def test_under_the_null_it_crosses_x_at_any_time_no_more_often_than_1_in_x() -> None:
    rng = np.random.default_rng(20_261)
    runs, n = 4_000, 150
    scores = np.cumsum(rng.exponential(size=(runs, n)), axis=1)
    hits = np.cumsum(rng.random((runs, n)) < 0.25, axis=1)
    steps = np.arange(1, n + 1)
    for highest in (
        eprocess.scores_log10_e(scores, steps).max(axis=1),
        eprocess.hits_log10_e(hits, steps, 0.25).max(axis=1),
    ):
        for level in (0.1, 0.01, 0.001):
            error = np.sqrt(level * (1 - level) / runs)
            assert np.mean(highest >= -np.log10(level)) <= level + 4 * error


def test_a_mark_is_found_and_the_path_is_the_value_at_each_time() -> None:
    rng = np.random.default_rng(5)
    scores = rng.exponential(1.8, size=400)
    path = eprocess.scores_path(scores)

    assert path[-1] > 6
    assert path[99] == pytest.approx(float(eprocess.scores_log10_e(scores[:100].sum(), 100)))
    long = np.tile(scores, 500)
    assert eprocess.scores_path(long)[150_000] == pytest.approx(
        float(eprocess.scores_log10_e(long[:150_001].sum(), 150_001))
    )
    hits = (rng.random(400) < 0.45).astype(float)
    assert eprocess.hits_path(hits, 0.25)[-1] > 6


def test_no_score_is_no_bet() -> None:
    assert eprocess.scores_log10_e(0.0, 0) == pytest.approx(0.0)
    assert eprocess.hits_log10_e(0, 0, 0.25) == pytest.approx(0.0)
    assert eprocess.scores_path([]).shape == (0,)
