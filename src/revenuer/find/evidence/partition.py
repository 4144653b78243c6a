"""Do accounts divide a small pool of questions among themselves, so that nobody asks twice?

Whoever splits a list over many accounts sends each item once. Strangers who fill the same template
from the same small stocks of values collide now and then. The test counts how often two accounts
filled all slots alike, and compares it with what independent draws from the values seen would give.

Null model: each exchange draws the value of each slot independently from the stock of that slot,
so two exchanges of different accounts agree in every slot with the product over slots of the
share of cross-account pairs that agree in that slot. The number of agreements is then about
Poisson with mean λ, and few are as surprising as exp(-λ). Two things keep it honest. A slot in
which no two accounts ever agree (free text) gives λ = 0 and p = 1: disjoint essays say nothing.
Slots that go together (a topic with its own examples) agree more often than the product says, so
λ is too small and p too large.

Slot values are compared as hashes; equal hashes of different values have chance 2^-64 a pair.

Source: the birthday-problem Poisson limit, R. Arratia, L. Goldstein, L. Gordon. Poisson
approximation and the Chen-Stein method. Statistical Science 5(4), 1990.
https://doi.org/10.1214/ss/1177012015
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

SMALLEST = 1e-300


class Partition(NamedTuple):
    """What the slots of one template say.

    Attributes:
        p_value: In (0, 1].
        collisions: Pairs of exchanges of different accounts that agree in every slot.
        expected: Mean of that number under the null.
    """

    p_value: float
    collisions: int
    expected: float


def partition(slots: NDArray[np.uint64], accounts: NDArray[np.int64]) -> Partition:
    """Test whether accounts avoid each other's questions.

    Args:
        slots: (exchanges, slots) hashes of what stands in each slot; 0 for an absent slot.
        accounts: (exchanges,) account of each.
    """
    used = slots[:, (slots != 0).any(axis=0)]
    pairs = _cross_pairs(np.zeros(len(accounts), np.uint64), accounts)
    if used.shape[1] == 0 or pairs == 0:
        return Partition(1.0, 0, 0.0)
    agreeing = [_cross_pairs(used[:, s], accounts) / pairs for s in range(used.shape[1])]
    whole = used[:, 0]
    for s in range(1, used.shape[1]):
        whole = (whole * np.uint64(0x9E3779B97F4A7C15)) ^ used[:, s]
    collisions = _cross_pairs(whole, accounts)
    expected = pairs * math.prod(agreeing)
    return Partition(max(float(poisson.cdf(collisions, expected)), SMALLEST), collisions, expected)


def _cross_pairs(values: NDArray[np.uint64], accounts: NDArray[np.int64]) -> int:
    """Count pairs of exchanges of different accounts with the same value."""
    order = np.lexsort((accounts, values))
    values, accounts = values[order], accounts[order]
    if len(values) == 0:
        return 0
    is_new_value = np.append(True, values[1:] != values[:-1])
    is_new_cell = is_new_value | np.append(True, accounts[1:] != accounts[:-1])
    return _pairs_within(is_new_value) - _pairs_within(is_new_cell)


def _pairs_within(is_new: NDArray[np.bool_]) -> int:
    sizes = np.diff(np.flatnonzero(np.append(is_new, True)))
    return int((sizes.astype(np.int64) * (sizes - 1) // 2).sum())
