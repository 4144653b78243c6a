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

Strangers who fill one template from stocks of their own (each its own products, its own pupils)
avoid each other without knowing it. `within_accounts` is a second null for that: each slot's values
are shuffled among the exchanges of their own account, so an account keeps its stocks and only which
values meet is left to chance. Callers take the larger p-value of the two.

Slot values are compared as hashes; equal hashes of different values have chance 2^-64 a pair.

[1] R. Arratia, L. Goldstein, L. Gordon. Poisson approximation and the Chen-Stein method.
    Statistical Science 5(4), 1990. https://doi.org/10.1214/ss/1177012015
[2] W. Hoeffding. A class of statistics with asymptotically normal distribution. Ann. Math.
    Statist. 19(3), 1948. https://doi.org/10.1214/aoms/1177730196
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom, poisson

SMALLEST = 1e-300
#: Shuffles behind the second null.
SHUFFLES = 64


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


def partition(
    slots: NDArray[np.uint64],
    accounts: NDArray[np.int64],
    layouts: NDArray[np.uint64] | None = None,
) -> Partition:
    """Test whether accounts avoid each other's questions.

    Args:
        slots: (exchanges, slots) hashes of what stands in each slot; 0 for an absent slot.
        accounts: (exchanges,) account of each.
        layouts: (exchanges,) hash of the wording around the slots; all alike where left out. Only
            exchanges of one layout are compared: the same slot of another wording is another slot.
    """
    collisions, expected, clumping = 0, 0.0, 0.0
    for layout in _layouts(slots, accounts, layouts):
        collisions += _agreements(layout.slots, layout.accounts)
        expected += layout.pairs * layout.chance
        clumping += _clumping(layout.slots, layout.accounts)
    if expected == 0 and collisions == 0:
        return Partition(1.0, 0, 0.0)
    return Partition(max(_at_most(collisions, expected, clumping), SMALLEST), collisions, expected)


class _Layout(NamedTuple):
    """Exchanges of one layout: rows, slots in use, accounts, cross pairs, their chance to agree."""

    rows: NDArray[np.int64]
    slots: NDArray[np.uint64]
    accounts: NDArray[np.int64]
    pairs: int
    chance: float


def _layouts(
    slots: NDArray[np.uint64],
    accounts: NDArray[np.int64],
    layouts: NDArray[np.uint64] | None,
) -> Iterator[_Layout]:
    """Yield each layout in which exchanges of two accounts can agree."""
    if layouts is None:
        layouts = np.zeros(len(accounts), np.uint64)
    order = np.argsort(layouts, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(layouts[order])) + 1):
        own = accounts[rows]
        used = slots[rows][:, (slots[rows] != 0).any(axis=0)]
        pairs = _cross_pairs(np.zeros(len(rows), np.uint64), own)
        if used.shape[1] and pairs:
            chance = math.prod(_cross_pairs(slot, own) / pairs for slot in used.T)
            yield _Layout(rows, used, own, pairs, chance)


def apart(
    slots: NDArray[np.uint64],
    accounts: NDArray[np.int64],
    layouts: NDArray[np.uint64] | None = None,
    *,
    fewest: float,
    ratio: float,
) -> NDArray[np.int64]:
    """Return the accounts that keep apart from the others' questions, sorted.

    A template may have users beside those who divide a list: they are too few in it to tell, or
    agree with others as often as chance says.

    Args:
        slots: As in `partition`.
        accounts: As in `partition`.
        layouts: As in `partition`.
        fewest: Agreements with others that an account must be expected to have.
        ratio: How many times fewer it must have.
    """
    names, place = np.unique(accounts, return_inverse=True)
    observed, expected = np.zeros(len(names)), np.zeros(len(names))
    for layout in _layouts(slots, accounts, layouts):
        who = place[layout.rows]
        own = np.bincount(who, minlength=len(names))
        expected += own * (len(who) - own) * layout.chance
        _, value = np.unique(_whole(layout.slots), return_inverse=True)
        cells, counts = np.unique(value * len(names) + who, return_counts=True)
        others = np.bincount(value)[cells // len(names)] - counts
        observed += np.bincount(cells % len(names), counts * others, len(names))
    return names[(expected >= fewest) & (ratio * observed <= expected)]


def within_accounts(
    slots: NDArray[np.uint64],
    accounts: NDArray[np.int64],
    rng: np.random.Generator,
    layouts: NDArray[np.uint64] | None = None,
) -> Partition:
    """Test the same with each slot's values shuffled within each account and layout.

    The number of agreements is taken as negative binomial with the mean and variance of `SHUFFLES`
    shuffles, Poisson where they vary less than that.

    Args:
        slots: As in `partition`.
        accounts: As in `partition`.
        rng: Shuffles.
        layouts: As in `partition`.
    """
    if layouts is None:
        layouts = np.zeros(len(accounts), np.uint64)
    used = slots[:, (slots != 0).any(axis=0)]
    if used.shape[1] == 0:
        return Partition(1.0, 0, 0.0)
    order = np.lexsort((layouts, accounts))
    used, accounts, layouts = used[order], accounts[order], layouts[order]
    collisions = _agreements(np.column_stack([used, layouts]), accounts)
    cells = np.cumsum(np.append(False, (np.diff(accounts) != 0) | (layouts[1:] != layouts[:-1])))
    counts = np.empty(SHUFFLES)
    for draw in range(SHUFFLES):
        shuffled = np.column_stack([used, layouts])
        for slot in range(used.shape[1]):
            # Rows lie cell by cell: a fraction added to the cell's number stays within it.
            shuffled[:, slot] = used[np.argsort(cells + rng.random(len(cells))), slot]
        counts[draw] = _agreements(shuffled, accounts)
    expected = float(counts.mean())
    clumping = max(float(counts.var(ddof=1)) - expected, 0.0)
    return Partition(max(_at_most(collisions, expected, clumping), SMALLEST), collisions, expected)


def _agreements(slots: NDArray[np.uint64], accounts: NDArray[np.int64]) -> int:
    """Count pairs of exchanges of different accounts that agree in every slot."""
    return _cross_pairs(_whole(slots), accounts)


def _whole(slots: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return (exchanges,) one hash of all slots."""
    whole = np.zeros(len(slots), np.uint64)
    for slot in slots.T:
        whole = (whole * np.uint64(0x9E3779B97F4A7C15)) ^ slot
        whole ^= whole >> np.uint64(32)
    return whole


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
