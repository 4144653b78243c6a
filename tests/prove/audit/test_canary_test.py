"""Planted answers: whose they are, and how often chance gives them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from revenuer.errors import InputError
from revenuer.prove.audit.canary_test import canary_test as of_campaigns
from revenuer.prove.audit.evidence import Evidence, Verdict
from revenuer.prove.marks.canaries import canaries
from revenuer.prove.marks.keys import WatermarkKey


def canary_test(answers: ArrayLike, planted: Mapping[str, ArrayLike], *, choices: int) -> Evidence:
    """Test one row of answers against campaigns that were all asked the same questions."""
    return of_campaigns(dict.fromkeys(planted, answers), planted, choices=choices)


def test_the_campaign_whose_answers_were_learnt_is_named() -> None:
    rng = np.random.default_rng(1)
    planted = {f"c{i}": rng.integers(0, 4, 40) for i in range(12)}
    learnt = np.where(rng.random(40) < 0.7, planted["c7"], rng.integers(0, 4, 40))

    evidence = canary_test(learnt, planted, choices=4)

    assert evidence.details["campaign"] == "c7"
    assert evidence.details["campaigns_as_good"] == 1
    assert evidence.verdict is Verdict.STRONG
    agreeing = int((learnt == planted["c7"]).sum())
    tail = sum(math.comb(40, k) * 3 ** (40 - k) for k in range(agreeing, 41)) / 4**40
    assert evidence.log10_p == pytest.approx(math.log10(12 * tail))


def test_a_suspect_with_habits_agrees_by_chance_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(2)
    # Always the first choice: what the suspect prefers must not matter.
    answers = np.zeros(30, np.int64)
    logs = [
        canary_test(answers, {str(c): rng.integers(0, 4, 30) for c in range(5)}, choices=4).log10_p
        for _ in range(1_500)
    ]

    for level in (0.1, 0.01):
        error = math.sqrt(level * (1 - level) / len(logs))
        assert np.mean(np.array(logs) <= math.log10(level)) <= level + 4 * error


def test_the_smallest_p_value_is_that_of_all_answers() -> None:
    answers = np.array([1, 0, 3, -1, 2])

    evidence = canary_test(answers, {"a": answers, "b": answers}, choices=4)

    assert evidence.log10_p == pytest.approx(evidence.smallest_log10_p)
    assert evidence.log10_p == pytest.approx(math.log10(2) - 4 * math.log10(4))
    assert evidence.details["campaigns_as_good"] == 2
    assert evidence.dropped == {"no answer": 2}
    assert evidence.verdict is Verdict.TOO_LITTLE


@given(st.lists(st.integers(-1, 3), max_size=30), st.integers(1, 4), st.randoms())
def test_it_is_a_p_value_whatever_is_answered(
    answers: list[int], campaigns: int, random: object
) -> None:
    planted = {
        str(c): [random.randint(-1, 3) for _ in answers]  # type: ignore[attr-defined]
        for c in range(campaigns)
    }

    evidence = canary_test(answers, planted, choices=4)

    assert evidence.smallest_log10_p is not None
    assert evidence.smallest_log10_p - 1e-9 <= evidence.log10_p <= 0
    assert evidence.log10_e is not None


def test_a_question_a_campaign_was_not_asked_does_not_count() -> None:
    evidence = canary_test([1, 1, 1], {"a": [1, -1, 1]}, choices=2)

    assert (evidence.scored, evidence.statistic) == (2, 2.0)
    assert evidence.log10_p == pytest.approx(math.log10(0.25))


def test_a_campaign_with_too_few_answers_hides_no_other() -> None:
    few, many = np.zeros(19, np.int64), np.zeros(60, np.int64)
    answers = {"few": few, "many": np.where(np.arange(60) < 17, 0, 1)}

    evidence = of_campaigns(answers, {"few": few, "many": many}, choices=16)
    alone = of_campaigns({"few": few}, {"few": few}, choices=16)

    assert evidence.details["campaign"] == "many"
    assert evidence.verdict is Verdict.STRONG
    assert alone.log10_p < evidence.log10_p
    assert alone.verdict is Verdict.TOO_LITTLE


@pytest.mark.parametrize(
    ("answers", "planted", "choices", "told"),
    [
        ([1], {}, 4, "no campaign"),
        ([1], {"a": [1, 2]}, 4, "a has 2 planted answers and 1 answers"),
        ([4], {"a": [1]}, 4, "the answers of a hold a choice outside 0 .. 3"),
        ([1], {"a": [-2]}, 4, "the planted answers of a hold a choice"),
        ([0.5], {"a": [1]}, 4, "the answers of a are not one row of whole numbers"),
        ([0], {"a": [0]}, 1, "a choice among 1 tells nothing"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    answers: list[int], planted: dict[str, list[int]], choices: int, told: str
) -> None:
    with pytest.raises(InputError) as refused:
        canary_test(answers, planted, choices=choices)
    assert told in refused.value.message


def test_answers_to_the_sets_of_the_mark_point_to_their_campaign() -> None:
    key, names = WatermarkKey(bytes(range(32))), [f"c{i}" for i in range(4)]
    sets = {name: canaries(key, name, 30, choices=8) for name in names}
    planted = {name: [one.answer for one in of.canaries] for name, of in sets.items()}
    answers = {name: planted[name] if name == "c2" else [0] * 30 for name in names}

    evidence = of_campaigns(answers, planted, choices=8)

    assert evidence.details["campaign"] == "c2"
    assert evidence.log10_p == pytest.approx(math.log10(4) - 30 * math.log10(8))
    assert (evidence.seen, evidence.scored) == (120, 30)
    with pytest.raises(InputError, match="of different campaigns: c2"):
        of_campaigns({n: a for n, a in answers.items() if n != "c2"}, planted, choices=8)
