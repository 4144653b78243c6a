"""What a test says: statistics, what was dropped and why, and how much it is worth.

Every test of `prove.audit` returns an `Evidence`. The bar for a verdict is fixed here, once: no
verdict below 200 independent units, a flag at 1e-4, strong evidence at 1e-6. A rank never flags
alone. No evidence is not innocence: marks can be removed [1].

[1] L. Pan et al. Can LLM watermarks robustly prevent unauthorized knowledge distillation? 2025.
    https://arxiv.org/abs/2502.11598
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

#: Units (windows, questions, prompts) below which nothing is said.
FEWEST = 200
#: The same for tests of which each unit tells more than a window does: 20 planted answers of four
#: choices can reach 1e-12, a rank among 20 models 0.05, 20 hidden units that keep their numbers
#: 1e-18.
FEW = {"agreement": 20, "canary": 20, "renumbered units": 20, "same units": 20}
#: Ranks: their p-values hold if models are of a kind, or an order was as random as its owner says,
#: which nobody else can see. So they stand beside other evidence, however small they are.
RANKS = frozenset({"agreement", "order", "renumbered units"})
#: log10 of the p-value that flags, and of that which is strong evidence.
FLAG, STRONG = -4.0, -6.0


class Verdict(StrEnum):
    """How much evidence there is."""

    TOO_LITTLE = "too little to tell"
    NONE = "no evidence"
    FLAGGED = "evidence"
    STRONG = "strong evidence"


@dataclass(frozen=True)
class Evidence:
    """The outcome of one test.

    Attributes:
        test: Stable name, such as `detect`.
        null: The null hypothesis, in a sentence.
        seen: Units looked at.
        scored: Units that the statistic is made of.
        statistic: In the unit of the test.
        log10_p: log10 of the exact p-value or of an upper bound on it, at most 0.
        log10_e: log10 of the e-value, where the test has one: under the null its mean is at most 1
            at any time of looking, so that 1/e bounds the chance of ever seeing as much.
        dropped: Units left out, by reason.
        details: Numbers and settings of the test.
        smallest_log10_p: log10 of the smallest p-value the test could have given, where that is a
            limit (rank tests).
        fewest: Units below which nothing is said.
    """

    test: str
    null: str
    seen: int
    scored: int
    statistic: float
    log10_p: float
    log10_e: float | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    details: Mapping[str, float | int | str] = field(default_factory=dict)
    smallest_log10_p: float | None = None
    fewest: int = FEWEST

    @property
    def p_value(self) -> float:
        """The p-value, 0 where it is too small for a float."""
        return math.pow(10.0, self.log10_p)

    @property
    def verdict(self) -> Verdict:
        """How much evidence there is."""
        if self.scored < self.fewest:
            return Verdict.TOO_LITTLE
        if self.test in RANKS or self.log10_p > FLAG:
            return Verdict.NONE
        return Verdict.STRONG if self.log10_p <= STRONG else Verdict.FLAGGED
