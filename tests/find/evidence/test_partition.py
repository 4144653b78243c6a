"""Tests of revenuer.find.evidence.partition."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import poisson

from revenuer.find.evidence.partition import partition

LEVELS = (0.1, 0.01, 0.001)
Slots = NDArray[np.uint64]
Accounts = NDArray[np.int64]


@st.composite
def uses(draw: st.DrawFn) -> tuple[Slots, Accounts]:
    """(slots, accounts) of a template that a few accounts fill; 0 is an absent slot."""
    width = draw(st.integers(1, 3))
    row = st.tuples(st.integers(0, 4), *[st.integers(0, 3)] * width)
    rows = np.array(draw(st.lists(row, min_size=1, max_size=20)))
    return rows[:, 1:].astype(np.uint64), rows[:, 0]


def hashed(numbers: NDArray[np.int64] | Slots) -> Slots:
    """Give each number a value that looks like a hash; 0 stays 0."""
    return numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def draws(rng: np.random.Generator, exchanges: int, skew: float, together: float) -> Slots:
    """Fill two slots from stocks of 14 and 20 values, of which skew makes some popular."""
    slots = np.empty((exchanges, 2), np.int64)
    for slot, stock in enumerate((14, 20)):
        weights = 1.0 / np.arange(1, stock + 1) ** skew
        slots[:, slot] = rng.choice(stock, exchanges, p=weights / weights.sum()) + 1
    is_paired = rng.random(exchanges) < together
    slots[is_paired, 1] = slots[is_paired, 0]
    return hashed(slots)


def test_agrees_with_counting_by_hand() -> None:
    slots = hashed(np.array([[1, 3], [2, 4], [1, 4], [2, 3]]))

    found = partition(slots, np.array([0, 0, 1, 1]))

    # Of four pairs between the accounts two agree in each slot, and none in both.
    assert found.collisions == 0
    assert found.expected == pytest.approx(4 * 0.5 * 0.5)
    assert found.p_value == pytest.approx(math.exp(-1))


@given(uses())
def test_counts_every_pair_of_different_accounts(use: tuple[Slots, Accounts]) -> None:
    slots, accounts = use
    pairs = [
        (slots[i] == slots[j])
        for i, j in itertools.combinations(range(len(accounts)), 2)
        if accounts[i] != accounts[j]
    ]
    present = (slots != 0).any(axis=0)

    found = partition(hashed(slots), accounts)

    if pairs and present.any():
        agree = np.array(pairs)[:, present]
        assert found.collisions == agree.all(axis=1).sum()
        assert found.expected == pytest.approx(len(pairs) * agree.mean(axis=0).prod())
    else:
        assert found == (1.0, 0, 0.0)
    assert 0 < found.p_value <= 1


@given(uses(), st.integers(0, 2**32 - 1))
def test_does_not_depend_on_names_or_order(use: tuple[Slots, Accounts], seed: int) -> None:
    slots, accounts = use
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(len(slots)), rng.permutation(slots.shape[1])
    names = rng.permutation(5) + 100
    values = np.append(np.uint64(0), rng.permutation(np.arange(7, 10)).astype(np.uint64))

    found = partition(slots, accounts)
    other = partition(values[slots[rows][:, columns]], names[accounts[rows]])

    assert other.p_value == pytest.approx(found.p_value)
    assert other.collisions == found.collisions


@pytest.mark.slow
@pytest.mark.parametrize(
    ("exchanges", "skew", "together"),
    [(96, 0.0, 0.0), (96, 1.0, 0.0), (960, 1.0, 0.0), (960, 2.0, 0.0), (96, 1.0, 0.3)],
)
def test_independent_draws_are_accused_no_more_often_than_promised(
    exchanges: int, skew: float, together: float
) -> None:
    rng = np.random.default_rng(61)
    worlds = 2_500
    accounts = np.repeat(np.arange(6), exchanges // 6)

    pvalues = np.array(
        [partition(draws(rng, exchanges, skew, together), accounts).p_value for _ in range(worlds)]
    )

    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / worlds)
        assert np.mean(pvalues <= level) <= level + noise


def test_finds_a_list_divided_among_accounts() -> None:
    rng = np.random.default_rng(62)
    questions = np.array(list(itertools.product(range(1, 13), range(1, 16))))
    accounts = rng.permutation(np.repeat(np.arange(6), len(questions) // 6))

    found = partition(hashed(questions), accounts)

    assert found.collisions == 0
    assert found.p_value < 1e-20


def test_popular_values_make_few_collisions_less_surprising() -> None:
    # The same agreement in each slot and none in both, from even stocks and from skewed ones.
    even = np.array([[1, 3], [2, 4], [1, 4], [2, 3]])
    skewed = np.array([[1, 1], [1, 2], [1, 3], [2, 1], [3, 1], [4, 4]])
    accounts = np.array([0, 1, 2, 3, 4, 5])

    flat, clumped = partition(hashed(even), accounts[:4]), partition(hashed(skewed), accounts)

    assert flat.p_value == pytest.approx(math.exp(-flat.expected))
    assert clumped.collisions == 0
    assert clumped.p_value > math.exp(-clumped.expected)


def test_disjoint_essays_say_nothing() -> None:
    topic = np.tile(np.arange(1, 6), 40)
    essay = np.arange(1, 201)

    found = partition(hashed(np.column_stack([topic, essay])), np.repeat(np.arange(4), 50))

    assert found == (1.0, 0, 0.0)


def test_a_public_question_set_that_everybody_runs_says_nothing() -> None:
    # Each question belongs to one of five topics, and five accounts ask them all.
    questions = np.column_stack([np.arange(40) % 5, np.arange(40)]) + 1

    found = partition(hashed(np.tile(questions, (5, 1))), np.repeat(np.arange(5), 40))

    assert found.collisions == 10 * 40
    assert found.p_value == pytest.approx(1)


def test_a_public_grid_of_questions_that_everybody_runs_says_nothing() -> None:
    questions = np.array(list(itertools.product(range(1, 6), range(1, 9))))

    found = partition(hashed(np.tile(questions, (5, 1))), np.repeat(np.arange(5), 40))

    assert found.collisions == pytest.approx(found.expected)
    assert found.p_value > 0.5


def test_one_slot_alone_says_nothing() -> None:
    rng = np.random.default_rng(63)

    values = np.minimum(rng.geometric(0.2, (100, 1)), 12)

    found = partition(hashed(values), rng.integers(0, 5, 100))

    # What one slot explains alone is expected: popular values add nothing to the variance.
    assert found.collisions == pytest.approx(found.expected)
    assert found.p_value == pytest.approx(poisson.cdf(found.collisions, found.expected))
    assert found.p_value >= 0.5


@pytest.mark.parametrize(
    ("slots", "accounts"),
    [
        (np.empty((0, 4), np.uint64), np.empty(0, np.int64)),
        (np.zeros((9, 4), np.uint64), np.arange(9)),
        (np.ones((9, 4), np.uint64), np.zeros(9, np.int64)),
        (np.empty((9, 0), np.uint64), np.arange(9)),
    ],
)
def test_no_slots_or_one_account_say_nothing(slots: Slots, accounts: Accounts) -> None:
    assert partition(slots, accounts) == (1.0, 0, 0.0)
