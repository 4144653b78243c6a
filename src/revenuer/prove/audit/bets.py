"""Does a model lean, in its whole prediction, to what the key would have chosen? As bets.

A model that learnt from marked text gives more weight to what the key chose after a window, long
before it would say it first. So its whole next-token distribution is asked. Each window is one bet
against the null; a bet is fixed before the window's numbers are looked at, its factor has mean 1
(at most) if they are uniform, and the factors multiply. What is bet depends on the past only: on
the tokens before the window, which under the null tell nothing of numbers that no window used yet.
That makes the product a supermartingale, also where the text itself was made with the key and only
first occurrences are scored, in the order in which the text was generated; by Ville's inequality
it ever reaches x with a chance of at most 1 / x.

Three bets, each a mixture of strengths fixed beforehand (a row an `eprocess.STRENGTHS`):

* `whole`, Gumbel: one token, likely as the suspect says, has a score with rate below 1.
* `contrast`, Gumbel, with the distribution that our own model has there: the key's choice is known,
  argmax(log p - log(-log u)), and under the null a plain draw from p. The bet is that the suspect
  gives the chosen token more than p lets one expect. Several shapes of "more", since a student may
  have taken in little or much.
* `lean`, green lists: the suspect's weight on green tokens (less our own model's, where it is
  given) is higher than gamma lets one expect.

A wrong distribution of our own model costs power, never validity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from revenuer.prove.audit.eprocess import STRENGTHS
from revenuer.prove.audit.tails import GRID, LN10

Numbers = NDArray[np.float64]
#: Exponents of the suspect's and of our own model's probability in the weight of a choice.
SHAPES = ((1.0, 0.0), (1.0, -0.5), (0.5, -0.5))
#: No single window multiplies by more: one odd window is no proof. Lowers the mean, so stays valid.
MOST = 32.0
#: Probabilities below this are taken as this: their logarithm must be finite.
LEAST = 1e-9
#: Windows at once; bounds memory at (windows, candidates, strengths).
_AT_ONCE = 256


def whole(suspect: Numbers, numbers: NDArray[np.float32]) -> Numbers:
    """Return the log factors of Gumbel bets without a reference.

    Args:
        suspect: (windows, candidates) probabilities; a row sums to at most 1.
        numbers: (windows, candidates) the key's numbers in (0, 1).

    Returns:
        (windows, strengths) natural logarithms.
    """
    scores = -np.log1p(-numbers.astype(np.float64)) - GRID
    weights = suspect / np.maximum(suspect.sum(1, keepdims=True), 1.0)
    rest = 1.0 - weights.sum(1)
    out = np.empty((len(scores), len(STRENGTHS)))
    for first in range(0, len(scores), _AT_ONCE):
        rows = slice(first, first + _AT_ONCE)
        tilted = (1 - STRENGTHS) * np.exp(scores[rows, :, None] * STRENGTHS)
        out[rows] = np.log(np.einsum("wc,wcs->ws", weights[rows], tilted) + rest[rows, None])
    return out


def contrast(suspect: Numbers, reference: Numbers, numbers: NDArray[np.float32]) -> Numbers:
    """Return the log factors of Gumbel bets on the key's choice among a reference's candidates.

    Args:
        suspect: (windows, candidates) probabilities that the suspect gives.
        reference: (windows, candidates) those that our own model gives.
        numbers: (windows, candidates) the key's numbers in (0, 1).

    Returns:
        (windows, shapes x strengths) natural logarithms.
    """
    q = np.maximum(suspect, LEAST)
    p = np.maximum(reference, LEAST)
    p = p / p.sum(1, keepdims=True)
    chosen = (np.log(p) - np.log(-np.log(numbers.astype(np.float64)))).argmax(1)
    rows = np.arange(len(p))
    # On the grid of 2^24 numbers each unlikely candidate is chosen more seldom than p says, by less
    # than a step, and others as much more often: so much may the mean of a ratio exceed 1.
    slack = p.shape[1] * GRID
    factors = []
    for suspected, referred in SHAPES:
        weight = q**suspected * p**referred
        ratio = weight[rows, chosen] / (p * weight).sum(1)
        factors.append(np.log1p(STRENGTHS * (np.minimum(ratio, MOST) - 1.0 - slack)[:, None]))
    return np.concatenate(factors, axis=1)


def lean(
    suspect: Numbers, reference: Numbers | None, is_green: NDArray[np.bool_], share: float
) -> Numbers:
    """Return the log factors of green-list bets.

    Args:
        suspect: (windows, candidates) probabilities; a row sums to at most 1.
        reference: The same of our own model, or None.
        is_green: (windows, candidates) under the key.
        share: Chance of green under the null.

    Returns:
        (windows, strengths) natural logarithms.
    """
    weights = suspect if reference is None else suspect - reference
    # |sum of weights x (green - share)| is at most this, so that no factor falls to 0.
    span = max(share, 1 - share) * np.maximum(np.abs(weights).sum(1), 1.0)
    moved = (weights * (is_green - share)).sum(1) / span
    return np.log1p(STRENGTHS * moved[:, None])


def log10_e(factors: Numbers) -> Numbers:
    """Return log10 of the e-process after each window: (windows,)."""
    path = np.cumsum(factors, axis=0)
    return (logsumexp(path, axis=1) - np.log(path.shape[1])) / LN10


def chernoff_log10_p(total: float, suspect: Numbers, share: float | None = None) -> float:
    """Return log10 of a bound on P(sum of suspect x score >= total).

    Holds only where the weights do not depend on the key: text that was made without it. The bound
    is the least exp(-t total) E[exp(t sum)] over t, from the exact generating function; it is some
    eight times the tail.

    Args:
        total: The sum that was found.
        suspect: (windows, candidates) the weights, in [0, 1].
        share: Scores are 1 with this chance, else 0. None: they are Exp(1).
    """
    held = suspect[suspect > 0]
    mean = 1.0 if share is None else share
    if not len(held) or total <= mean * held.sum():
        return 0.0
    if share is None:
        highest, excess = (1 - 1e-9) / held.max(), total - GRID * held.sum()
    else:
        highest, excess = 100.0 / held.max(), total

    def bound(t: float) -> float:
        if share is None:
            grown = -np.log1p(-t * held).sum()
        else:
            grown = np.log1p(share * np.expm1(t * held)).sum()
        return float(grown - t * excess)

    found = minimize_scalar(bound, bounds=(0.0, highest), method="bounded")
    return min(0.0, float(found.fun) / LN10)
