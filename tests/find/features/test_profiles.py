"""Accounts are paired by the sizes of their exchanges when nothing else is logged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from revenuer.find.features import profiles
from revenuer.find.features.sets import Pairs

Sizes = NDArray[np.int64]


def traffic(
    rng: np.random.Generator, accounts: int, exchanges: int = 60
) -> tuple[NDArray[np.int32], Sizes, Sizes]:
    """Accounts with medians of their own for prompts and completions."""
    account = np.repeat(np.arange(accounts, dtype=np.int32), exchanges)
    read, written = (
        np.exp(rng.normal(5, 1.5, accounts)[account] + rng.normal(0, 0.3, len(account)))
        for _ in range(2)
    )
    return account, read.astype(np.int64), written.astype(np.int64)


def edges(pairs: Pairs) -> dict[tuple[int, int], float]:
    return {(int(a), int(b)): float(w) for a, b, w in zip(*pairs, strict=True)}


def test_agrees_with_distances_by_hand() -> None:
    # Constant sizes: the profile of an account is one point, log1p of its two sizes.
    account = np.repeat(np.arange(4, dtype=np.int32), 50)
    read = np.repeat(np.array([10, 12, 100, 900]), 50)
    written = np.repeat(np.array([20, 20, 300, 9]), 50)

    found = edges(profiles.pairs(account, read, written))

    # Of six pairs the nearest two are kept: (0, 1), then (1, 2).
    assert found == {(0, 1): pytest.approx(math.log10(6)), (1, 2): pytest.approx(math.log10(3))}


def test_a_job_split_over_accounts_is_the_nearest_of_all() -> None:
    rng = np.random.default_rng(31)
    account, read, written = traffic(rng, 40, exchanges=1_000)
    for twin in (7, 23):
        read[account == twin] = np.exp(rng.normal(6, 0.4, 1_000)).astype(np.int64)
        written[account == twin] = np.exp(rng.normal(3, 0.9, 1_000)).astype(np.int64)

    found = edges(profiles.pairs(account, read, written))

    assert max(found, key=lambda pair: found[pair]) == (7, 23)


def test_pairs_are_as_many_as_half_the_accounts_whoever_they_are() -> None:
    found = profiles.pairs(*traffic(np.random.default_rng(32), 31))

    assert len(found.left) == 15
    assert (found.left < found.right).all()
    assert (found.weight >= -math.log10(15 / (31 * 30 / 2)) - 1e-12).all()


def test_the_order_of_exchanges_changes_nothing() -> None:
    account, read, written = traffic(np.random.default_rng(33), 12)
    order = np.random.default_rng(34).permutation(len(account))

    shuffled = profiles.pairs(account[order], read[order], written[order])

    assert edges(shuffled) == edges(profiles.pairs(account, read, written))


def test_quiet_accounts_and_unknown_sizes_are_left_out() -> None:
    account, read, written = traffic(np.random.default_rng(35), 6, exchanges=50)
    keep = np.ones(len(account), np.bool_)
    keep[0] = False  # account 0 sends 49
    read[account.searchsorted(3)] = -1  # account 3 sends 50, of which 49 are known
    written[account.searchsorted(4)] = -1

    found = profiles.pairs(account[keep], read[keep], written[keep])

    assert len(found.left) == 1
    assert {*found.left.tolist(), *found.right.tolist()} <= {1, 2, 5}


def test_two_accounts_or_none_make_no_pairs() -> None:
    nobody = np.empty(0, np.int64)

    assert edges(profiles.pairs(nobody.astype(np.int32), nobody, nobody)) == {}
    assert edges(profiles.pairs(*traffic(np.random.default_rng(36), 2))) == {}


def test_only_the_busiest_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "MOST_ACCOUNTS", 4)
    rng = np.random.default_rng(37)
    account = np.repeat(np.arange(8, dtype=np.int32), [50, 90, 50, 90, 50, 90, 50, 90])

    found = profiles.pairs(account, *rng.integers(1, 999, (2, len(account))))

    assert len(found.left) == 2
    assert {*found.left.tolist(), *found.right.tolist()} <= {1, 3, 5, 7}
