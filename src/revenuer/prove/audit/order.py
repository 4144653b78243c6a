"""Does a suspect's likelihood follow the order in which *our* model saw its training texts?

A model remembers what it saw last a little better. One that descends from our weights carries that
trace of our order; one that was trained by somebody else cannot know it [1].

Null model: the order of training is a uniformly random permutation, drawn apart from everything the
suspect was made from. Then, whatever the suspect's scores, the statistic S = sum of b_i R_i (b the
centred ranks of the scores, R the places in the order) has the law of a random permutation. With
independent uniform numbers U_i whose ranks are R_i, E[U_i | ranks] = R_i / (n + 1), so by Jensen

    E exp(a S / (n + 1)) <= E exp(a sum b_i U_i) = product of sinh(a b_i / 2) / (a b_i / 2),

since the b_i sum to 0. For every a that makes exp(a s / (n + 1)) divided by the product an e-value,
and the least of its inverses a bound on the p-value (Chernoff's): valid at any n, and about ten
times larger than the exact tail. No normal approximation is used.

It needs an order that was random text by text: not a curriculum, not by date or length, not
shuffled in shards or through a buffer, where texts of one kind stay together and the p-value of a
suspect that knows nothing may be 1e-60. Nobody but the order's owner can see that. So it is taken
as a rank: however small its p-value, alone it never flags. It tells of the weights: a student
trained on our outputs alone has no such trace. A reference model's scores subtracted make it
stronger, not more valid.

[1] R. Kuditipudi et al. Blackbox model provenance via palimpsestic membership inference. 2025.
    https://arxiv.org/abs/2510.19796
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import rankdata

from revenuer.errors import InputError
from revenuer.prove.audit.combine import e_mean
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.tails import LN10

NULL = "our training order is a random permutation that the suspect is independent of"
#: Standard deviations that the bets of the e-value aim at; fixed before any score.
AIMS = (2.0, 4.0, 8.0, 16.0, 32.0)

Ranks = NDArray[np.float64]


def order_test(
    order: ArrayLike, suspect: ArrayLike, reference: ArrayLike | None = None
) -> Evidence:
    """Test whether later training texts are likelier to the suspect.

    Args:
        order: (n,) place of each text in our training; all different.
        suspect: (n,) log-likelihood of each text under the suspect.
        reference: (n,) the same under a model that is none of ours, to be subtracted.

    Returns:
        Evidence; `statistic` is Spearman's correlation, `log10_p` a bound from above.

    Raises:
        InputError: Rows of different lengths, a place held twice, or a number that is not finite.
    """
    places = _row(order, "the order")
    scores = _row(suspect, "the suspect's log-likelihoods")
    if reference is not None:
        base = _row(reference, "the reference's log-likelihoods")
        if len(base) != len(scores):
            raise InputError(f"{len(scores)} scores of the suspect, {len(base)} of the reference")
        scores = scores - base
    n = len(places)
    if len(scores) != n:
        raise InputError(f"{n} places in the order, but {len(scores)} scores")
    if len(np.unique(places)) != n:
        raise InputError(
            "two texts hold one place in the order", hint="leave out texts that were seen twice"
        )
    b = rankdata(scores) - (n + 1) / 2 if n else scores
    ranks = rankdata(places) if n else places
    total = float(b @ ranks) / (n + 1)
    log10_p, log10_e = _bound(total, b)
    # The largest statistic is that of the same order as the scores.
    smallest, _ = _bound(float(np.sort(b) @ np.arange(1, n + 1)) / (n + 1), b)
    centred = ranks - (n + 1) / 2
    spread = math.sqrt(float(b @ b) * float(centred @ centred))
    correlation = float(b @ centred) / spread if spread > 0 else 0.0
    return Evidence(
        "order", NULL, n, n, correlation, log10_p, log10_e=log10_e,
        details={"texts": n, "reference": "none" if reference is None else "subtracted"},
        smallest_log10_p=smallest,
    )  # fmt: skip


def _bound(total: float, b: Ranks) -> tuple[float, float]:
    """Return log10 of the bound on the p-value, and of the mean of the bets' e-values."""
    variance = float(b @ b) / 12
    if variance == 0:
        return 0.0, 0.0
    sigma = math.sqrt(variance)

    def loss(aim: float) -> float:
        return _log_mean(aim / sigma * b) - aim / sigma * total

    log10_e = e_mean([-loss(aim) / LN10 for aim in AIMS])
    if total <= 0:
        return 0.0, log10_e
    # The best bet aims at what was reached, and above it where sums are far from normal.
    best = minimize_scalar(loss, bounds=(0.0, 10 * total / sigma), method="bounded")
    return min(float(best.fun) / LN10, 0.0), log10_e


def _log_mean(x: Ranks) -> float:
    """Return the sum of log(sinh(x / 2) / (x / 2))."""
    half = np.abs(x) / 2
    small = half < 1e-4
    safe = np.where(small, 1.0, half)
    large = safe + np.log1p(-np.exp(-2 * safe)) - math.log(2) - np.log(safe)
    # From above where the formula would lose its digits: sinh(h) / h <= exp(h^2 / 6).
    return float(np.where(small, half**2 / 6, large).sum())


def _row(values: ArrayLike, name: str) -> Ranks:
    row = np.asarray(values, np.float64)
    if row.ndim != 1 or not np.isfinite(row).all():
        raise InputError(f"{name} are not one row of finite numbers")
    return row
