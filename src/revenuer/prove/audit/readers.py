"""Marks of others: vLLM's native Gumbel mark, bit for bit.

vLLM marks with one key, or with two of which the second is used with probability alpha. Its own
detector looks at one text at a time and, for two keys with unequal weights, reports the tail of a
Gamma distribution of the same two moments, which is up to several times smaller than the true one.
Both of its numbers are given here beside ours, so that nobody wonders why they differ.

Read from vllm/v1/watermarking/{detector,gumbel}.py (Apache-2.0, at 01c268bc) and written anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc, logsumexp

from revenuer.errors import InputError
from revenuer.prove.audit import eprocess, tails
from revenuer.prove.audit.detect import NULL, first_units, seed_of
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.windows import Seen, Tokens, Windows, read, windows
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.vllm import dual_keys

#: vLLM's defaults.
WIDTH, THRESHOLD = 4, 0.01
#: Scores do not depend on its settings; the width is that of the windows.
_MARK = GumbelMark()


class Reported(NamedTuple):
    """What vLLM's detector says of one text; its p-value is a float and may underflow to 0."""

    score: float
    p_value: float
    num_scored_tokens: int
    is_watermarked: bool


def vllm_reports(
    text: ArrayLike,
    key: int,
    *,
    width: int = WIDTH,
    alpha: float | None = None,
    deduplicate: bool = True,
) -> Reported:
    """Return what vLLM's own detector reports, to 1e-9 of each number.

    Args:
        text: (tokens,) ids of one completion.
        key: The key of the configuration; the master key where there are two.
        width: Tokens in a window.
        alpha: Weight of the second key, in [0, 1]; None for a mark with one key.
        deduplicate: Score each window of the text once.
    """
    ids = read(text)
    before = windows(ids, width)
    if deduplicate:
        kept = Seen().first(before, ids)
        before, ids = before[kept], ids[kept]
    if not len(ids):
        return Reported(0.0, 1.0, 0, False)
    score = math.fsum(_scores(before, ids, key, alpha))
    n = len(ids)
    # Two moments of the weighted sum, as the engine matches them.
    v = 1.0 if alpha is None else (1 - alpha) ** 2 + alpha**2
    p_value = float(gammaincc(n / v, score / v))
    return Reported(score, p_value, n, p_value <= THRESHOLD)


def read_vllm(
    texts: Sequence[ArrayLike],
    key: int,
    seen: Seen | None = None,
    *,
    width: int = WIDTH,
    alpha: float | None = None,
    contexts: Sequence[ArrayLike] | None = None,
) -> Evidence:
    """Test texts for vLLM's mark: each window once in the whole audit, exact tails.

    Args:
        texts: Token ids of each completion.
        key: The key of the configuration; the master key where there are two.
        seen: What this audit met before.
        width: Tokens in a window.
        alpha: Weight of the second key; None for a mark with one key.
        contexts: What the suspect was given for each text.

    Returns:
        Evidence; `details` hold the smallest p-value that vLLM's detector reports for one of the
        texts, and how many it flags.
    """
    units = first_units(texts, width, seen, contexts=contexts)
    n = len(units.tokens)
    score = math.fsum(_scores(units.windows, units.tokens, key, alpha))
    if alpha is None:
        log10_p = float(tails.gamma_log10_sf(score, n))
        log10_e = float(eprocess.scores_log10_e(score, n))
    else:
        log10_p = tails.dual_log10_sf(score, n, alpha)
        log10_e = _dual_e(units.windows, units.tokens, key, alpha)
    reports = [vllm_reports(text, key, width=width, alpha=alpha) for text in texts]
    details: dict[str, float | int | str] = {
        "scheme": "vllm gumbel" if alpha is None else "vllm dual key",
        "window": width,
        "texts": len(texts),
        "vllm_smallest_p": min((one.p_value for one in reports), default=1.0),
        "vllm_flagged": sum(one.is_watermarked for one in reports),
    }
    if alpha is not None:
        details["alpha"] = alpha
    return Evidence(
        "vllm", NULL, units.seen, n, score, log10_p, log10_e=log10_e,
        dropped=units.dropped, details=details,
    )  # fmt: skip


def _scores(before: Windows, ids: Tokens, key: int, alpha: float | None) -> NDArray[np.float64]:
    if alpha is None:
        return _MARK.scores(seed_of(key), before, ids)
    if not 0 <= alpha <= 1:
        raise InputError(f"the weight of a key lies between 0 and 1; {alpha} does not")
    keys = dual_keys(seed_of(key))
    return (1 - alpha) * _MARK.scores(keys.a, before, ids) + alpha * _MARK.scores(
        keys.b, before, ids
    )


def _dual_e(before: Windows, ids: Tokens, key: int, alpha: float) -> float:
    """Each key's e-value is one; so is their mean with any weights fixed beforehand."""
    logs = [
        float(eprocess.scores_log10_e(_MARK.scores(one, before, ids).sum(), len(ids))) * tails.LN10
        for one in dual_keys(seed_of(key))
    ]
    return float(logsumexp(logs, b=[1 - alpha, alpha])) / tails.LN10
