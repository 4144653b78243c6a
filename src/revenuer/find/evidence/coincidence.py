"""Do the accounts of a set come in clumps that another family of ties made?

One card that three of a template's users share may be chance among thousands of cards and
templates; nine such cards among twenty-seven users are not. So all footprints of one kind are
looked at together: they put accounts into disjoint blocks (who pays with one card), and the
statistic of a set is the number of its members beyond the first in each block.

Null model: the set is a random draw of accounts, within strata of like activity. Whether an account
is drawn is then negatively associated with whether others are [1], so for blocks j of b_j accounts

    P(Σ (k_j - 1)+ >= t) <= min over s > 0 of  exp(-s t) Π E exp(s (k_j - 1)+),

and each factor is largest when the block's accounts are drawn independently, all with the
mean of their chances [2, 3]. A bound, not an estimate: it holds at any depth.

Misleads where a set is what people of one place have in common, such as a local product; callers
ask for a floor on the effect.

[1] K. Joag-Dev, F. Proschan. Negative association of random variables, with applications.
    Ann. Statist. 11(1), 1983. https://doi.org/10.1214/aos/1176346079
[2] W. Hoeffding. On the distribution of the number of successes in independent trials.
    Ann. Math. Statist. 27(3), 1956. https://doi.org/10.1214/aoms/1177728178
[3] W. Hoeffding. Probability inequalities for sums of bounded random variables. JASA 58, 1963.
    https://doi.org/10.1080/01621459.1963.10500830
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
SMALLEST = 1e-300
#: Tilts tried in the bound; a finer grid gains nothing.
TILTS = np.geomspace(0.05, 20.0, 60)
#: Halvings of a chance below which it counts as that small.
FINEST = 60


class Blocks(NamedTuple):
    """Disjoint blocks of accounts.

    Attributes:
        of: (accounts,) block of each account, 0, 1, ...; -1 for none.
        sizes: (blocks,) accounts in each.
        strata: (blocks, strata) of them in each stratum.
        accounts: (strata,) accounts in each stratum.
        stratum: (accounts,) stratum of each account.
        alike: (kinds, strata) rows that occur in `strata`: a hundred times fewer than blocks.
        many: (kinds,) how often each does.
    """

    of: Numbers
    sizes: Numbers
    strata: NDArray[np.float64]
    accounts: Numbers
    stratum: Numbers
    alike: NDArray[np.float64]
    many: Numbers


class Coincidence(NamedTuple):
    """What the blocks say of one set.

    Attributes:
        p_value: Upper bound, in (0, 1].
        members: Positions, within the set as given, of the members that share a block with another.
        observed, expected: Members beyond the first in each block, and its mean under the null.
    """

    p_value: float
    members: Numbers
    observed: int
    expected: float


def blocks(of: Numbers, stratum: Numbers) -> Blocks:
    """Lay out blocks, given the block (-1 for none) and the stratum of each account."""
    count, strata = int(of.max(initial=-1)) + 1, int(stratum.max(initial=0)) + 1
    held = np.flatnonzero(of >= 0)
    table = np.zeros((count, strata))
    np.add.at(table, (of[held], stratum[held]), 1.0)
    sizes = table.sum(axis=1).astype(np.int64)
    alike, many = np.unique(table, axis=0, return_counts=True)
    return Blocks(of, sizes, table, np.bincount(stratum, minlength=strata), stratum, alike, many)


def tied(laid: Blocks, members: Numbers) -> Numbers:
    """Return the positions, within a set, of the members that share a block with another."""
    own = laid.of[members]
    _, place, counts = np.unique(own, return_inverse=True, return_counts=True)
    return np.flatnonzero((own >= 0) & (counts[place] > 1))


def coincidence(laid: Blocks, members: Numbers, *, floor: float = 1.0) -> Coincidence:
    """Return what the blocks say of a set.

    Args:
        laid: From `blocks`.
        members: (members,) account numbers, each once.
        floor: Times the expected number below which p is 1.
    """
    own = laid.of[members]
    own = own[own >= 0]
    observed = len(own) - len(np.unique(own))
    drawn = np.bincount(laid.stratum[members], minlength=len(laid.accounts))
    sizes = laid.alike.sum(axis=1).astype(np.int64)
    chance = laid.alike @ (drawn / np.maximum(laid.accounts, 1)) / np.maximum(sizes, 1)
    expected = float(laid.many @ (sizes * chance - 1 + (1 - chance) ** sizes))
    if observed <= expected or observed < floor * expected:
        return Coincidence(1.0, tied(laid, members), observed, expected)
    p_value = _bound(sizes, chance, laid.many, observed)
    return Coincidence(p_value, tied(laid, members), observed, expected)


def _bound(sizes: Numbers, chance: NDArray[np.float64], many: Numbers, observed: int) -> float:
    """Return the exponential bound on P(Σ (k - 1)+ >= observed), k binomial by block."""
    # Few sizes and chances stand for all blocks: rounding a chance up only makes the bound larger.
    with np.errstate(divide="ignore"):
        step = np.ceil(np.maximum(np.log2(chance), -FINEST) * 8).astype(np.int64)
    # One number for each pair of size and step: rows are slow to compare.
    kinds, place = np.unique(sizes << 10 | (step + 8 * FINEST), return_inverse=True)
    blocks_of = np.bincount(place, many)
    b, step = (kinds >> 10)[:, None], (kinds & 1023)[:, None] - 8 * FINEST
    p = np.minimum(2.0 ** (step / 8), 1.0)
    with np.errstate(divide="ignore"):
        none = b * np.log1p(-p)
        factor = np.logaddexp(
            none + np.log(-np.expm1(-TILTS)), b * np.log(1 - p + p * np.exp(TILTS)) - TILTS
        )
    log = blocks_of @ factor - TILTS * observed
    return float(np.clip(np.exp(log.min()), SMALLEST, 1.0))
