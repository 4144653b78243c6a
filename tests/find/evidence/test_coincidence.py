"""Tests of revenuer.find.evidence.coincidence."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from revenuer.find.evidence.coincidence import Blocks, blocks, coincidence, tied

LEVELS = (0.1, 0.01, 0.001)
Numbers = NDArray[np.int64]
NOBODY = np.empty(0, np.int64)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Numbers, Numbers, Numbers]:
    """(block of each account, stratum of each, members) of a few accounts; one is in block 0."""
    accounts = draw(st.integers(2, 16))
    block = draw(st.lists(st.integers(-1, 4), min_size=accounts, max_size=accounts))
    stratum = draw(st.lists(st.integers(0, 2), min_size=accounts, max_size=accounts))
    members = draw(st.sets(st.integers(0, accounts - 1)))
    return np.array([0, *block[1:]]), np.array(stratum), np.array(sorted(members), np.int64)


def uneven(rng: np.random.Generator, accounts: int) -> Blocks:
    """Return blocks of two to forty accounts that hold rather the busy ones, of three strata."""
    stratum = rng.choice(3, accounts, p=[0.6, 0.3, 0.1])
    order = rng.permutation(accounts)
    likely = np.array([0.2, 0.5, 0.9])[stratum[order]]
    held = order[rng.random(accounts) < likely]
    sizes = np.minimum(rng.zipf(1.6, len(held)) + 1, 40)
    of = np.full(accounts, -1)
    of[held] = np.repeat(np.arange(len(sizes)), sizes)[: len(held)]
    return blocks(of, stratum)


def drawn(rng: np.random.Generator, stratum: Numbers, counts: tuple[int, ...]) -> Numbers:
    """Draw so many accounts of each stratum."""
    own = [rng.choice(np.flatnonzero(stratum == s), n, False) for s, n in enumerate(counts)]
    return np.concatenate(own)


def test_blocks_are_counted_by_stratum() -> None:
    laid = blocks(np.array([0, 2, 0, -1, 2, 0]), np.array([0, 1, 1, 1, 1, 0]))

    assert laid.sizes.tolist() == [3, 0, 2]
    assert laid.strata.tolist() == [[2, 1], [0, 0], [0, 2]]
    assert laid.accounts.tolist() == [2, 4]


@given(worlds())
def test_tied_are_those_that_share_a_block(world: tuple[Numbers, Numbers, Numbers]) -> None:
    of, stratum, members = world
    counts = Counter(of[members].tolist())

    found = tied(blocks(of, stratum), members)

    assert found.tolist() == [i for i, b in enumerate(of[members]) if b >= 0 and counts[b] > 1]


def test_agrees_with_counting_by_hand() -> None:
    # Two accounts of four are drawn, and it is one of the two blocks of two.
    laid = blocks(np.array([0, 0, 1, 1]), np.zeros(4, np.int64))

    found = coincidence(laid, np.array([3, 2]))

    assert found.members.tolist() == [0, 1]
    assert found.observed == 1
    # Binomial: each block is drawn whole with chance 1/4. By deals: 2 of 6.
    assert found.expected == pytest.approx(2 / 4)
    # exp(-s) (3/4 + exp(s)/4)^2 is least where exp(s) = 3.
    assert found.p_value == pytest.approx(0.75, rel=2e-3)
    assert found.p_value >= 0.75


def test_a_block_is_drawn_with_the_mean_chance_of_its_accounts() -> None:
    # Two of the four idle accounts and one of the two busy ones; a block holds one of each.
    laid = blocks(np.array([0, -1, -1, -1, 0, -1]), np.array([0, 0, 0, 0, 1, 1]))

    found = coincidence(laid, np.array([0, 1, 4]))

    assert (found.observed, found.members.tolist()) == (1, [0, 2])
    assert found.expected == pytest.approx(0.5 * 0.5)
    # exp(-s) (3/4 + exp(s)/4) falls towards 1/4, the chance of the whole block.
    assert found.p_value == pytest.approx(0.25, rel=1e-6)


@pytest.mark.parametrize(
    ("block", "stratum"),
    [
        ([0, 0, 0, 1, 1, 2, 2, 3, -1, -1], [0] * 10),
        ([0, 0, 0, 1, 1, 2, 2, 3, -1, -1], [0, 0, 1, 1, 1, 0, 1, 0, 0, 1]),
        ([0] * 5 + [1] * 5, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]),
        ([0, 0, 1, 1, 2, 2, 3, 3, 4, 4], [0, 1] * 5),
        ([0, 0, 1, 1, 2, 2, 3, 3, 4, 4], [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]),
    ],
)
def test_is_never_below_the_exact_tail(block: list[int], stratum: list[int]) -> None:
    laid = blocks(np.array(block), np.array(stratum))
    sets = [
        np.array(some)
        for size in range(1, len(block) + 1)
        for some in itertools.combinations(range(len(block)), size)
    ]

    found = [coincidence(laid, some) for some in sets]

    # The null draws, of each stratum, as many accounts as the set has.
    alike = [tuple(np.bincount(laid.stratum[some], minlength=3).tolist()) for some in sets]
    deals = Counter(zip(alike, (one.observed for one in found), strict=True))
    for kind, one in zip(alike, found, strict=True):
        same = {seen: count for (other, seen), count in deals.items() if other == kind}
        tail = sum(count for seen, count in same.items() if seen >= one.observed)
        assert one.p_value >= tail / sum(same.values()) * (1 - 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("counts", [(20, 10, 5), (60, 0, 40), (5, 40, 60)])
def test_random_sets_are_accused_no_more_often_than_promised(counts: tuple[int, ...]) -> None:
    rng = np.random.default_rng(91)
    draws = 4_000
    laid = uneven(rng, 3_000)

    found = [coincidence(laid, drawn(rng, laid.stratum, counts)) for _ in range(draws)]

    observed = np.array([one.observed for one in found])
    pvalues = np.array([one.p_value for one in found])
    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / draws)
        assert np.mean(pvalues <= level) <= level + noise
    # Nor is it below the share of random sets that show as much.
    assert len(np.unique(observed)) > 5
    for seen in np.unique(observed):
        tail = np.mean(observed >= seen)
        assert pvalues[observed == seen].min() >= tail - 4 * math.sqrt(tail / draws)


@pytest.mark.slow
def test_strata_keep_busy_sets_from_being_accused() -> None:
    # Blocks gather the busy accounts, and so does the set: that alone is no tie.
    rng = np.random.default_rng(92)
    draws, stratum = 1_000, np.repeat([0, 1], [2_700, 300])
    of = np.full(3_000, -1)
    of[2_700:] = np.arange(300) // 3
    blind = blocks(of, np.zeros_like(stratum))

    sets = [drawn(rng, stratum, (10, 60)) for _ in range(draws)]

    laid = np.array([coincidence(blocks(of, stratum), some).p_value for some in sets])
    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / draws)
        assert np.mean(laid <= level) <= level + noise
    assert np.mean([coincidence(blind, some).p_value <= 0.001 for some in sets]) > 0.9


def test_finds_clumps_that_are_each_too_small_to_speak() -> None:
    # Of 27 accounts each card has three; 900 such cards are about.
    rng = np.random.default_rng(93)
    stratum = rng.integers(0, 4, 4_000)
    of = np.full(4_000, -1)
    of[:2_700] = np.arange(2_700) // 3
    clumped = np.append(np.arange(27), rng.choice(np.arange(2_700, 4_000), 5, replace=False))
    strangers = np.append(np.arange(0, 81, 3), clumped[27:])

    found, other = (coincidence(blocks(of, stratum), some) for some in (clumped, strangers))

    assert (found.observed, found.members.tolist()) == (18, list(range(27)))
    assert found.p_value < 1e-15
    assert found.observed > 90 * found.expected
    assert (other.p_value, other.observed, len(other.members)) == (1.0, 0, 0)


@pytest.mark.parametrize(("floor", "is_tied"), [(7.9, True), (8.1, False)])
def test_below_a_floor_clumps_say_nothing(floor: float, is_tied: bool) -> None:
    laid = blocks(np.append([0, 0, 1, 1], np.full(4, -1)), np.zeros(8, np.int64))

    found = coincidence(laid, np.array([2, 3]), floor=floor)

    # Each of two blocks is drawn whole with chance 1/16: an eighth is expected.
    assert found.expected == pytest.approx(1 / 8)
    assert (found.p_value < 1) is is_tied
    assert (found.observed, found.members.tolist()) == (1, [0, 1])


def test_a_larger_clump_surprises_more() -> None:
    of = np.full(1_000, -1)
    of[:600] = np.arange(600) // 10
    laid = blocks(of, np.zeros(1_000, np.int64))

    pvalues = [
        coincidence(laid, np.append(np.arange(n), np.arange(700, 710 - n))).p_value
        for n in range(2, 10)
    ]

    assert (np.diff(pvalues) < 0).all()
    assert pvalues[0] > 0.1, "two of one block of ten is what ten strangers often show"
    assert pvalues[-1] < 1e-6


@given(worlds())
def test_counts_what_is_there_and_is_a_pvalue(world: tuple[Numbers, Numbers, Numbers]) -> None:
    of, stratum, members = world
    inside = Counter(block for block in of[members].tolist() if block >= 0)

    found = coincidence(blocks(of, stratum), members)

    assert found.observed == sum(count - 1 for count in inside.values())
    assert found.members.tolist() == [i for i, a in enumerate(members) if inside[int(of[a])] > 1]
    assert 0 < found.p_value <= 1
    assert found.expected >= -1e-12
    assert found.p_value == 1 or found.observed > found.expected


@given(worlds(), st.integers(0, 2**32 - 1))
def test_does_not_depend_on_names_or_order(
    world: tuple[Numbers, Numbers, Numbers], seed: int
) -> None:
    of, stratum, members = world
    rng = np.random.default_rng(seed)
    account, block = rng.permutation(len(of)), np.append(rng.permutation(9)[:5], -1)
    renamed, regrouped = np.empty_like(of), np.empty_like(stratum)
    # Nine names for five blocks: some are of no block.
    renamed[account], regrouped[account] = block[of], rng.permutation(3)[stratum]
    order = rng.permutation(len(members))

    found = coincidence(blocks(of, stratum), members)
    other = coincidence(blocks(renamed, regrouped), account[members[order]])

    assert other.observed == found.observed
    assert (other.p_value, other.expected) == pytest.approx((found.p_value, found.expected))
    assert sorted(order[other.members].tolist()) == found.members.tolist()


@given(worlds())
def test_accounts_outside_blocks_are_as_good_as_blocks_of_one(
    world: tuple[Numbers, Numbers, Numbers],
) -> None:
    of, stratum, members = world
    alone = np.where(of < 0, 5 + np.arange(len(of)), of)

    found = coincidence(blocks(of, stratum), members)
    other = coincidence(blocks(alone, stratum), members)

    assert (other.observed, other.members.tolist()) == (found.observed, found.members.tolist())
    assert other.expected == pytest.approx(found.expected, abs=1e-9)
    assert other.p_value == pytest.approx(found.p_value)


@pytest.mark.parametrize("size", [2, 5, 20])
def test_one_block_of_everybody_says_nothing(size: int) -> None:
    laid = blocks(np.zeros(20, np.int64), np.arange(20) % 2)

    found = coincidence(laid, np.arange(size))

    assert (found.p_value, found.observed) == (1.0, size - 1)


@pytest.mark.parametrize("of", [np.full(6, -1), np.arange(6), np.array([0, 0, 0, -1, -1, -1])])
@pytest.mark.parametrize("members", [NOBODY, np.array([3, 4, 5])])
def test_members_that_share_no_block_say_nothing(of: Numbers, members: Numbers) -> None:
    found = coincidence(blocks(of, np.zeros(6, np.int64)), members)

    assert (found.p_value, found.observed, found.members.tolist()) == (1.0, 0, [])
