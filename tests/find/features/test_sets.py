"""Pairs and sets of accounts: what strangers share is not taken for a tie."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from revenuer.find.features import communities, sets
from revenuer.find.features.sets import Pairs


def shown(groups: list[list[int]], accounts: int) -> sparse.csr_array:
    """Return the incidence of tokens given as lists of accounts."""
    tokens = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    flat = np.array([account for group in groups for account in group], np.int64)
    return sets.incidence(tokens, flat, (len(groups), accounts))


def pairs(edges: list[tuple[int, int]], weights: list[float] | None = None) -> Pairs:
    left, right = (np.array([edge[side] for edge in edges], np.int64) for side in (0, 1))
    return Pairs(left, right, np.array(weights or [1.0] * len(edges)))


def clique(accounts: range) -> list[tuple[int, int]]:
    return list(itertools.combinations(accounts, 2))


def lists(groups: list[sets.Numbers]) -> list[list[int]]:
    return [group.tolist() for group in groups]


def test_who_shows_a_token_twice_counts_once() -> None:
    matrix = sets.incidence(np.array([1, 1, 1, 0]), np.array([2, 2, 0, 1]), (3, 4))

    assert matrix.toarray().tolist() == [[0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]


def test_the_weight_of_a_pair_agrees_with_a_count_by_hand() -> None:
    # Two accounts share five tokens, 98 others show one each: 108 showings are dealt out.
    matrix = shown([[0, 1]] * 5 + [[account] for account in range(2, 100)], 100)

    found = sets.shared_pairs(matrix)

    mean = 5 * 5 * (5 * 2 * 1) / 108**2
    tail = 1 - sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(5))
    assert (found.left.tolist(), found.right.tolist()) == ([0], [1])
    assert found.weight[0] == pytest.approx(-math.log10(tail), rel=1e-6)


def test_pairs_need_less_than_a_tenth_of_a_chance_pair_an_account() -> None:
    strong = shown([[0, 1]] * 2 + [[account] for account in range(2, 100)], 100)
    mean = 2 * 2 * (2 * 2 * 1) / 102**2
    tail = 1 - math.exp(-mean) * (1 + mean)

    assert tail < 1 / 1_000
    assert len(sets.shared_pairs(strong).left) == 1
    assert len(sets.shared_pairs(shown([[0, 1]], 100)).left) == 0


def test_a_hub_makes_no_pairs() -> None:
    matrix = shown([[0, 1, 2]] * 6 + [[account] for account in range(3, 300)], 300)

    assert len(sets.shared_pairs(matrix, hub=3).left) == 3
    assert len(sets.shared_pairs(matrix, hub=2).left) == 0


def test_fifty_thousand_accounts_behind_one_address_cost_no_pairs() -> None:
    everybody, carrier = list(range(60_000)), list(range(50_000))
    planted = [list(range(100, 110))] * 6
    alone = [[account] for account in range(60_000)]

    found = sets.shared_pairs(shown([everybody, carrier, *planted, *alone], 60_000))

    assert list(zip(found.left, found.right, strict=True)) == clique(range(100, 110))


def test_no_token_costs_more_than_the_square_of_the_bound() -> None:
    largest = [list(range(sets.HUB))] * 3
    hubs = [list(range(1_000, 1_001 + sets.HUB + more)) for more in range(3)]

    found = sets.shared_pairs(shown([*largest, *hubs, *[[a] for a in range(5_000)]], 5_000))

    assert len(found.left) == sets.HUB * (sets.HUB - 1) // 2
    assert found.right.max() < sets.HUB


def test_what_one_account_alone_shows_may_be_counted_instead_of_listed() -> None:
    tied, alone = [[0, 1]] * 5 + [[1, 2, 3]] * 4, [[account] for account in range(4, 100)]

    whole = sets.shared_pairs(shown([*tied, *alone], 100))
    counted = sets.shared_pairs(shown(tied, 100), dealt=2 * 5 + 3 * 4 + len(alone))

    assert [column.tolist() for column in counted] == [column.tolist() for column in whole]


@pytest.mark.parametrize("at_once", [1, 7, 10_000])
def test_a_product_in_stretches_is_the_product(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "AT_ONCE", at_once)
    matrix = planted(np.random.default_rng(80))
    rows, columns, values = [], [], []
    for first, part in sets.products(matrix.T.tocsr(), matrix):
        rows += (part.coords[0] + first).tolist()
        columns += part.coords[1].tolist()
        values += part.data.tolist()

    whole = sparse.csr_array((values, (rows, columns)), shape=(400, 400))
    assert (whole != matrix.T @ matrix).nnz == 0
    assert len(values) == (matrix.T @ matrix).nnz


def test_a_product_with_nothing_is_one_empty_stretch() -> None:
    (only,) = sets.products(shown([], 3), shown([[0]], 1).T.tocsr()[[0, 0, 0]])

    assert (only[0], only[1].nnz) == (0, 0)


@pytest.mark.parametrize("groups", [[], [[0], [1]], [[0, 1, 2, 3]]])
def test_tokens_that_tie_nobody_make_no_pairs(groups: list[list[int]]) -> None:
    found = sets.shared_pairs(shown(groups, 4), hub=3)

    assert [len(column) for column in found] == [0, 0, 0]


def test_strangers_become_pairs_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(77)
    accounts, weeks, kept = 500, 20, 0
    for _ in range(weeks):
        sizes = rng.integers(1, 12, 3_000)
        tokens = np.repeat(np.arange(len(sizes)), sizes)
        matrix = sets.incidence(tokens, rng.integers(0, accounts, len(tokens)), (3_000, accounts))
        kept += len(sets.shared_pairs(matrix).left)

    promised = weeks * accounts / 20
    assert kept <= promised + 4 * math.sqrt(promised)
    # A null that expected far too much would keep nothing at all.
    assert kept >= promised / 10


def test_busy_strangers_are_not_tied_by_being_busy() -> None:
    rng = np.random.default_rng(78)
    accounts = 300
    share = rng.pareto(1.2, accounts) + 0.2
    tokens = np.repeat(np.arange(2_000), 4)
    dealt = rng.choice(accounts, len(tokens), p=share / share.sum())

    found = sets.shared_pairs(sets.incidence(tokens, dealt, (2_000, accounts)))

    promised = accounts / 20
    assert len(found.left) <= promised + 4 * math.sqrt(promised)


def planted(rng: np.random.Generator) -> sparse.csr_array:
    """Ten accounts that share six tokens among 400 that meet by chance."""
    strangers = [rng.choice(400, 3, replace=False).tolist() for _ in range(400)]
    return shown([*strangers, *[list(range(50, 60))] * 6], 400)


def test_a_planted_group_is_found_whole() -> None:
    found = sets.shared_pairs(planted(np.random.default_rng(79)))

    together = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert set(clique(range(50, 60))) <= together
    assert list(range(50, 60)) in lists(communities.find(found, seed=0))


@given(st.permutations(list(range(8))))
def test_pairs_do_not_depend_on_the_order_of_tokens_or_names(order: list[int]) -> None:
    groups = [[0, 1]] * 3 + [[2, 3, 4]] * 4 + [[5]] * 9 + [[6, 7, 0]] * 3
    renamed = [[order[account] for account in group] for group in reversed(groups)]

    found, other = (sets.shared_pairs(shown(g, 8)) for g in (groups, renamed))

    straight = {
        (*sorted((order[a], order[b])), round(w, 9)) for a, b, w in zip(*found, strict=True)
    }
    assert straight == {(a, b, round(w, 9)) for a, b, w in zip(*other, strict=True)}
    assert (other.left < other.right).all()
    assert sorted(zip(other.left, other.right, strict=True)) == list(
        zip(other.left, other.right, strict=True)
    )


def test_merged_pairs_keep_the_largest_weight() -> None:
    merged = sets.merge(
        [pairs([(0, 1), (2, 5)], [3.0, 9.0]), pairs([(0, 1), (0, 2)], [4.0, 1.0]), pairs([])], 6
    )

    assert [column.tolist() for column in merged] == [[0, 0, 2], [1, 2, 5], [4.0, 1.0, 9.0]]


def test_gathered_sets_are_told_apart_by_their_accounts() -> None:
    tokens = shown([[1, 0], [2], [0, 1], [2, 3, 1]], 5)
    kinds = np.array(["card", "card", "address", "address"])

    gathered = sets.gather("footprint", tokens, kinds, [np.array([1, 2, 3]), np.array([3, 4])])

    assert gathered.family == "footprint"
    assert gathered.kinds.tolist() == ["card", "address", "community"]
    assert gathered.tokens.tolist() == [0, 3, -1]
    assert gathered.members.toarray().tolist() == [
        [1, 1, 0, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 0, 1, 1],
    ]
    assert gathered.members.has_sorted_indices


def test_gathering_nothing_gives_no_sets() -> None:
    gathered = sets.gather("templates", shown([[1]], 3), np.array(["template"]), [])

    assert gathered.members.shape == (0, 3)
    assert len(gathered.kinds) == len(gathered.tokens) == 0
