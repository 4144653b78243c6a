"""Tests of revenuer.find.evidence.overlap."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from revenuer.errors import InputError
from revenuer.find.evidence.overlap import Overlaps, overlaps

LEVELS = (0.1, 0.01, 0.001)
Flags = NDArray[np.int64]


def sets_of(rows: Flags) -> sparse.csr_array:
    return sparse.csr_array(np.asarray(rows, np.int32))


def of_members(members: list[list[int]], accounts: int) -> sparse.csr_array:
    rows = np.zeros((len(members), accounts), np.int64)
    for row, own in zip(rows, members, strict=True):
        row[own] = 1
    return sets_of(rows)


@functools.cache
def exact_tail(strata: tuple[tuple[int, int, int], ...], shared: int) -> float:
    """Count, over all deals, those in which at least `shared` accounts are in both sets."""
    chances = {0: 1.0}
    for n, a, b in strata:
        deals = math.comb(n, b)
        step = {s: math.comb(a, s) * math.comb(n - a, b - s) / deals for s in range(min(a, b) + 1)}
        total: dict[int, float] = {}
        for (have, chance), (more, other) in itertools.product(chances.items(), step.items()):
            total[have + more] = total.get(have + more, 0.0) + chance * other
        chances = total
    return sum(chance for have, chance in chances.items() if have >= shared)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Flags, Flags, Flags]:
    """(left sets, right sets, strata) of a few accounts."""
    accounts = draw(st.integers(4, 16))
    flags = st.lists(st.integers(0, 1), min_size=accounts, max_size=accounts)
    strata = draw(st.lists(st.integers(-1, 2), min_size=accounts, max_size=accounts))
    left, right = draw(st.tuples(*[st.lists(flags, min_size=1, max_size=3)] * 2))
    return np.array(left), np.array(right), np.array(strata)


def by_pair(laid: Overlaps, *, is_swapped: bool = False) -> dict[tuple[int, int], list[float]]:
    keys = zip(laid.left.tolist(), laid.right.tolist(), strict=True)
    values = np.column_stack([laid.shared, laid.expected, laid.odds, laid.p_values])
    return {
        ((b, a) if is_swapped else (a, b)): row.tolist()
        for (a, b), row in zip(keys, values, strict=True)
    }


def test_agrees_with_counting_by_hand() -> None:
    # Two strata of 10: 3 and 1 of the left set, 2 and 3 of the right one; they share 2 and 1.
    left = of_members([[0, 1, 2, 10]], 20)
    right = of_members([[0, 1, 10, 11, 12], [5, 6]], 20)

    laid = overlaps(left, right, np.repeat([0, 1], 10))

    assert (laid.left.tolist(), laid.right.tolist(), laid.shared.tolist()) == ([0], [0], [3])
    assert laid.tests == 2
    assert laid.expected == pytest.approx([3 * 2 / 10 + 1 * 3 / 10])
    assert laid.odds == pytest.approx([3.5 * 14.5 / (1.5 * 2.5)])
    # Binomial(4, 0.9 / 4), 4 being the smaller set: P(3) + P(4).
    assert laid.p_values == pytest.approx([4 * 0.225**3 * 0.775 + 0.225**4])


@pytest.mark.parametrize("sizes", [(8,), (4, 5), (1, 7), (3, 3, 3)])
def test_is_never_below_the_exact_tail(sizes: tuple[int, ...]) -> None:
    accounts = sum(sizes)
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    # Left sets up to symmetry, right sets all: together every case there is.
    counts = list(itertools.product(*[range(n + 1) for n in sizes]))
    lefts = of_members(
        [
            [start + i for start, a in zip(starts, some, strict=True) for i in range(a)]
            for some in counts
        ],
        accounts,
    )
    every = np.array(list(itertools.product((0, 1), repeat=accounts)))
    held = np.column_stack(
        [every[:, s : s + n].sum(axis=1) for s, n in zip(starts, sizes, strict=True)]
    )

    laid = overlaps(lefts, sets_of(every), np.repeat(np.arange(len(sizes)), sizes))

    assert len(laid.left) > 500
    for left, right, shared, p_value in zip(
        laid.left.tolist(), laid.right.tolist(), laid.shared.tolist(), laid.p_values, strict=True
    ):
        strata = tuple(zip(sizes, counts[left], held[right].tolist(), strict=True))
        assert p_value >= exact_tail(strata, shared) * (1 - 1e-9)


def test_overlaps_of_small_odds_are_counted_and_left_out() -> None:
    rng = np.random.default_rng(5)
    everybody, hub = list(range(400)), list(range(300))
    left = of_members([everybody, hub, [0, 1, 2, 3], list(range(350, 370))], 400)
    right = of_members([hub, [0, 1, 2, 9], *rng.integers(0, 400, (20, 12)).tolist()], 400)
    strata = rng.integers(0, 3, 400)

    whole = by_pair(overlaps(left, right, strata))
    laid = overlaps(left, right, strata, odds_floor=10.0)

    assert by_pair(laid) == {key: row for key, row in whole.items() if row[2] >= 10.0}
    assert (2, 1) in by_pair(laid)
    assert (laid.found, laid.tests) == (len(whole), 4 * 22)


def test_a_template_of_everybody_over_a_carrier_of_most_is_no_overlap() -> None:
    accounts = 60_000
    ones = np.ones(50_000 + accounts, np.int32)
    everybody = sparse.csr_array(ones[None, :accounts])
    carrier = sparse.csr_array(
        (ones[:50_000], (np.zeros(50_000, np.int64), np.arange(50_000))), shape=(1, accounts)
    )

    laid = overlaps(everybody, carrier, np.zeros(accounts, np.int64), odds_floor=10.0)

    assert (len(laid.left), laid.found, laid.tests) == (0, 1, 1)


@given(worlds())
def test_counts_what_is_there_and_does_not_depend_on_sides(
    world: tuple[Flags, Flags, Flags],
) -> None:
    left, right, strata = world
    there = strata >= 0

    laid = overlaps(sets_of(left), sets_of(right), strata)
    turned = overlaps(sets_of(right), sets_of(left), strata)

    shared = (left * there) @ right.T
    assert {key: row[0] for key, row in by_pair(laid).items()} == {
        (int(a), int(b)): shared[a, b] for a, b in zip(*np.nonzero(shared >= 2), strict=True)
    }
    assert ((laid.p_values > 0) & (laid.p_values <= 1)).all()
    assert laid.tests == len(left) * len(right)
    assert list(by_pair(laid)) == sorted(by_pair(laid))
    assert by_pair(laid) == {
        key: pytest.approx(row) for key, row in by_pair(turned, is_swapped=True).items()
    }


@given(worlds(), st.integers(0, 2**32 - 1))
def test_does_not_depend_on_names_or_on_accounts_left_out(
    world: tuple[Flags, Flags, Flags], seed: int
) -> None:
    left, right, strata = world
    order = np.random.default_rng(seed).permutation(len(strata))
    kept = order[strata[order] >= 0]

    laid = overlaps(sets_of(left), sets_of(right), strata)
    renamed = overlaps(sets_of(left[:, kept]), sets_of(right[:, kept]), strata[kept])

    assert by_pair(laid) == {key: pytest.approx(row) for key, row in by_pair(renamed).items()}


def test_strangers_alike_only_in_activity_are_accused_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(41)
    pairs, busy, idle = 20_000, 60, 340
    strata = np.repeat([0, 1], [busy, idle])
    left = of_members([[*range(20), *range(busy, busy + 15)]], busy + idle)
    # Busy accounts have more of everything, so both families gather them.
    right = np.zeros((pairs, busy + idle), np.int64)
    for start, size, members in ((0, busy, 18), (busy, idle, 15)):
        chosen = rng.permuted(np.tile(np.arange(size), (pairs, 1)), axis=1)[:, :members]
        np.put_along_axis(right, start + chosen, 1, axis=1)

    laid = overlaps(left, sets_of(right), strata)
    blind = overlaps(left, sets_of(right), np.zeros_like(strata))

    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / pairs)
        assert (laid.p_values <= level).sum() / pairs <= level + noise
        assert (blind.p_values <= level).sum() / pairs > level + noise, "strata do the work"


def test_finds_the_accounts_that_share_a_card_and_a_template() -> None:
    rng = np.random.default_rng(42)
    accounts, ring = 3_000, np.arange(8)
    lefts = [sorted({*ring, *rng.choice(accounts, 4)})]
    lefts += [rng.choice(accounts, 12, replace=False).tolist() for _ in range(200)]
    rights = [sorted({*ring[:6], *rng.choice(accounts, 2)})]
    rights += [rng.choice(accounts, 9, replace=False).tolist() for _ in range(200)]

    laid = overlaps(
        of_members(lefts, accounts), of_members(rights, accounts), rng.integers(0, 8, accounts)
    )

    (planted,) = np.flatnonzero((laid.left == 0) & (laid.right == 0))
    assert laid.p_values[planted] < 1e-8
    assert laid.p_values[planted] == laid.p_values.min()
    assert laid.odds[planted] > 100


def test_no_accounts_no_overlaps() -> None:
    laid = overlaps(of_members([[]], 0), of_members([[]], 0), np.empty(0, np.int64))

    assert (len(laid.left), laid.tests) == (0, 1)


def test_sets_that_speak_of_other_accounts_are_refused() -> None:
    with pytest.raises(InputError, match="sets speak of 3 and 4 accounts, strata of 3"):
        overlaps(of_members([[0]], 3), of_members([[0]], 4), np.zeros(3, np.int64))
