"""Does a suspect agree with our outputs more than any like model does?

Null model: the suspect is one more model of the controls' kind, so that, before anybody looks, each
of the models was as likely as any other to agree best. Then the rank of the suspect's mean
agreement among them is uniform: p = (1 + controls that agree at least as much) / (controls + 1).

The models are the units, not the prompts. A better model agrees more on every prompt, so thousands
of prompts say no more of the null than one look at each model; a p-value from prompts would be as
small as there are prompts. So the smallest p-value is 1 / (controls + 1), and this test alone never
flags, whatever the number of controls: nobody knows that they are of the suspect's kind. It
misleads when the suspect is better, larger or newer than they are, or was trained on the same
public data as our model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from revenuer.errors import InputError
from revenuer.prove.audit.evidence import FEW, FLAG, Evidence

NULL = "the suspect is one more model of the controls' kind"
#: log10 of the smallest p-value this test may claim alone: just above what flags.
FLOOR = FLAG + 0.01

Shares = NDArray[np.float64]


def agreement_test(suspect: ArrayLike, controls: ArrayLike) -> Evidence:
    """Compare how much a suspect and its controls agree with our outputs.

    Args:
        suspect: (prompts,) agreement with our output, each in [0, 1]; `agreement` measures it.
        controls: (controls, prompts) the same of models that cannot have seen our outputs.

    Returns:
        Evidence whose units are models; `statistic` is the suspect's mean agreement.

    Raises:
        InputError: No prompt, other prompts, or an agreement outside [0, 1].
    """
    ours, others = np.asarray(suspect, np.float64), np.asarray(controls, np.float64)
    if ours.ndim != 1 or not len(ours):
        raise InputError("the suspect's agreement is no row with a number for each prompt")
    others = others.reshape(-1, len(ours)) if others.size == 0 else others
    if others.ndim != 2 or others.shape[1] != len(ours):
        raise InputError(
            f"controls of shape {others.shape} were not asked the suspect's {len(ours)} prompts"
        )
    both = np.vstack([ours, others])
    if not ((both >= 0) & (both <= 1)).all():
        raise InputError("an agreement lies in [0, 1]")
    means = both.mean(axis=1)
    # Equal up to rounding counts as equal, against the suspect's being above.
    at_least = int((means[1:] >= means[0] - 1e-12).sum())
    models = len(both)
    smallest = max(-math.log10(models), FLOOR)
    return Evidence(
        "agreement", NULL, len(ours), models, float(means[0]),
        max(math.log10((1 + at_least) / models), FLOOR),
        details={
            "prompts": len(ours), "controls": models - 1, "controls_at_least": at_least,
            "controls_mean": float(means[1:].mean()) if models > 1 else 0.0,
            "controls_highest": float(means[1:].max()) if models > 1 else 0.0,
        },
        smallest_log10_p=smallest,
        fewest=FEW["agreement"],
    )  # fmt: skip


def agreement(ours: Sequence[ArrayLike], theirs: Sequence[ArrayLike]) -> Shares:
    """Return how much each of a model's outputs agrees with ours.

    Args:
        ours: Token ids of our output to each prompt; one next token is a row of one.
        theirs: The model's output to the same prompts, in the same tokens.

    Returns:
        (prompts,) share of places that hold the same token, of the places of the longer output.

    Raises:
        InputError: Different numbers of prompts.
    """
    if len(ours) != len(theirs):
        raise InputError(f"{len(ours)} outputs of ours, but {len(theirs)} of theirs")
    shares = np.zeros(len(ours))
    for i, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        one, two = np.atleast_1d(mine), np.atleast_1d(other)
        short, long = sorted((len(one), len(two)))
        shares[i] = (one[:short] == two[:short]).sum() / long if long else 1.0
    return shares
