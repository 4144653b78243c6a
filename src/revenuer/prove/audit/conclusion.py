"""What the evidence comes to, in plain words that follow from the numbers alone.

Whoever signs a bundle does not choose these words: every verifier writes them again and refuses a
bundle that says anything else. None of them says that somebody is innocent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from revenuer.prove.audit.evidence import FLAG, RANKS, STRONG, Evidence

TOO_LITTLE = "Too little to tell: no test had the units that it needs."
NONE = "No evidence was found. This does not show innocence: marks can be removed, tests can miss."
FOUND = (
    "{degree} against the null hypothesis of the test {test}: under it, a result at least this "
    "extreme has a chance of at most {at_most}{corrected}."
)
RANK = (
    "No evidence by itself: the test {test} ranks against what its owner says was random, and "
    "never flags alone. If it was, a result at least this extreme has a chance of at most "
    "{at_most}{corrected}. This does not show innocence."
)
CORRECTED = ", corrected for {tests} tests by Bonferroni"


def conclude(evidence: Sequence[Evidence]) -> str:
    """Return what one or several tests come to.

    Several tests are corrected by Bonferroni [log10 p + log10(tests)], valid however they depend on
    each other; tests with too little and ranks count among the tests and cannot be the finding.

    Args:
        evidence: At least one.
    """
    told = [one for one in evidence if one.scored >= one.fewest]
    for one in sorted(told, key=lambda one: (one.test in RANKS, one.log10_p)):
        log10_p = min(0.0, one.log10_p + math.log10(len(evidence)))
        if log10_p <= FLAG:
            return (RANK if one.test in RANKS else FOUND).format(
                degree="Strong evidence" if log10_p <= STRONG else "Evidence",
                test=one.test,
                at_most=power(log10_p),
                corrected=CORRECTED.format(tests=len(evidence)) if len(evidence) > 1 else "",
            )
    return NONE if told else TOO_LITTLE


def power(log10_p: float) -> str:
    """Return a p-value as a power of ten, towards 1: never less than the number says.

    Example:
        >>> power(-3.99)
        '10^-3.9'
    """
    return f"10^{math.ceil(log10_p * 10) / 10:.1f}"
