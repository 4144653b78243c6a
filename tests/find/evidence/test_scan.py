"""Tests of revenuer.find.evidence.scan."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from revenuer.find.evidence.scan import crowd, scale

LEVELS = (0.1, 0.01, 0.001)
Values = NDArray[np.float64]

#: Values of few accounts: all different, recorded by the day, and partly unknown.
SCALES = {
    "no ties": np.arange(13.0),
    "ties": np.array([0, 0, 0, 1, 2, 2, 2, 2, 3, 4, 4, 5, 6.0]),
    "one big tie": np.array([0] * 6 + [1, 2, 3, 4, 5, 6, 7.0]),
    "unknown": np.array([np.nan] * 4 + [0, 1, 2, 2, 3, 4, 5, 6, 7.0]),
}


@st.composite
def sets(draw: st.DrawFn) -> tuple[Values, NDArray[np.int64]]:
    """(values, members): a few accounts, some tied, some without a value."""
    value = st.one_of(st.integers(0, 12).map(float), st.just(math.nan))
    values = np.array(draw(st.lists(value, min_size=4, max_size=40)))
    members = draw(st.sets(st.integers(0, len(values) - 1), min_size=1, max_size=15))
    return values, np.array(sorted(members))


def test_a_rank_is_the_share_below_and_the_share_at_or_below() -> None:
    ranks = scale(np.array([5.0, np.nan, 1.0, 5.0, 9.0]))

    assert ranks.low == pytest.approx([0.25, np.nan, 0.0, 0.25, 0.75], nan_ok=True)
    assert ranks.high == pytest.approx([0.75, np.nan, 0.25, 0.75, 1.0], nan_ok=True)


def test_agrees_with_counting_by_hand() -> None:
    found = crowd(scale(np.arange(100.0)), np.array([12, 10, 11]))

    # Three ways to begin, and two others within 3 of 100 places.
    assert found.p_value == pytest.approx(3 * 0.03**2)
    assert found.members.tolist() == [0, 1, 2]
    assert (found.share, found.expected) == pytest.approx((0.03, 0.09))


def test_tries_every_size_and_pays_for_each() -> None:
    found = crowd(scale(np.arange(100.0)), np.array([90, 10, 40, 11, 12]))

    # Sizes 5 and 3 are tried; the best is 3 of 5 within 3 of 100 places.
    union = 5 * sum(math.comb(4, j) * 0.03**j * 0.97 ** (4 - j) for j in (2, 3, 4))
    assert found.p_value == pytest.approx(2 * union)
    assert found.members.tolist() == [1, 3, 4]
    assert found.expected == pytest.approx(5 * 0.03)


@pytest.mark.parametrize("kind", SCALES)
@pytest.mark.parametrize("size", [3, 4, 6])
def test_is_at_most_its_level_over_every_set_there_is(kind: str, size: int) -> None:
    ranks = scale(SCALES[kind])

    pvalues = np.array(
        [
            crowd(ranks, np.array(members)).p_value
            for members in itertools.combinations(range(len(SCALES[kind])), size)
        ]
    )

    for level in np.unique(pvalues):
        assert np.mean(pvalues <= level) <= level + 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["no ties", "ties", "unknown"])
def test_random_sets_are_accused_no_more_often_than_promised(kind: str) -> None:
    rng = np.random.default_rng(51)
    draws, accounts = 4_000, 1_500
    values = rng.normal(size=accounts)
    if kind == "ties":
        values = np.floor(values * 8)
    if kind == "unknown":
        values[rng.random(accounts) < 0.4] = np.nan
    ranks = scale(values)

    pvalues = np.array(
        [crowd(ranks, rng.choice(accounts, 14, replace=False)).p_value for _ in range(draws)]
    )

    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / draws)
        assert np.mean(pvalues <= level) <= level + noise


@given(sets(), st.integers(0, 2**32 - 1))
def test_depends_on_ranks_alone(case: tuple[Values, NDArray[np.int64]], seed: int) -> None:
    values, members = case
    rng = np.random.default_rng(seed)
    renamed = rng.permutation(len(values))
    shuffled = np.empty(len(values))
    shuffled[renamed] = values
    found = crowd(scale(values), members)

    others = [
        crowd(scale(np.exp(values / 3) - 7), members),
        crowd(scale(-values), members),
        crowd(scale(values), rng.permutation(members)),
        crowd(scale(shuffled), renamed[members]),
    ]

    for other in others:
        assert other.p_value == pytest.approx(found.p_value)
        assert len(other.members) == len(found.members)


@given(sets())
def test_names_the_members_of_one_stretch_and_is_a_pvalue(
    case: tuple[Values, NDArray[np.int64]],
) -> None:
    values, members = case

    found = crowd(scale(values), members)

    inside = values[members[found.members]]
    assert 0 < found.p_value <= 1
    assert 0 < found.share <= 1
    assert found.expected == pytest.approx(found.share * (~np.isnan(values[members])).sum())
    assert not np.isnan(inside).any()
    assert (np.diff(found.members) > 0).all()
    if len(inside):
        known = values[~np.isnan(values)]
        stretch = (known >= inside.min()) & (known <= inside.max())
        assert found.share == pytest.approx(stretch.mean())


def test_records_kept_by_the_day_lose_power_never_validity() -> None:
    at = np.arange(1_000.0)
    members = np.arange(500, 510)

    exact, daily = (crowd(scale(values), members) for values in (at, np.floor(at / 100)))

    assert exact.p_value < 1e-12
    assert exact.p_value < daily.p_value
    assert daily.share == pytest.approx(0.1)


def test_everyone_at_once_is_no_crowd() -> None:
    found = crowd(scale(np.zeros(50)), np.arange(10))

    assert found.p_value == 1
    assert len(found.members) == 0


@pytest.mark.parametrize("members", [[], [1], [1, 2], [0, 1, 2]])
def test_fewer_than_three_with_a_place_say_nothing(members: list[int]) -> None:
    values = np.append(np.nan, np.arange(50.0))

    found = crowd(scale(values), np.array(members, np.int64))

    assert (found.p_value, len(found.members)) == (1.0, 0)


def test_finds_the_batch_inside_a_larger_set() -> None:
    rng = np.random.default_rng(52)
    made = rng.uniform(0, 300, 2_000)
    made[:20] = 150 + rng.uniform(0, 0.2, 20)
    members = np.append(np.arange(20), np.arange(500, 512))

    found = crowd(scale(made), members)

    assert found.p_value < 1e-12
    assert len(found.members) >= 15
    assert found.members.max() < 20


def test_several_batches_are_not_told_by_the_wide_stretch_around_them() -> None:
    rng = np.random.default_rng(53)
    made = rng.uniform(0, 300, 2_000)
    # Six batches of eight within fifty days.
    made[:48] = 100 + 10 * np.repeat(np.arange(6), 8) + rng.uniform(0, 0.2, 48)
    members = np.append(np.arange(48), np.arange(500, 512))

    wide, narrow = (crowd(scale(made), members, floor=floor) for floor in (1.0, 8.0))

    assert len(wide.members) > 24
    assert np.bincount(narrow.members // 8).max() == 8, "one whole batch"
    assert len(narrow.members) < 12
    assert narrow.p_value < 1e-3


@pytest.mark.parametrize(("floor", "members"), [(19.9, [1, 3, 4]), (20.1, [])])
def test_a_floor_is_members_over_members_expected(floor: float, members: list[int]) -> None:
    # Three of five within 3 of 100 places: twenty times the number expected.
    found = crowd(scale(np.arange(100.0)), np.array([90, 10, 40, 11, 12]), floor=floor)

    assert found.members.tolist() == members
    assert (found.p_value < 1) is (len(members) > 0)


@given(sets(), st.sampled_from([1.0, 2.0, 4.0]))
def test_a_floor_leaves_out_wide_stretches_and_only_makes_the_pvalue_larger(
    case: tuple[Values, NDArray[np.int64]], floor: float
) -> None:
    values, members = case

    free, found = crowd(scale(values), members), crowd(scale(values), members, floor=floor)

    assert found.p_value >= free.p_value
    assert len(found.members) == 0 or len(found.members) >= floor * found.expected * (1 - 1e-9)
    if len(free.members) >= floor * free.expected * (1 + 1e-9):
        assert found.members.tolist() == free.members.tolist()
