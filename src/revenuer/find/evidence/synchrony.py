"""Are accounts busy at the same times, beyond what the clock and the platform explain?

One queue that feeds many accounts makes them busy and idle together. Everything shared for
innocent reasons is taken out first: each account's activity by the hour is regressed on the
platform's and on its own mean of each hour of the day, working days and weekends apart, since
colleagues keep the same sharp hours; hours in which the platform itself was down are dropped, since
an outage silences everybody at once. What is left is scaled to length one, so the mean product of
two accounts' residuals is a correlation. A window of a day or two leaves next to nothing.

Null model: the members of a set are a random draw of active accounts. The mean pairwise
correlation of a random set of n accounts is simulated for a grid of n and given a Pearson type III
(shifted gamma) tail by its first three moments [1]; p-values below 1e-8 are reported as 1e-8, since
a fitted tail says nothing further out.

Misleads for jobs on one public timetable (nightly evaluations, a deadline): callers withhold this
family from sets whose members repeat each other's prompts.

[1] C. Minas, G. Montana. Distance-based analysis of variance: approximate inference.
    Statistical Analysis and Data Mining 7, 2014. https://doi.org/10.1002/sam.11227
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma, norm, skew

SMALLEST = 1e-8
#: An hour in which the platform saw less than this share of its usual traffic is an outage.
OUTAGE = 0.2
DRAWS = 1_000
#: Times that the rows of a set are moved: beside another null, and where nothing stands beside it.
SHIFTS, SHIFTS_ALONE = 120, 480
#: Rows that are moved for one set; more cost time and change its null little.
LARGEST_SHIFTED = 30
#: Outsiders, evenly over all, that tell who keeps step; more tell the same.
MOST_OUTSIDERS = 4_000
#: Standard deviation of a correlation below which it is rounding noise.
FLAT = 1e-9


class Tail(NamedTuple):
    """Null distribution of the mean correlation of a set: mean, standard deviation, skewness."""

    mean: float
    deviation: float
    skewness: float


class Design(NamedTuple):
    """What explains activity: (bins,) hours without an outage, and an orthonormal basis."""

    up: NDArray[np.bool_]
    basis: NDArray[np.float64]


def residuals(
    counts: NDArray[np.int64],
    *,
    start: int = 0,
    bins_a_day: int = 24,
    platform: NDArray[np.int64] | None = None,
) -> NDArray[np.float32]:
    """Return (accounts, bins) what the clock and the platform leave of each account's activity.

    Args:
        counts: (accounts, bins) exchanges in successive bins of equal length.
        start: Number of the first bin, counted from 1970-01-01 00:00 UTC: tells the weekends.
        bins_a_day: Bins a day.
        platform: (bins,) exchanges of everybody; those of the accounts given where left out.

    Returns:
        Rows of length one, or of zeros where nothing is left.
    """
    total = counts.sum(axis=0) if platform is None else platform
    return less(counts, design(total, start=start, bins_a_day=bins_a_day))


def design(total: NDArray[np.int64], *, start: int = 0, bins_a_day: int = 24) -> Design:
    """Return what the clock and the platform's (bins,) exchanges can explain, as in `residuals`."""
    busy = total[total > 0]
    up = total > OUTAGE * (np.median(busy) if len(busy) else 0)
    day, bin_of_day = np.divmod(start + np.arange(len(total)), bins_a_day)
    # The first of January 1970 was a Thursday, day 3 of its week.
    is_weekend = (day + 3) % 7 >= 5
    clock = np.eye(2 * bins_a_day)[bin_of_day + bins_a_day * is_weekend]
    return Design(up, _span(np.column_stack([clock, np.sqrt(total)])[up]))


def less(counts: NDArray[np.int64], design: Design) -> NDArray[np.float32]:
    """Return what a design leaves of (accounts, bins) activity, as `residuals` does."""
    activity = np.sqrt(counts[:, design.up].astype(np.float64))
    left = activity - (activity @ design.basis) @ design.basis.T
    length = np.linalg.norm(left, axis=1, keepdims=True)
    # An account that the design explains whole leaves rounding noise, which must not be scaled up.
    explained = length <= 1e-6 * np.linalg.norm(activity, axis=1, keepdims=True)
    unit = np.where(explained, 0.0, left / np.where(explained, 1.0, length))
    # An outage keeps its place, with nothing in it, so that a day stays a day.
    rows = np.zeros(counts.shape, np.float32)
    rows[:, design.up] = unit
    return rows


