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

from revenuer.find.evidence.partition import apart, partition, within_accounts

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


def from_own_stocks(rng: np.random.Generator, accounts: int, each: int) -> Slots:
    """Fill two slots of each account's exchanges from its own part of 14 and 20 values."""
    rows = []
    for _ in range(accounts):
        stocks = rng.choice(14, 6, replace=False), rng.choice(20, 8, replace=False)
        rows.append(np.column_stack([rng.choice(own, each) for own in stocks]) + 1)
    return hashed(np.vstack(rows))


def shuffled(rng: np.random.Generator, slots: Slots, accounts: Accounts) -> Slots:
    """Shuffle each slot's values among the exchanges of each account."""
    out = slots.copy()
    for account in np.unique(accounts):
        own = np.flatnonzero(accounts == account)
        for slot in range(slots.shape[1]):
            out[own, slot] = slots[rng.permutation(own), slot]
    return out


def test_agrees_with_counting_by_hand() -> None:
    slots = hashed(np.array([[1, 3], [2, 4], [1, 4], [2, 3]]))

    found = partition(slots, np.array([0, 0, 1, 1]))

    # Of four pairs between the accounts two agree in each slot, and none in both.
    assert found.collisions == 0
    assert found.expected == pytest.approx(4 * 0.5 * 0.5)
    assert found.p_value == pytest.approx(math.exp(-1))


def test_only_exchanges_of_one_layout_are_compared() -> None:
    slots = hashed(np.array([[1, 3], [2, 4], [1, 4], [2, 3]] * 2 + [[1, 3], [1, 3]]))
    accounts = np.array([0, 0, 1, 1] * 2 + [0, 1])
    layouts = np.array([7] * 4 + [8] * 4 + [9, 10], np.uint64)

    found = partition(slots, accounts, layouts)

    # The case above twice over; across layouts the same slots are no repeat.
    assert found.collisions == 0
    assert found.expected == pytest.approx(2 * 4 * 0.5 * 0.5)
    assert found.p_value == pytest.approx(math.exp(-2))
    assert partition(slots, accounts).collisions > 0


@given(uses(), st.data())
def test_what_layouts_say_adds_up(use: tuple[Slots, Accounts], data: st.DataObject) -> None:
    slots, accounts = use
    rows = st.lists(st.integers(0, 2), min_size=len(slots), max_size=len(slots))
    layouts = np.array(data.draw(rows), np.uint64)
    rng = np.random.default_rng(71)

    parts = [partition(slots[layouts == one], accounts[layouts == one]) for one in range(3)]
    found = partition(slots, accounts, layouts)
    shuffled = within_accounts(slots, accounts, rng, layouts)

    assert found.collisions == sum(part.collisions for part in parts)
    assert found.expected == pytest.approx(sum(part.expected for part in parts))
    assert 0 < found.p_value <= 1
    assert 0 < shuffled.p_value <= 1
    if slots.all():
        assert shuffled.collisions == found.collisions


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


def test_within_accounts_agrees_with_counting_by_hand() -> None:
    # Account 0 asks (1, 3), (2, 4) or (1, 4), (2, 3) with even chance, and so does account 1: they
    # agree in two questions or in none.
    slots = hashed(np.array([[1, 3], [2, 4], [1, 4], [2, 3]]))

    found = within_accounts(slots, np.array([0, 0, 1, 1]), np.random.default_rng(65))

    assert found.collisions == 0
    assert found.expected == pytest.approx(1, abs=4 / math.sqrt(64))
    # The mean is 1 and the variance 1: about Poisson.
    assert found.p_value == pytest.approx(math.exp(-1), rel=0.4)


@given(uses(), st.integers(0, 2**32 - 1))
def test_within_accounts_counts_the_same_and_does_not_depend_on_names(
    use: tuple[Slots, Accounts], seed: int
) -> None:
    slots, accounts = use

    found = within_accounts(slots, accounts, np.random.default_rng(seed))
    other = within_accounts(hashed(slots), accounts + 100, np.random.default_rng(seed))

    assert other == pytest.approx(found)
    assert found.collisions == partition(slots, accounts).collisions or not slots.any()
    assert 0 < found.p_value <= 1


def test_within_accounts_each_account_keeps_its_stocks() -> None:
    # Of one exchange an account nothing can be shuffled, whatever order they come in.
    slots = draws(np.random.default_rng(66), 40, 1.0, 0.0)
    order = np.random.default_rng(67).permutation(40)

    found = within_accounts(slots[order], order, np.random.default_rng(68))

    assert found.collisions == found.expected > 0
    assert found.p_value > 0.5


