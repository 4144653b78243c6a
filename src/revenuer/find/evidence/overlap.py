"""Do two sets of accounts, made from independent families of ties, hold the same accounts?

Accounts that share a template share nothing else, unless somebody runs them together. So a set
from one family (who shares a card) is laid over a set from another (who shares a template), and
the number of accounts in both is compared with what chance gives.

Null model: the two families are independent among accounts of like activity. Within a stratum of
n accounts, of which a are in the first set and b in the second, the overlap is hypergeometric with
mean a b / n; the whole overlap is the sum over strata. A sum of hypergeometric draws is no more
spread out than a binomial one of the same mean [1, 2], so the binomial tail is an upper bound on
the p-value: above the mean it can only be too large. Activity is a stratum because busy accounts
have more of everything.

Misleads when something outside both families moves both, such as a country where one carrier and
one product are popular; such overlaps are large sets with small odds, so `odds` is reported and
callers ask for a floor.

[1] W. Hoeffding. On the distribution of the number of successes in independent trials.
    Ann. Math. Statist. 27(3), 1956. https://doi.org/10.1214/aoms/1177728178
[2] W. Hoeffding. Probability inequalities for sums of bounded random variables. JASA 58, 1963.
    https://doi.org/10.1080/01621459.1963.10500830
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import binom

from revenuer.errors import InputError
from revenuer.find.features.sets import products

SMALLEST = 1e-300
#: Accounts in both sets below which an overlap is an anecdote.
FEWEST = 2


class Overlaps(NamedTuple):
    """Overlaps of at least `FEWEST` accounts, in order of (left, right).

    Attributes:
        left, right: (overlaps,) rows of the two set matrices.
        shared: (overlaps,) accounts in both.
        expected: (overlaps,) mean under the null.
        odds: (overlaps,) odds ratio of membership, halves added, over all accounts.
        p_values: (overlaps,) upper bounds in (0, 1].
        found: Overlaps, those of small odds included.
        tests: Pairs of sets compared in all, also those that share nobody.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    shared: NDArray[np.int64]
    expected: NDArray[np.float64]
    odds: NDArray[np.float64]
    p_values: NDArray[np.float64]
    found: int
    tests: int


def overlaps(
    left: sparse.csr_array,
    right: sparse.csr_array,
    strata: NDArray[np.int64],
    *,
    odds_floor: float = 0.0,
) -> Overlaps:
    """Compare every set of one family with every set of another.

    Args:
        left: (sets, accounts) 0/1.
        right: (sets, accounts) 0/1 of an independent family.
        strata: (accounts,) stratum of each account, 0, 1, ...; -1 leaves an account out.
        odds_floor: Overlaps of smaller odds are counted and left out.

    Raises:
        InputError: The matrices speak of different accounts.
    """
    if not left.shape[1] == right.shape[1] == len(strata):
        raise InputError(
            f"sets speak of {left.shape[1]} and {right.shape[1]} accounts, strata of {len(strata)}"
        )
    known = strata >= 0
    left, right, strata = left[:, known], right[:, known], strata[known]
    accounts = max(len(strata), 1)
    in_stratum = sparse.csr_array(
        (np.ones(len(strata)), (np.arange(len(strata)), strata)),
        shape=(len(strata), int(strata.max()) + 1 if len(strata) else 1),
    )
    sizes: NDArray[np.float64] = np.asarray(in_stratum.sum(axis=0)).ravel()
    first, second = (left @ in_stratum).toarray(), (right @ in_stratum).toarray()
    held, holds = first.sum(axis=1), second.sum(axis=1)
    found, kept = 0, []
    # A set that everybody is in meets all sets of the other family: the product is cut up.
    for start, both in products(left, right.T.tocsr()):
        enough = both.data >= FEWEST
        row, column = (axis[enough].astype(np.int64) for axis in both.coords)
        row, shared = row + start, both.data[enough].astype(np.int64)
        a, b = held[row], holds[column]
        odds = ((shared + 0.5) * (accounts - a - b + shared + 0.5)) / (
            (a - shared + 0.5) * (b - shared + 0.5)
        )
        found += len(odds)
        high = np.flatnonzero(odds >= odds_floor)
        high = high[np.lexsort((column[high], row[high]))]
        row, column, shared, smaller = row[high], column[high], shared[high], np.minimum(a, b)[high]
        expected = (first[row] * second[column] / np.maximum(sizes, 1)).sum(axis=1)
        p_values = binom.sf(shared - 1, smaller, np.minimum(expected / np.maximum(smaller, 1), 1.0))
        # The bound holds above the mean only (Hoeffding 1956, theorem 4).
        p_values = np.where(shared >= expected + 1, p_values, 1.0)
        kept.append((row, column, shared, expected, odds[high], np.clip(p_values, SMALLEST, 1.0)))
    row, column, shared, expected, odds, p_values = map(np.concatenate, zip(*kept, strict=True))
    return Overlaps(
        row, column, shared, expected, odds, p_values, found, left.shape[0] * right.shape[0]
    )
