"""Do the accounts of a set crowd together on one scale, such as the date they were made?

Null model: a set made from another family is a random draw of accounts, so the ranks of its
members on any scale are uniform. For each k on a short list the narrowest stretch that holds k
members is found; its p-value is a union bound: given that the stretch begins at one of n members,
the other n - 1 fall into a stretch of width d independently, so

    P(some k of n within d) <= n P(Binomial(n - 1, d) >= k - 1),

times the number of k tried [1, section 1.3, for the classical scan statistic]. Stretches that hold
less than `floor` times their share are left out, which only makes the p-value larger: a large set
made in three batches would else be told by the one wide stretch around them. Ranks need no model
of how accounts come into being; ties count as the whole stretch they fill, so records kept by the
day lose power, never validity.

Misleads when the set is narrow on the scale for an innocent reason, such as the users of a
product launched last week: a second family must agree, and intent is judged apart.

[1] J. Glaz, J. Naus, S. Wallenstein. Scan Statistics. Springer 2001.
    https://doi.org/10.1007/978-1-4757-3460-7
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

SMALLEST = 1e-300
FEWEST = 3


class Crowd(NamedTuple):
    """The most surprising stretch of one set.

    Attributes:
        p_value: In (0, 1]; 1 when fewer than `FEWEST` members have a place on the scale.
        members: Positions, within the set as given, of the members inside the stretch.
        share: Share of all accounts that lie in the stretch, in (0, 1].
        expected: Members expected in a stretch of that width.
    """

    p_value: float
    members: NDArray[np.int64]
    share: float
    expected: float


class Scale(NamedTuple):
    """Ranks of all accounts on one scale.

    Attributes:
        low, high: (accounts,) share of accounts strictly below, and at or below, in [0, 1]; NaN
            for accounts without a value.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def scale(values: NDArray[np.float64]) -> Scale:
    """Rank (accounts,) values; NaN stays out."""
    known = ~np.isnan(values)
    ordered = np.sort(values[known])
    low, high = np.full(len(values), np.nan), np.full(len(values), np.nan)
    count = max(len(ordered), 1)
    low[known] = np.searchsorted(ordered, values[known], "left") / count
    high[known] = np.searchsorted(ordered, values[known], "right") / count
    return Scale(low, high)


def crowd(ranks: Scale, members: NDArray[np.int64], *, floor: float = 1.0) -> Crowd:
    """Return the most surprising stretch of the members' ranks.

    Args:
        ranks: Of all accounts.
        members: (members,) account numbers of one set.
        floor: Least number of members in a stretch over the number expected there.
    """
    placed = np.flatnonzero(~np.isnan(ranks.low[members]))
    order = placed[np.argsort(ranks.low[members][placed], kind="stable")]
    low, high = ranks.low[members][order], ranks.high[members][order]
    n = len(order)
    if n < FEWEST:
        return Crowd(1.0, np.empty(0, np.int64), 1.0, float(n))
    p_value, at, k, share = _narrowest(low, high, floor)
    return Crowd(max(p_value, SMALLEST), np.sort(order[at : at + k]), share, share * n)


@numba.njit(cache=True, nogil=True)
def _narrowest(low, high, floor):  # type: ignore[no-untyped-def]
    """Return (p-value, first place, members, width) of the most surprising stretch.

    Args:
        low: (members,) ranks from below, ascending.
        high: (members,) ranks from above, in the same order.
        floor: As in `crowd`.
    """
    n = len(low)
    best, best_at, best_k, best_width = 1.0, 0, 0, 1.0
    tried = 0
    k = n
    while True:
        tried += 1
        at, width = 0, 2.0
        for i in range(n - k + 1):
            # A tie fills its whole stretch, so widths run from the low rank to the high one.
            if high[i + k - 1] - low[i] < width:
                at, width = i, high[i + k - 1] - low[i]
        width = min(width, 1.0)
        p_value = n * _tail(k - 1, n - 1, width)
        if p_value < best and k >= floor * width * n:
            best, best_at, best_k, best_width = p_value, at, k, width
        if k <= FEWEST:
            break
        k = max(FEWEST, int(k * 0.75))
    return min(best * tried, 1.0), best_at, best_k, best_width


@numba.njit(cache=True, nogil=True)
def _tail(k, n, share):  # type: ignore[no-untyped-def]
    """Return P(Binomial(n, share) >= k), summed from its largest term on."""
    if k <= 0 or share >= 1.0:
        return 1.0
    if share <= 0.0:
        return 0.0
    if k <= n * share:
        return 1.0
    term = math.exp(
        math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)
        + k * math.log(share) + (n - k) * math.log1p(-share)
    )  # fmt: skip
    total, odds = 0.0, share / (1.0 - share)
    for i in range(k, n + 1):
        total += term
        term *= (n - i) / (i + 1.0) * odds
        if term < 1e-17 * total:
            break
    return min(total, 1.0)