def test_within_accounts_values_keep_to_their_layout() -> None:
    # Each account asks its questions of one wording from one stock, of another from another.
    rng = np.random.default_rng(72)
    accounts, layouts = np.repeat(np.arange(6), 40), np.tile(np.arange(2), 120)
    stock = (accounts + layouts) % 2
    slots = hashed(rng.integers(0, 5, (240, 2)) + 10 * stock[:, None] + 1)

    found = within_accounts(slots, accounts, rng, layouts.astype(np.uint64))

    # Of one layout half of the accounts share a stock: 1 in 25 pairs of theirs agrees.
    pairs = 2 * 2 * math.comb(3, 2) * 20**2
    assert found.expected == pytest.approx(pairs / 25, rel=0.15)
    assert found.collisions == pytest.approx(pairs / 25, rel=0.3)
    assert found.p_value > 1e-3


def test_who_keeps_apart_agrees_with_counting_by_hand() -> None:
    # Two and two values, of which any two exchanges agree in half: a quarter of pairs in both.
    slots = hashed(np.array([[1, 3], [2, 4], [1, 4], [2, 3], [1, 3], [2, 4]]))
    accounts = np.array([10, 10, 20, 20, 30, 30])
    layouts = np.zeros(6, np.uint64)
    chance = partition(slots, accounts, layouts).expected / 12
    two_by_four = 2 * 4 * chance

    def who(fewest: float, ratio: float) -> list[int]:
        return list(apart(slots, accounts, layouts, fewest=fewest, ratio=ratio).tolist())

    # 10 and 30 ask the same two questions, 20 others: two agreements of 10 and of 30 with others.
    assert who(0, 1e-9) == [10, 20, 30]
    assert who(0, 10) == [20]
    assert who(0, two_by_four / 2 * 0.99) == [10, 20, 30]
    assert who(0, two_by_four / 2 * 1.01) == [20]
    assert who(two_by_four * 0.99, 10) == [20]
    assert who(two_by_four * 1.01, 10) == []


def test_a_question_asked_three_times_agrees_three_times() -> None:
    # One account asks three times what another asks once; a third asks something else.
    slots = hashed(np.array([[1, 1], [1, 1], [1, 1], [1, 1], [2, 2]]))
    accounts, layouts = np.array([0, 0, 0, 1, 2]), np.zeros(5, np.uint64)

    found = apart(slots, accounts, layouts, fewest=0, ratio=0.5)

    # Of 7 pairs 3 agree in each slot: 3 x 2 x 9/49 are expected of account 0, and 3 are there.
    assert found.tolist() == [2]


@given(uses(), st.data())
def test_keeping_apart_is_counted_pair_by_pair(
    use: tuple[Slots, Accounts], data: st.DataObject
) -> None:
    slots, accounts = use
    rows = st.lists(st.integers(0, 1), min_size=len(slots), max_size=len(slots))
    layouts = np.array(data.draw(rows), np.uint64)
    # No agreement at all: whoever is expected to have one and has none.
    agrees = {
        int(accounts[i])
        for i, j in itertools.permutations(range(len(slots)), 2)
        if accounts[i] != accounts[j]
        and layouts[i] == layouts[j]
        and (slots[i] == slots[j]).all()
        and (slots[layouts == layouts[i]] != 0).any()
    }

    found = apart(slots, accounts, layouts, fewest=0.0, ratio=1e9)

    assert found.tolist() == sorted({*accounts.tolist()} - agrees)


def test_accounts_with_stocks_of_their_own_say_nothing() -> None:
    # Shops with the same brands sell other kinds of goods: no two have both in common.
    rng = np.random.default_rng(69)
    accounts = np.repeat(np.arange(6), 40)
    brand = rng.integers(0, 10, 240) + 10 * (accounts % 3) + 1
    goods = rng.integers(0, 10, 240) + 10 * (accounts // 3) + 1
    slots = hashed(np.column_stack([brand, goods]))

    assert partition(slots, accounts).collisions == 0
    assert partition(slots, accounts).p_value < 1e-6
    assert within_accounts(slots, accounts, rng).p_value == pytest.approx(1)


def test_within_accounts_a_list_that_is_divided_is_found_all_the_same() -> None:
    rng = np.random.default_rng(64)
    questions = np.array(list(itertools.product(range(1, 13), range(1, 16))))
    accounts = rng.permutation(np.repeat(np.arange(6), len(questions) // 6))

    found = within_accounts(hashed(questions), accounts, rng)

    assert found.collisions == 0
    assert found.expected == pytest.approx(len(questions) / 2 * 5 / 6, rel=0.1)
    assert found.p_value < 1e-20


@pytest.mark.slow
@pytest.mark.parametrize(("each", "worlds"), [(12, 1_200), (40, 600)])
def test_what_meets_by_chance_is_accused_no_more_often_than_promised(
    each: int, worlds: int
) -> None:
    rng = np.random.default_rng(70)
    accounts = np.repeat(np.arange(6), each)
    slots = from_own_stocks(rng, 6, each)

    pvalues = np.array(
        [
            within_accounts(shuffled(rng, slots, accounts), accounts, rng).p_value
            for _ in range(worlds)
        ]
    )

    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / worlds)
        assert np.mean(pvalues <= level) <= level + noise
