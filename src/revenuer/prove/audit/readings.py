"""What a suspect said after each window, kept small; and what a key makes of it.

Of a whole distribution the likeliest tokens are kept, of our own model where it is given: the mark
chose among those. Which ones never depends on the key, so a smaller set costs power only.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError
from revenuer.prove.audit import bets, detect
from revenuer.prove.audit.detect import Judged
from revenuer.prove.audit.windows import Windows
from revenuer.prove.marks import prf
from revenuer.prove.marks.green import GreenMark

Statistic = Literal["tokens", "whole", "contrast"]
Distributions = NDArray[np.floating]
Numbers = NDArray[np.float64]


class Reading(NamedTuple):
    """Units and what was said there.

    Attributes:
        windows: (units, width) token ids.
        tokens: (units, candidates) token ids; one candidate where a token was said.
        suspect: (units, candidates) probabilities that the suspect gives them.
        reference: The same of our own model, or None.
    """

    windows: Windows
    tokens: NDArray[np.int64]
    suspect: Numbers
    reference: Numbers | None


def said(windows: Windows, tokens: NDArray[np.int64]) -> Reading:
    """Return the reading of one token a window: (units,)."""
    return Reading(windows, tokens[:, None], np.ones((len(tokens), 1)), None)


def predicted(
    windows: Windows, suspect: Distributions, reference: Distributions | None, candidates: int
) -> Reading:
    """Return the reading of whole distributions, each (units, vocabulary)."""
    by = suspect if reference is None else reference
    count = min(candidates, by.shape[1])
    likeliest = np.argpartition(-by, count - 1, axis=1)[:, :count].astype(np.int64)
    ours = None if reference is None else _taken(reference, likeliest)
    return Reading(windows, likeliest, _taken(suspect, likeliest), ours)


def joined(parts: list[Reading]) -> Reading:
    """Return one reading of all parts.

    Raises:
        InputError: They have different vocabularies or different statistics.
    """
    if len({part.tokens.shape[1] for part in parts}) > 1:
        raise InputError("distributions of different vocabularies in one audit")
    ours = [part.reference for part in parts if part.reference is not None]
    return Reading(
        np.concatenate([part.windows for part in parts]),
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.suspect for part in parts]),
        np.concatenate(ours) if ours else None,
    )


def judge_tokens(reading: Reading, seed: int, scheme: detect.Mark, units: int | None) -> Judged:
    """Score the token of each window; missing ones of `units` count as nothing. Exact tail."""
    scores = scheme.scores(seed, reading.windows, reading.tokens[:, 0])
    return detect.judged(scores, scheme, units=units)


def judge_bets(reading: Reading, seed: int, scheme: detect.Mark, *, is_supervised: bool) -> Judged:
    """Bet on the distribution after each window; p is 1 / e, or a Chernoff bound that holds."""
    windows, tokens, suspect, reference = reading
    numbers = prf.uniforms(prf.words(seed, prf.states(seed, windows), tokens))
    if isinstance(scheme, GreenMark):
        share = scheme.share
        is_green = numbers < np.float32(scheme.gamma)
        path = bets.log10_e(bets.lean(suspect, reference, is_green, share))
        total = float((suspect * is_green).sum())
    elif reference is not None:
        share = None
        path = bets.log10_e(bets.contrast(suspect, reference, numbers))
        total = float(path[-1])
    else:
        share = None
        path = bets.log10_e(bets.whole(suspect, numbers))
        total = float((suspect * -np.log1p(-numbers.astype(np.float64))).sum())
    if is_supervised or reference is not None:
        log10_p = min(0.0, -float(path[-1]))
    else:
        log10_p = bets.chernoff_log10_p(total, suspect, share)
    return Judged(total, log10_p, path)


def _taken(distributions: Distributions, tokens: NDArray[np.int64]) -> Numbers:
    return np.take_along_axis(distributions, tokens, 1).astype(np.float64)
