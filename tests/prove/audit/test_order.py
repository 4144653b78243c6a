"""The trace of a training order, bounded without any approximation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from revenuer.errors import InputError
from revenuer.prove.audit.evidence import Verdict
from revenuer.prove.audit.order import order_test


@pytest.mark.parametrize("scores", [[1, 2, 3, 4, 5, 6], [0, 0, 0, 5, 5, 9], [3, 1, 2, 9, 9, 8]])
def test_the_bound_holds_for_every_permutation_of_a_small_order(scores: list[int]) -> None:
    tested = [
        order_test(np.array(order), scores) for order in itertools.permutations(range(len(scores)))
    ]
    logs = np.array([one.log10_p for one in tested])
    es = np.array([10**one.log10_e for one in tested if one.log10_e is not None])

    for level in np.unique(logs):
        assert np.mean(logs <= level + 1e-12) <= 10**level + 1e-12
    assert es.mean() <= 1.0
    assert logs.min() == pytest.approx(tested[0].smallest_log10_p or 0, abs=1e-6) or scores[0] != 1


def test_random_orders_are_called_evidence_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(1)
    scores = rng.standard_t(2, 300)
    tested = [order_test(rng.permutation(300), scores) for _ in range(1_000)]

    logs = np.array([one.log10_p for one in tested])
    for level in (0.1, 0.01):
        assert np.mean(logs <= math.log10(level)) <= level
    es = np.array([10 ** (one.log10_e or 0) for one in tested])
    assert es.mean() < 1 + 4 * es.std() / math.sqrt(len(es))


def test_a_faint_trace_in_many_texts_is_found_and_the_bound_is_near_the_tail() -> None:
    rng = np.random.default_rng(2)
    order = rng.permutation(20_000)
    base = rng.normal(size=20_000) * 3
    suspect = base + 0.3 * order / 20_000 + rng.normal(size=20_000)

    evidence = order_test(order, suspect, base)

    assert evidence.log10_p < -6
    assert evidence.verdict is Verdict.NONE
    assert evidence.log10_e is not None
    assert evidence.log10_e > 4
    z = evidence.statistic * math.sqrt(20_000 - 1)
    tail = float(norm.logsf(z)) / math.log(10)
    assert tail < evidence.log10_p < tail + 2
    assert order_test(order, base).log10_p > -4
    assert order_test(-order, suspect, base).log10_p == 0


def test_an_order_that_was_shuffled_in_shards_misleads_the_number_and_never_flags() -> None:
    rng = np.random.default_rng(4)
    likely = np.repeat([0.0, 3.0, 1.0, 5.0, 2.0, 4.0], 50) + rng.normal(size=300) / 2
    shards = np.arange(300).reshape(6, 50)
    tested = [order_test(np.concatenate(rng.permutation(shards)), likely) for _ in range(200)]

    assert np.mean([one.log10_p <= -4 for one in tested]) > 0.1
    assert {one.verdict for one in tested} == {Verdict.NONE}


@given(st.lists(st.floats(-1e6, 1e6), max_size=30))
def test_it_is_a_p_value_at_least_the_smallest(scores: list[float]) -> None:
    evidence = order_test(np.arange(len(scores)), scores)

    assert evidence.smallest_log10_p is not None
    assert evidence.smallest_log10_p - 1e-6 <= evidence.log10_p <= 0
    assert math.isfinite(evidence.log10_e or 0)
    assert -1 - 1e-9 <= evidence.statistic <= 1 + 1e-9


def test_only_ranks_count() -> None:
    rng = np.random.default_rng(3)
    order, scores = rng.permutation(50), rng.normal(size=50)

    assert order_test(order * 7 + 3, np.exp(scores)) == order_test(order, scores)


def test_what_is_no_order_is_refused() -> None:
    with pytest.raises(InputError, match="two texts hold one place"):
        order_test([1, 1], [0.0, 1.0])
    with pytest.raises(InputError, match="2 places in the order, but 1 scores"):
        order_test([1, 2], [0.0])
    with pytest.raises(InputError, match="not one row of finite numbers"):
        order_test([1, 2], [0.0, math.nan])
    with pytest.raises(InputError, match="2 scores of the suspect, 1 of the reference"):
        order_test([1, 2], [0.0, 1.0], [0.0])
