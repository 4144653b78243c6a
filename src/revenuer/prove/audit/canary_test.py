"""Does a suspect give the answers that were planted in one campaign?

To each campaign a set of questions was answered with one of k answers drawn at random, and the draw
committed to. Null model: the suspect never learnt from that campaign's answers. Then its answers,
however it came by them, are independent of the draw, so each agrees with a chance of exactly 1 / k
and the number that agree is Binomial(n, 1 / k). Which answers are likely, and that a model prefers
some of them, does not matter: the draw was uniform.

Every campaign is tested; the best is reported with its p-value times the number of campaigns. The
test misleads if the draw was not uniform, or if the suspect could read it elsewhere: answers that
were published, or served to others too, prove nothing about this campaign.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from revenuer.errors import InputError
from revenuer.prove.audit import combine, eprocess, tails
from revenuer.prove.audit.evidence import FEW, Evidence

NULL = "the suspect learnt from no campaign's planted answers"
#: What stands for a question that was not answered with one of the choices.
UNANSWERED = -1

Answers = NDArray[np.int64]


def canary_test(
    answers: Mapping[str, ArrayLike], planted: Mapping[str, ArrayLike], *, choices: int
) -> Evidence:
    """Test a suspect's answers against the planted ones of every campaign.

    Ask each question once: a suspect that is asked again gives the same answer again.

    Args:
        answers: For each campaign (questions,) which choice the suspect gave to that campaign's
            questions, 0 .. choices - 1, or -1 for none.
        planted: For each campaign (questions,) which choice was served.
        choices: Answers of which one was drawn, 2 or more.

    Returns:
        Evidence of the campaign that agrees best, corrected for the number of campaigns; `details`
        name it (`campaign`), and say how many tie with it. `log10_e` is the mean over campaigns.

    Raises:
        InputError: No campaign or other campaigns, rows of different lengths, or a choice that is
            none.
    """
    if not planted:
        raise InputError("no campaign's planted answers to compare with")
    if set(answers) != set(planted):
        odd = ", ".join(sorted(set(answers) ^ set(planted)))
        raise InputError(f"answers and planted answers are of different campaigns: {odd}")
    tested: dict[str, tuple[int, int]] = {}
    seen = 0
    for campaign, served in planted.items():
        drawn = _choices(served, f"the planted answers of {campaign}", choices)
        given = _choices(answers[campaign], f"the answers of {campaign}", choices)
        if drawn.shape != given.shape:
            raise InputError(
                f"{campaign} has {len(drawn)} planted answers and {len(given)} answers",
                hint="give -1 where a question was not answered",
            )
        asked = (drawn != UNANSWERED) & (given != UNANSWERED)
        tested[campaign] = (int((drawn[asked] == given[asked]).sum()), int(asked.sum()))
        seen += len(drawn)
    logs = {
        campaign: float(tails.binomial_log10_sf(agree, n, 1 / choices))
        for campaign, (agree, n) in tested.items()
    }
    bets = [eprocess.hits_log10_e(agree, n, 1 / choices) for agree, n in tested.values()]
    # A campaign with too few answers says nothing, and must not hide one that says something.
    best = min(logs, key=lambda campaign: (tested[campaign][1] < FEW["canary"], logs[campaign]))
    agree, n = tested[best]
    correction = math.log10(len(logs))
    unanswered = seen - sum(of for _, of in tested.values())
    return Evidence(
        "canary", NULL, seen, n, float(agree), min(logs[best] + correction, 0.0),
        log10_e=combine.e_mean(bets),
        dropped={"no answer": unanswered} if unanswered else {},
        details={
            "campaign": best, "campaigns": len(logs), "choices": choices,
            "log10_p_of_campaign": logs[best],
            "campaigns_as_good": sum(one == logs[best] for one in logs.values()),
        },
        smallest_log10_p=min(correction - n * math.log10(choices), 0.0),
        fewest=FEW["canary"],
    )  # fmt: skip


def _choices(values: ArrayLike, name: str, choices: int) -> Answers:
    if choices < 2:
        raise InputError(f"a choice among {choices} tells nothing", hint="plant 2 or more")
    row = np.asarray(values)
    if row.size == 0:
        return np.empty(0, np.int64)
    if row.ndim != 1 or row.dtype.kind not in "iu":
        raise InputError(f"{name} are not one row of whole numbers")
    if row.min() < UNANSWERED or row.max() >= choices:
        raise InputError(
            f"{name} hold a choice outside 0 .. {choices - 1}", hint="-1 stands for no answer"
        )
    return row.astype(np.int64)
