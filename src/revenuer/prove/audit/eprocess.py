"""Evidence that may be looked at after every token.

A p-value holds at a number of units fixed beforehand. Whoever looks again and again until it is
small cheats without knowing it. An e-process is a bet against the null: it starts at 1, its mean
under the null is at most 1 at any time of looking, and by Ville's inequality it ever reaches x with
a chance of at most 1 / x [1].

The bet is on how the scores would be if there were a mark, a mixture of several strengths, since
the strength is not known: for Gumbel scores, Exp(1) under the null, that they are exponential with
a rate below 1; for green hits, whose chance is `share` under the null, that it is higher. Each
factor has mean 1 under the null, so does each product, so does their mixture.

[1] A. Ramdas, P. Grünwald, V. Vovk, G. Shafer. Game-theoretic statistics and safe anytime-valid
    inference. Statistical Science 38(4), 2023. https://doi.org/10.1214/23-STS894
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from revenuer.prove.audit.tails import GRID, LN10

Numbers = NDArray[np.float64]
#: How strong the mark may be, from all to nothing of what there is to gain: halving steps of a
#: square root, so that no strength is far from one that is bet on. Fixed before any text.
STRENGTHS = 0.9 * 2.0 ** (-np.arange(16) / 2)
#: Places of a path worked out at a time: 8 MB a temporary array.
_BLOCK = 1 << 16


def scores_log10_e(total: ArrayLike, n: ArrayLike) -> Numbers:
    """Return log10 of the e-value of n scores that sum to `total`.

    Args:
        total: Sums of scores that are Exp(1) under the null; broadcast against `n`.
        n: Scores in each sum, 0 or more.

    Returns:
        log10 e-values, finite; 0 for no score.
    """
    sums, counts = np.broadcast_arrays(np.asarray(total, np.float64), np.asarray(n, np.float64))
    rates = 1.0 - STRENGTHS
    # A score may exceed Exp(1) by `GRID` in distribution; taken off, the mean stays at most 1.
    held = sums - GRID * counts
    logs = counts[..., None] * np.log(rates) + held[..., None] * STRENGTHS
    return _mixture(logs)


def hits_log10_e(hits: ArrayLike, n: ArrayLike, share: float) -> Numbers:
    """Return log10 of the e-value of `hits` in n units.

    Args:
        hits: 0 .. n; broadcast against `n`.
        n: Units, 0 or more.
        share: Chance of a hit under the null, in (0, 1).

    Returns:
        log10 e-values, finite; 0 for no unit.
    """
    found, counts = np.broadcast_arrays(np.asarray(hits, np.float64), np.asarray(n, np.float64))
    chances = share + (1.0 - share) * STRENGTHS
    logs = found[..., None] * np.log(chances / share) + (counts - found)[..., None] * np.log(
        (1.0 - chances) / (1.0 - share)
    )
    return _mixture(logs)


def scores_path(scores: ArrayLike) -> Numbers:
    """Return log10 of the e-process after each score: (n,)."""
    totals = np.cumsum(np.asarray(scores, np.float64))
    return _by_blocks(scores_log10_e, totals)


def hits_path(hits: ArrayLike, share: float) -> Numbers:
    """Return log10 of the e-process after each unit: (n,)."""
    totals = np.cumsum(np.asarray(hits, np.float64))
    return _by_blocks(lambda found, n: hits_log10_e(found, n, share), totals)


def _by_blocks(log10_e: Callable[[Numbers, Numbers], Numbers], totals: Numbers) -> Numbers:
    """Return what is at each place; every strength is held for one block at a time."""
    path = np.empty(len(totals))
    for start in range(0, len(totals), _BLOCK):
        part = totals[start : start + _BLOCK]
        counts = np.arange(start + 1.0, start + len(part) + 1)
        path[start : start + _BLOCK] = log10_e(part, counts)
    return path


def _mixture(logs: Numbers) -> Numbers:
    return (logsumexp(logs, axis=-1) - np.log(logs.shape[-1])) / LN10
