"""How often would chance do as well: exact tails, as logarithms.

Every tail is a sum of positive terms, so no digit is lost, and it is taken in logarithms where a
float would underflow: a p-value of 1e-900 stays one. No normal approximation, no mid-p, no matching
of moments: all three call luck evidence more often than they say.

* Gumbel scores: n independent scores, each Exp(1), sum to Gamma(n, 1). The numbers behind a mark
  lie on a grid of 2^24; on it a score exceeds Exp(1) by less than 6.0e-8 in distribution, so a
  p-value is off by a factor of less than exp(6.0e-8 n): 1.0006 at ten thousand units.
* Green hits: Binomial(n, share).
* Two keys of which one is used with probability alpha (vLLM's dual key): (1 - alpha) A + alpha B
  with A, B independent Gamma(n, 1). An exponential of mean a is a geometric sum of exponentials of
  mean b < a, so the sum is a mixture of Gamma(2n + K, b) over a negative binomial K [1]. What the
  cut series leaves out is bounded and added.

[1] P. Moschopoulos. The distribution of the sum of independent gamma random variables. Annals of
    the Institute of Statistical Mathematics 37, 1985. https://doi.org/10.1007/BF02481123
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammaincc, gammaln

from revenuer.errors import InputError

Logs = NDArray[np.float64]
LN10 = math.log(10.0)
#: What a score exceeds Exp(1) by in distribution, at most: numbers lie on a grid.
GRID = 6.0e-8
#: p-values below this are summed in logarithms; scipy's functions are exact above.
_SMALL = 1e-280
#: Terms of the two-key series; more is refused rather than cut.
_MOST_TERMS = 50_000_000


def gamma_log10_sf(score: ArrayLike, n: ArrayLike) -> Logs:
    """Return log10 P(Gamma(n, 1) >= score).

    Args:
        score: Sums of Exp(1) scores, 0 or more; broadcast against `n`.
        n: Scores in each sum, whole, 0 or more; no score gives p = 1.

    Returns:
        log10 of the p-values, finite and at most 0; falls as `score` rises.

    Raises:
        InputError: A score is not finite or negative, or a count is.

    Example:
        >>> gamma_log10_sf([2.0, 5000.0], [1, 10]).round(3).tolist()
        [-0.869, -2143.741]
    """
    scores, counts = np.broadcast_arrays(np.asarray(score, np.float64), _counts(n))
    if not np.isfinite(scores).all() or (scores < 0).any():
        raise InputError("a sum of scores is negative or not finite")
    plain = np.where(counts > 0, gammaincc(np.maximum(counts, 1), scores), 1.0)
    return _finished(plain, _gamma_logs, scores, counts)


def binomial_log10_sf(hits: ArrayLike, n: ArrayLike, share: float) -> Logs:
    """Return log10 P(Binomial(n, share) >= hits).

    Args:
        hits: Whole, 0 .. n; broadcast against `n`.
        n: Trials, whole, 0 or more.
        share: Chance of a hit, in (0, 1).

    Returns:
        log10 of the p-values, finite and at most 0; falls as `hits` rise.

    Raises:
        InputError: More hits than trials, a negative count, or a share outside (0, 1).

    Example:
        >>> binomial_log10_sf([0, 9, 2000], [10, 10, 2000], 0.25).round(3).tolist()
        [0.0, -4.529, -1204.12]
    """
    if not 0 < share < 1:
        raise InputError(f"a chance of a hit lies between 0 and 1; {share} does not")
    found, counts = np.broadcast_arrays(_counts(hits), _counts(n))
    if (found > counts).any():
        raise InputError("more hits than trials")
    inside = np.maximum(found, 1)
    plain = np.where(found > 0, betainc(inside, np.maximum(counts - inside, 0) + 1.0, share), 1.0)
    return _finished(plain, _binomial_logs, found.astype(np.float64), counts, share)


def dual_log10_sf(score: float, n: int, alpha: float) -> float:
    """Return log10 P((1 - alpha) A + alpha B >= score) for independent A, B ~ Gamma(n, 1).

    Args:
        score: 0 or more.
        n: Scores of each key, 0 or more.
        alpha: Weight of the second key, in [0, 1].

    Returns:
        At most 0, finite; the same for alpha and 1 - alpha. Relative error of p below 1e-8.

    Raises:
        InputError: A value out of range, or weights so unlike that the series is too long.

    Example:
        >>> round(dual_log10_sf(100.0, 64, 0.1), 3)
        -4.973
    """
    if not 0 <= alpha <= 1:
        raise InputError(f"the weight of a key lies between 0 and 1; {alpha} does not")
    small, large = min(alpha, 1 - alpha), max(alpha, 1 - alpha)
    if n == 0 or small == 0:
        return float(gamma_log10_sf(score, n))
    if small == large:
        return float(gamma_log10_sf(2 * score, 2 * n))
    if not math.isfinite(score) or score < 0:
        raise InputError("a sum of scores is negative or not finite")
    # Both K and the Poisson count at `score` must be past their means where the series is cut.
    most = int(4 * max(score, n) / small) + 2 * n + 200
    if most > _MOST_TERMS:
        raise InputError(
            f"weights {large:g} and {small:g} over {n} units need too many terms",
            hint="score the first key alone, with the Gamma tail",
        )
    return min(_dual(score, n, small, large, most) / LN10, 0.0)


def _counts(values: ArrayLike) -> NDArray[np.int64]:
    counts = np.asarray(values)
    if counts.size == 0:
        return np.zeros(counts.shape, np.int64)
    if counts.dtype.kind not in "iu" or counts.min() < 0:
        raise InputError("a count is negative or not whole")
    return counts.astype(np.int64)


def _finished(plain: Logs, in_logs, *arguments) -> Logs:  # type: ignore[no-untyped-def]
    """Return log10 of tails; where a float is too small for them, from logarithms."""
    flat = np.atleast_1d(plain).ravel()
    is_small = flat < _SMALL
    logs = np.log10(np.where(is_small, 1.0, flat))
    if is_small.any():
        held = [a.ravel()[is_small] if isinstance(a, np.ndarray) else a for a in arguments]
        logs[is_small] = in_logs(*held) / LN10
    return np.minimum(logs, 0.0).reshape(np.shape(plain))


def _gamma_logs(scores: Logs, counts: NDArray[np.int64]) -> Logs:
    """P(Poisson(score) < n), summed from its largest term down."""
    first = (counts - 1) * np.log(scores) - scores - gammaln(counts)
    return first + _log_gamma_series(scores, counts)


def _binomial_logs(hits: Logs, counts: NDArray[np.int64], share: float) -> Logs:
    """The first term of the tail times one plus the ratios that follow."""
    first = (
        gammaln(counts + 1.0) - gammaln(hits + 1) - gammaln(counts - hits + 1)
        + hits * math.log(share) + (counts - hits) * math.log1p(-share)
    )  # fmt: skip
    return first + _log_binomial_series(hits, counts, share / (1 - share))


@numba.njit(cache=True, nogil=True)
def _log_gamma_series(scores: Logs, counts: NDArray[np.int64]) -> Logs:
    out = np.empty(len(scores))
    for row in range(len(scores)):
        term, total, k = 1.0, 1.0, counts[row] - 1
        while k > 0 and term > total * 1e-18:
            term *= k / scores[row]
            total += term
            k -= 1
        out[row] = math.log(total)
    return out


@numba.njit(cache=True, nogil=True)
def _log_binomial_series(hits: Logs, counts: NDArray[np.int64], odds: float) -> Logs:
    out = np.empty(len(hits))
    for row in range(len(hits)):
        term, total, k = 1.0, 1.0, hits[row]
        while k < counts[row] and term > total * 1e-18:
            term *= (counts[row] - k) / (k + 1) * odds
            total += term
            k += 1
        out[row] = math.log(total)
    return out


@numba.njit(cache=True, nogil=True)
def _dual(score: float, n: int, small: float, large: float, most: int) -> float:
    """Sum over k of P(K = k) P(Poisson(score / small) < 2n + k), in natural logarithms.

    K is negative binomial: failures before the n-th success of chance small / large.
    """
    mean = score / small
    log_mean = math.log(mean) if mean > 0 else -math.inf
    success, failure = small / large, 1.0 - small / large
    weight = n * math.log(success)
    # P(Poisson < 2n), from its largest terms down would lose nothing here: all are positive.
    last = -mean
    below = last
    for j in range(1, 2 * n):
        last += log_mean - math.log(j)
        below = _log_add(below, last)
    total = weight + below
    for k in range(1, most):
        weight += math.log((n + k - 1) / k * failure)
        last += log_mean - math.log(2 * n + k - 1)
        below = _log_add(below, last)
        total = _log_add(total, weight + below)
        ratio = (n + k) / (k + 1) * failure
        # From here on weights fall at least as fast as `ratio`, and what they weigh is at most 1.
        if ratio < 1.0 and weight + math.log(ratio / (1.0 - ratio)) < total - 40.0:
            return _log_add(total, weight + math.log(ratio / (1.0 - ratio)))
    ratio = (n + most) / (most + 1) * failure
    return _log_add(total, weight + math.log(ratio / (1.0 - ratio))) if ratio < 1.0 else 0.0


@numba.njit(cache=True, nogil=True, inline="always")
def _log_add(a, b):  # type: ignore[no-untyped-def]
    top = max(a, b)
    if top == -math.inf:
        return top
    return top + math.log(math.exp(a - top) + math.exp(b - top))
