"""Do the accounts of a set crowd together on one scale, such as the date they were made?

Null model: a set made from another family is a random draw of accounts, so the ranks of its
members on any scale are uniform. For each k on a short list the narrowest stretch that holds k
members is found; its p-value is a union bound: given that the stretch begins at one of n members,
the other n - 1 fall into a stretch of width d independently, so

    P(some k of n within d) <= n P(Binomial(n - 1, d) >= k - 1),

times the number of k tried [1, section 1.3, for the classical scan statistic]. Ranks need no model
of how accounts come into being; ties count as the whole stretch they fill, so records kept by the
day lose power, never validity.

Misleads when the set is narrow on the scale for an innocent reason, such as the users of a
product launched last week: a second family must agree, and intent is judged apart.

[1] J. Glaz, J. Naus, S. Wallenstein. Scan Statistics. Springer 2001.
    https://doi.org/10.1007/978-1-4757-3460-7
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

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


def crowd(ranks: Scale, members: NDArray[np.int64]) -> Crowd:
    """Return the most surprising stretch of the members' ranks.

    Args:
        ranks: Of all accounts.
        members: (members,) account numbers of one set.
    """
    placed = np.flatnonzero(~np.isnan(ranks.low[members]))
    order = placed[np.argsort(ranks.low[members][placed], kind="stable")]
    low, high = ranks.low[members][order], ranks.high[members][order]
    n = len(order)
    if n < FEWEST:
        return Crowd(1.0, np.empty(0, np.int64), 1.0, float(n))
    sizes = _sizes(n)
    best = (1.0, 0, 0, 1.0)
    for k in sizes:
        # A tie fills its whole stretch, so widths run from the low rank to the high one.
        widths = np.minimum(high[k - 1 :] - low[: n - k + 1], 1.0)
        at = int(np.argmin(widths))
        p_value = float(n * binom.sf(k - 2, n - 1, widths[at]) * len(sizes))
        if p_value < best[0]:
            best = (p_value, at, k, float(widths[at]))
    p_value, at, k, share = best
    return Crowd(max(p_value, SMALLEST), np.sort(order[at : at + k]), share, share * n)


def _sizes(n: int) -> list[int]:
    """Return the numbers of members to try: all of them, and fractions down to three."""
    sizes = {n}
    k = n
    while k > FEWEST:
        k = max(FEWEST, int(k * 0.75))
        sizes.add(k)
    return sorted(sizes)
