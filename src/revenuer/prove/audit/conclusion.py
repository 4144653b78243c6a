"""What the evidence comes to, in plain words that follow from the numbers alone.

Whoever signs a bundle does not choose these words: every verifier writes them again and refuses a
bundle that says anything else. None of them says that somebody is innocent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from revenuer.prove.audit.evidence import FLAG, STRONG, Evidence

TOO_LITTLE = "Too little to tell: no test had the units that it needs."
NONE = "No evidence was found. This does not show innocence: marks can be removed, tests can miss."
FOUND = (
    "{degree} against the null hypothesis of the test {test}: under it, a result at least this "
    "extreme has a chance of at most 10^{exponent}{corrected}."
)
CORRECTED = ", corrected for {tests} tests by Bonferroni"


def conclude(evidence: Sequence[Evidence]) -> str:
    """Return what one or several tests come to.

    Several tests are corrected by Bonferroni [log10 p + log10(tests)], valid however they depend on
    each other; tests with too little count among the tests and cannot be the finding.

    Args:
        evidence: At least one.
    """
    told = [one for one in evidence if one.scored >= one.fewest]
    if not told:
        return TOO_LITTLE
    best = min(told, key=lambda one: one.log10_p)
    log10_p = min(0.0, best.log10_p + math.log10(len(evidence)))
    if log10_p > FLAG:
        return NONE
    return FOUND.format(
        degree="Strong evidence" if log10_p <= STRONG else "Evidence",
        test=best.test,
        # Towards 0, so that the sentence never says more than the number.
        exponent=f"{math.ceil(log10_p * 10) / 10:.1f}",
        corrected=CORRECTED.format(tests=len(evidence)) if len(evidence) > 1 else "",
    )
