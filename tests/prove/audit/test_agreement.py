"""A suspect among its controls: models are the units, and the test alone never flags."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.prove.audit.agreement import agreement, agreement_test
from revenuer.prove.audit.evidence import FLAG, Verdict


def test_the_p_value_is_the_rank_among_the_controls() -> None:
    suspect = [1.0, 0.0, 1.0, 1.0]
    controls = [[1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]]

    evidence = agreement_test(suspect, controls)

    # One control agrees more, one as much: a tie counts against the suspect's being above.
    assert evidence.log10_p == pytest.approx(math.log10(3 / 5))
    assert evidence.smallest_log10_p == pytest.approx(math.log10(1 / 5))
    assert evidence.verdict is Verdict.TOO_LITTLE


def test_thousands_of_prompts_and_controls_do_not_flag() -> None:
    rng = np.random.default_rng(1)
    controls = rng.random((20_000, 5)) * 0.5

    evidence = agreement_test(np.ones(5), controls)

    assert FLAG < evidence.log10_p < -3.9
    assert evidence.smallest_log10_p == evidence.log10_p
    assert evidence.verdict is Verdict.NONE


def test_a_model_of_the_controls_kind_ranks_first_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(2)
    logs = []
    for _ in range(4_000):
        # Models differ in how good they are: their agreements are far from independent of it.
        skill = rng.beta(4, 4, size=40)
        models = rng.random((40, 25)) < skill[:, None]
        logs.append(agreement_test(models[0], models[1:]).log10_p)

    for level in (0.5, 0.1, 0.05, 0.025):
        error = math.sqrt(level * (1 - level) / len(logs))
        assert np.mean(np.array(logs) <= math.log10(level) + 1e-12) <= level + 4 * error
    assert min(logs) == pytest.approx(math.log10(1 / 40))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 6))
def test_it_is_a_p_value_at_least_the_smallest(suspect: list[float], controls: int) -> None:
    evidence = agreement_test(suspect, [suspect[::-1]] * controls)

    assert evidence.smallest_log10_p is not None
    assert evidence.smallest_log10_p <= evidence.log10_p <= 0


def test_agreement_is_the_share_of_places_with_the_same_token() -> None:
    shares = agreement([[1, 2, 3], [5], [], [7, 8]], [[1, 9, 3, 4], [5], [], []])

    assert shares.tolist() == [0.5, 1.0, 1.0, 0.0]


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="no row with a number"):
        agreement_test([], [])
    with pytest.raises(InputError, match="were not asked the suspect's 2 prompts"):
        agreement_test([1, 0], [[1, 0, 1]])
    with pytest.raises(InputError, match=r"lies in \[0, 1\]"):
        agreement_test([1.5], [[1.0]])
    with pytest.raises(InputError, match="1 outputs of ours, but 2"):
        agreement([[1]], [[1], [2]])
