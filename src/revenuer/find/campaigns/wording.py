"""How a campaign words its requests, as a set of phrases that can be found again later.

A phrase is four words in a row. A campaign's phrases are those that keep recurring in its own
exchanges and that hardly any account outside it uses; what they say of one request (its slots) does
not recur and is left out. Phrases are hashes, so that a run folder can keep them without the text.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Phrases = NDArray[np.uint64]
LENGTH = 4
#: Share of a campaign's texts, and their number, in which a phrase recurs; share of other texts up
#: to which it is the campaign's own.
RECURS, FEWEST_TEXTS, USUAL = 0.1, 4, 0.005
#: Phrases kept of a campaign, most frequent first.
MOST = 400
_PRIME = np.uint64(0x9E3779B97F4A7C15)


class Words(NamedTuple):
    """Texts as (words,) hashes, and (texts + 1,) where each begins."""

    words: NDArray[np.uint32]
    offsets: Numbers


def phrases(texts: Words, usual: Phrases) -> Phrases:
    """Return (phrases,) sorted hashes of what recurs in texts of a campaign and is not usual."""
    found, counts = _counted(texts)
    recurs = counts >= max(FEWEST_TEXTS, RECURS * (len(texts.offsets) - 1))
    own = recurs & ~np.isin(found, usual)
    found, counts = found[own], counts[own]
    return np.sort(found[np.lexsort((found, -counts))[:MOST]])


def usual(texts: Words) -> Phrases:
    """Return (phrases,) hashes of what a few of other accounts' texts have in common."""
    found, counts = _counted(texts)
    return found[counts >= max(2, USUAL * (len(texts.offsets) - 1))]


def alike(one: Phrases, other: Phrases) -> float:
    """Return the share of the phrases of two sets that both hold, in [0, 1]."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(len(one) + len(other) - shared, 1)


def _counted(texts: Words) -> tuple[Phrases, Numbers]:
    """Return each distinct phrase, and how many texts hold it."""
    words, offsets = texts
    if len(words) < LENGTH:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    text = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    starts = len(words) - LENGTH + 1
    inside = text[:starts] == text[LENGTH - 1 :]
    value = np.zeros(int(inside.sum()), np.uint64)
    for k in range(LENGTH):
        value = (value ^ words[k : starts + k][inside].astype(np.uint64)) * _PRIME
        value ^= value >> np.uint64(29)
    order = np.lexsort((text[:starts][inside], value))
    value, text = value[order], text[:starts][inside][order]
    is_new = np.append(True, (value[1:] != value[:-1]) | (text[1:] != text[:-1]))[: len(value)]
    return np.unique(value[is_new], return_counts=True)
