"""From p-values to q-values.

Benjamini and Hochberg's step-up procedure [1]: among the findings with q-value at most `fdr`, the
expected share of false ones is at most `fdr`, if the p-values are independent or positively
dependent on each other. Overlapping sets of accounts are positively dependent.

[1] Y. Benjamini, Y. Hochberg. Controlling the false discovery rate. JRSS B 57(1), 1995.
    https://doi.org/10.1111/j.2517-6161.1995.tb02031.x
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError

PValues = NDArray[np.float64]


def q_values(pvalues: PValues, *, tests: int | None = None) -> PValues:
    """Return the smallest false discovery rate at which each finding is reported.

    Args:
        pvalues: (findings,) p-values in (0, 1].
        tests: Tests made in all, when those with p = 1 are left out of `pvalues`.

    Returns:
        (findings,) q-values in (0, 1], in the order of `pvalues` and never below them.

    Raises:
        InputError: A p-value lies outside (0, 1], or `tests` is smaller than their number.

    Example:
        >>> q_values(np.array([0.01, 0.04, 0.02]), tests=10)
        array([0.1       , 0.13333333, 0.1       ])
    """
    tests = len(pvalues) if tests is None else tests
    if tests < len(pvalues):
        raise InputError(f"{len(pvalues)} p-values cannot come from {tests} tests")
    if len(pvalues) == 0:
        return pvalues.copy()
    if not ((pvalues > 0) & (pvalues <= 1)).all():
        raise InputError("a p-value lies outside (0, 1]", hint="clip it away from 0 first")
    order = np.argsort(pvalues, kind="stable")
    # In this order, since rounding must not take a q-value below its p-value.
    scaled = pvalues[order] * (tests / np.arange(1, len(pvalues) + 1))
    out = np.empty_like(pvalues)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out
