"""Do accounts divide a small pool of questions among themselves, so that nobody asks twice?

Whoever splits a list over many accounts sends each item once. Strangers who fill the same template
from the same small stocks of values collide now and then. The test counts how often two accounts
filled all slots alike, and compares it with what independent draws from the values seen would give.

Null model: each exchange draws the value of each slot independently from the stock of that slot,
so two exchanges of different accounts agree in every slot with the product over slots of the
share of cross-account pairs that agree in that slot. Where all values are equally frequent, the
number of agreements is about Poisson with mean λ [1], and none is as surprising as exp(-λ). Where
some are popular, agreements come in clumps: Hoeffding's projection [2] gives the variance, and the
number is taken as negative binomial with that mean and variance. Two things keep it honest. A slot
in which no two accounts ever agree (free text) gives λ = 0 and p = 1: disjoint essays say nothing.
Slots that go together (a topic with its own examples) agree more often than the product says, so
λ is too small and p too large.

Slot values are compared as hashes; equal hashes of different values have chance 2^-64 a pair.

[1] R. Arratia, L. Goldstein, L. Gordon. Poisson approximation and the Chen-Stein method.
    Statistical Science 5(4), 1990. https://doi.org/10.1214/ss/1177012015
[2] W. Hoeffding. A class of statistics with asymptotically normal distribution. Ann. Math.
    Statist. 19(3), 1948. https://doi.org/10.1214/aoms/1177730196
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom, poisson

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
    p_value = _at_most(collisions, expected, _clumping(used, accounts))
    return Partition(max(p_value, SMALLEST), collisions, expected)


def _at_most(collisions: int, expected: float, clumping: float) -> float:
    if expected == 0 or clumping <= 1e-9 * expected:
        return float(poisson.cdf(collisions, expected))
    size = expected**2 / clumping
    return float(nbinom.cdf(collisions, size, size / (size + expected)))


def _clumping(slots: NDArray[np.uint64], accounts: NDArray[np.int64]) -> float:
    """Return what popular values add to the variance of the collisions less their expected number.

    An exchange with popular values in all slots collides with many. With p the frequencies of one
    slot's values, its chance of agreement with another has mean q = Σp² and second moment m = Σp³;
    what each slot explains alone is in the expected number already and is taken out.
    """
    n = len(accounts)
    counts = [np.unique(slots[:, s], return_counts=True)[1] / n for s in range(slots.shape[1])]
    q, m = (np.array([(p**power).sum() for p in counts]) for power in (2, 3))
    whole = q.prod()
    alone = (np.maximum(m - q**2, 0) * (whole / q) ** 2).sum()
    own = np.unique(accounts, return_counts=True)[1]
    partners = float((own * (n - own).astype(np.float64) ** 2).sum())
    return partners * max(float(m.prod() - whole**2 - alone), 0.0)


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