def _span(design: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an orthonormal basis of the columns, of which some may be empty or alike."""
    left, sizes, _ = np.linalg.svd(design, full_matrices=False)
    return left[:, sizes > 1e-9 * sizes.max(initial=0.0)]


def mean_correlation(rows: NDArray[np.float32]) -> float:
    """Return the mean product of two different rows, in [-1, 1], for (accounts, bins) unit rows."""
    n = len(rows)
    sums = rows.sum(axis=0, dtype=np.float64)
    squares = float((rows.astype(np.float64) ** 2).sum())
    return (float(sums @ sums) - squares) / (n * (n - 1))


def in_step(rows: NDArray[np.float32], members: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (members,) who keeps step with the others better than 99 % of outsiders do.

    Args:
        rows: (accounts, bins) unit rows of all active accounts.
        members: (members,) rows of one set.
    """
    direction = rows[members].sum(axis=0)
    step = 1 + len(rows) // MOST_OUTSIDERS
    # A view of every so-many-th row: picking outsiders by number would copy their rows.
    steps = rows[::step] @ direction / len(members)
    steps[members[members % step == 0] // step] = np.nan
    limit = np.nanquantile(steps, 0.99)
    own = rows[members]
    others = (own @ direction - (own**2).sum(axis=1)) / max(len(members) - 1, 1)
    return others > limit


def in_step_with_rest(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return (accounts,) who keeps step with the rest better than when moved, 99 times of 100.

    Args:
        rows: (accounts, bins) unit rows of one set.
    """
    rest = rows.sum(axis=0) - rows
    # A correlation with all moved copies at once: the product of the transforms.
    moved = np.fft.irfft(
        np.fft.rfft(rest, axis=1) * np.conj(np.fft.rfft(rows, axis=1)), rows.shape[1], axis=1
    )
    return moved[:, 0] >= np.quantile(moved, 0.99, axis=1)


def null_tails(
    rows: NDArray[np.float32], sizes: list[int], rng: np.random.Generator
) -> dict[int, Tail]:
    """Return the null distribution for each set size, from random sets of the (accounts, bins)."""
    tails = {}
    for size in sizes:
        draws = np.array(
            [
                mean_correlation(rows[rng.choice(len(rows), size, replace=False)])
                for _ in range(DRAWS)
            ]
        )
        deviation = float(draws.std())
        is_flat = deviation < FLAT
        tails[size] = Tail(
            float(draws.mean()), 0.0 if is_flat else deviation, 0.0 if is_flat else skew(draws)
        )
    return tails


def shifted_tail(
    rows: NDArray[np.float32], rng: np.random.Generator, *, shifts: int = SHIFTS, step: int = 1
) -> Tail:
    """Return the null distribution of one set from its own rows, each moved by a random time.

    Jobs that run for hours at a stretch are alike by chance more often than random accounts are;
    moving them keeps their stretches and breaks their agreement.

    Args:
        rows: (accounts, bins) unit rows of the set.
        rng: Draws the times.
        shifts: How often they are moved; with few, tails of long jobs are told too light.
        step: Bins that a move is a multiple of. Whole days keep working hours where they are: all
            that varies in an account may vary then, though its mean by the hour is taken out.
    """
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), LARGEST_SHIFTED)).astype(np.int64)]
    by = step * rng.integers(0, max(rows.shape[1] // step, 1), (shifts, len(rows)))
    draws = _shifted(rows.astype(np.float64), by)
    # A window of one day and a half holds one whole day: nothing moves, and nothing can be told.
    if draws.std() < FLAT:
        return Tail(float(draws.mean()), 0.0, 0.0)
    return Tail(float(draws.mean()), float(draws.std()), float(skew(draws)))


@numba.njit(cache=True, nogil=True)
def _shifted(rows: NDArray[np.float64], shifts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (draws,) the mean correlation of the rows, moved by (draws, accounts) bins."""
    n, bins = rows.shape
    draws = np.empty(len(shifts))
    squares = (rows**2).sum()
    for draw in range(len(shifts)):
        total = np.zeros(bins)
        for row in range(n):
            shift = shifts[draw, row]
            for k in range(bins):
                total[(k + shift) % bins] += rows[row, k]
        draws[draw] = ((total**2).sum() - squares) / (n * (n - 1))
    return draws


def p_value(correlation: float, tail: Tail) -> float:
    """Return the chance of a mean correlation at least this large, in [1e-8, 1].

    1 where nothing varies, as in a window of one day: there is no rhythm to compare with.
    """
    if tail.deviation < FLAT:
        return 1.0
    z = (correlation - tail.mean) / tail.deviation
    if tail.skewness < 0.01:
        return float(np.clip(norm.sf(z), SMALLEST, 1.0))
    shape = 4 / tail.skewness**2
    return float(np.clip(gamma.sf(shape + z * np.sqrt(shape), shape), SMALLEST, 1.0))
