"""Several suspects, several tests: what is left of each p-value.

Whoever asks twenty questions gets an answer at 0.05. So:

* several suspects, keys or windows: Holm's step-down [1], under any dependence, keeps the chance of
  any false accusation; e-BH [2], under any dependence, keeps the false discovery rate;
* several tests on one suspect: they share its outputs, so they depend on each other. Bonferroni, or
  the mean of their e-values, which is an e-value whatever the dependence. Fisher's product is no
  choice here: it needs independence.

[1] S. Holm. A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6(2), 1979.
[2] R. Wang, A. Ramdas. False discovery rate control with e-values. JRSS B 84(3), 2022.
    https://doi.org/10.1111/rssb.12489
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from revenuer.errors import InputError
from revenuer.prove.audit.evidence import RANKS, Evidence, Verdict
from revenuer.prove.audit.tails import LN10

Logs = NDArray[np.float64]


def holm(log10_ps: ArrayLike) -> Logs:
    """Return log10 of Holm's adjusted p-values: (tests,), each at least what went in.

    Example:
        >>> holm([-3.0, -1.0, -4.0]).round(3).tolist()
        [-2.699, -1.0, -3.523]
    """
    logs = _logs(log10_ps)
    order = np.argsort(logs, kind="stable")
    left = np.arange(len(logs), 0, -1)
    adjusted = np.empty(len(logs))
    adjusted[order] = np.maximum.accumulate(logs[order] + np.log10(left)) if len(logs) else logs
    return np.minimum(adjusted, 0.0)


def bonferroni(log10_ps: ArrayLike) -> float:
    """Return log10 of the smallest p-value times their number; 0 for none."""
    logs = _logs(log10_ps)
    return min(float(logs.min()) + float(np.log10(len(logs))), 0.0) if len(logs) else 0.0


def e_bh(log10_es: ArrayLike) -> Logs:
    """Return log10 of the smallest false discovery rate at which e-BH reports each: (tests,).

    Example:
        >>> e_bh([3.0, 0.0, 2.0]).round(3).tolist()
        [-2.523, 0.0, -1.824]
    """
    logs = _logs(log10_es)
    order = np.argsort(-logs, kind="stable")
    ranks = np.arange(1, len(logs) + 1)
    needed = np.log10(max(len(logs), 1)) - np.log10(ranks) - logs[order]
    rates = np.empty(len(logs))
    # A test is reported wherever one that ranks below it is.
    rates[order] = np.minimum.accumulate(needed[::-1])[::-1]
    return np.minimum(rates, 0.0)


def e_mean(log10_es: ArrayLike) -> float:
    """Return log10 of the mean of e-values; 0 for none."""
    logs = _logs(log10_es)
    return float(logsumexp(logs * LN10) - np.log(len(logs))) / LN10 if len(logs) else 0.0


def of_one_suspect(
    tests: Sequence[Evidence], method: Literal["bonferroni", "e-mean"] = "bonferroni"
) -> Evidence:
    """Return what several tests say together of one suspect.

    A test with too few units, or a rank, counts as a test (p = 1), not as evidence.

    Raises:
        InputError: No test, an unknown method, or a test without an e-value under `e-mean`.
    """
    if not tests:
        raise InputError("no test to combine")
    enough = [_counts(test) for test in tests]
    log10_e = None
    if method == "e-mean":
        log10_e = e_mean([_e_value(t) if ok else 0.0 for t, ok in zip(tests, enough, strict=True)])
        log10_p = min(-log10_e, 0.0)
    elif method == "bonferroni":
        log10_p = bonferroni(
            [t.log10_p if ok else 0.0 for t, ok in zip(tests, enough, strict=True)]
        )
    else:
        raise InputError(f"no method is called {method!r}", hint="use bonferroni or e-mean")
    return Evidence(
        "combined", "; ".join(dict.fromkeys(test.null for test in tests)),
        sum(test.seen for test in tests),
        sum(test.scored for test, ok in zip(tests, enough, strict=True) if ok),
        log10_p, log10_p, log10_e=log10_e,
        details={"method": method, "tests": ", ".join(test.test for test in tests)},
        fewest=1,
    )  # fmt: skip


def of_suspects(
    suspects: Mapping[str, Evidence], method: Literal["holm", "e-bh"] = "holm"
) -> dict[str, Evidence]:
    """Return the evidence on each suspect after correction for how many were tested.

    A test with too few units, or a rank, counts as a suspect (p = 1), never as evidence. With
    `e-bh`, `log10_p` is the false discovery rate at which the suspect is reported.

    Raises:
        InputError: An unknown method, or a test without an e-value under `e-bh`.
    """
    tests = list(suspects.values())
    if method == "holm":
        adjusted = holm([test.log10_p if _counts(test) else 0.0 for test in tests])
    elif method == "e-bh":
        adjusted = e_bh([_e_value(test) if _counts(test) else 0.0 for test in tests])
    else:
        raise InputError(f"no method is called {method!r}", hint="use holm or e-bh")
    return {
        name: replace(
            test, log10_p=float(log10_p),
            details={**test.details, "suspects": len(tests), "method": method},
        )
        for (name, test), log10_p in zip(suspects.items(), adjusted, strict=True)
    }  # fmt: skip


def _counts(test: Evidence) -> bool:
    return test.verdict is not Verdict.TOO_LITTLE and test.test not in RANKS


def _e_value(test: Evidence) -> float:
    if test.log10_e is None:
        raise InputError(f"the test `{test.test}` has no e-value", hint="combine by p-values")
    return test.log10_e


def _logs(values: ArrayLike) -> Logs:
    logs = np.asarray(values, np.float64)
    if logs.ndim != 1 or not np.isfinite(logs).all():
        raise InputError("logarithms to combine must be one row of finite numbers")
    return logs
