"""The slots of a template: where its texts differ, and what stands there.

A word belongs to the template when it and its neighbour stand side by side in most of its texts, or
when it stands in nearly all of them (a label between two slots); a stretch of other words is a
slot. Slots carry two things: a template that a person can read (`show`), and the values that
`evidence.partition` looks at.

Fails on templates chained from paraphrases with nothing in common: everything is then one slot.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from revenuer.find.features.texts import TextStore

SLOT = "⟨…⟩"
SLOTS = 4
#: Distinct texts that a template needs before its slots mean anything.
FEWEST_TEXTS = 8
#: Texts of one template that decide which words are common; more add nothing.
SAMPLE = 500
SHARE, NEARLY_ALL = 0.5, 0.9
#: Texts whose words are in memory at once: a template may be everybody's.
AT_ONCE = 20_000


class Filled(NamedTuple):
    """The slots of texts.

    Attributes:
        slots: (texts, 4) hash of each of the first three slots and of all further ones together; 0
            where there is none, and for templates with fewer than 8 texts.
        layouts: (texts,) hash of the template's own words and where slots stand among them: texts
            of one template may be worded in several ways.
    """

    slots: NDArray[np.uint64]
    layouts: NDArray[np.uint64]


def places(*templates: NDArray[np.int32]) -> NDArray[np.int32]:
    """Number the texts that stand, in any layer, in a template with slots; others get -1.

    Args:
        templates: For each layer, (texts,) template of each text, -1 for none.
    """
    is_filled = np.zeros(len(templates[0]), np.bool_)
    for template in templates:
        framed = np.flatnonzero(template >= 0)
        texts = np.bincount(template[framed], minlength=1)
        is_filled[framed] |= texts[template[framed]] >= FEWEST_TEXTS
    return np.where(is_filled, np.cumsum(is_filled) - 1, -1).astype(np.int32)


def fill(
    store: TextStore,
    template: NDArray[np.int32],
    out: Filled | None = None,
    place: NDArray[np.int32] | None = None,
) -> Filled:
    """Return what stands in the slots of each text.

    Args:
        store: The texts.
        template: (texts,) template of each text, -1 for none.
        out: Zeros to write to, made when missing.
        place: (texts,) where each is written, as `places` says; in its own place when missing.
    """
    out = out or empty(len(template))
    place = np.arange(len(template), dtype=np.int32) if place is None else place
    order = np.argsort(template, kind="stable")
    order = order[np.searchsorted(template[order], 0) :]
    bounds = np.flatnonzero(np.diff(template[order], prepend=-1, append=-1))
    for start, end in pairwise(bounds):
        texts = order[start:end]
        if len(texts) >= FEWEST_TEXTS:
            sample = store.read(texts[:SAMPLE])
            pairs, alone = common_pairs(*sample), common_words(*sample)
            for some in np.split(texts, range(AT_ONCE, len(texts), AT_ONCE)):
                words, offsets = store.read(some)
                marked = is_common(words, offsets, pairs, alone)
                rows = place[some]
                out.slots[rows], out.layouts[rows] = _slot_hashes(words, offsets, marked)
    return out


def empty(*texts: int) -> Filled:
    """Return no slots, for an array of texts of any shape."""
    return Filled(np.zeros((*texts, SLOTS), np.uint64), np.zeros(texts, np.uint64))


def common_pairs(words: NDArray[np.uint32], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the pairs of neighbouring words, sorted, that stand in most of the texts."""
    return np.sort(_most_common(_pairs(words, offsets), offsets, SHARE * (len(offsets) - 1)))


def common_words(words: NDArray[np.uint32], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the words, sorted, that stand in nearly all of the texts."""
    found = _most_common(words.astype(np.uint64), offsets, NEARLY_ALL * (len(offsets) - 1))
    return np.sort(found)


def is_common(
    words: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    pairs: NDArray[np.uint64],
    alone: NDArray[np.uint64],
) -> NDArray[np.bool_]:
    """Return (words,) whether each word belongs to the template.

    Args:
        words: (words,) word hashes, texts one after another.
        offsets: (texts + 1,) where each text begins.
        pairs: From `common_pairs`: a word belongs that makes one with its neighbour.
        alone: From `common_words`: a word between two slots belongs that makes none.
    """
    with_left = _are_in(_pairs(words, offsets), pairs)
    with_right = np.zeros(len(words), np.bool_)
    with_right[:-1] = with_left[1:]
    lasts = offsets[1:][np.diff(offsets) > 0] - 1
    with_right[lasts] = False
    return with_left | with_right | _are_in(words.astype(np.uint64), alone)


def show(words: list[str], is_shared: NDArray[np.bool_]) -> str:
    """Return one text of a template in words, with `⟨…⟩` for each slot.

    Example:
        >>> show(["say", "hello", "to", "ann"], np.array([True, True, True, False]))
        'say hello to ⟨…⟩'
    """
    parts: list[str] = []
    for word, shared in zip(words, is_shared, strict=True):
        if shared:
            parts.append(word)
        elif not parts or parts[-1] != SLOT:
            parts.append(SLOT)
    return " ".join(parts)


def _pairs(words: NDArray[np.uint32], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return (words,) each word with the one before it; 0 stands before a text's first word."""
    left = np.zeros(len(words), np.uint64)
    left[1:] = words[:-1]
    left[offsets[:-1][np.diff(offsets) > 0]] = 0
    return left << np.uint64(32) | words.astype(np.uint64)


@numba.njit(cache=True, nogil=True)
def _most_common(
    pairs: NDArray[np.uint64], offsets: NDArray[np.int64], least: float
) -> NDArray[np.uint64]:
    """Return the pairs that at least `least` texts hold."""
    size = 1 << 8
    while size < 2 * len(pairs):
        size *= 2
    mask = np.uint64(size - 1)
    keys = np.empty(size, np.uint64)
    texts, last = np.zeros(size, np.int32), np.full(size, np.int32(-1), np.int32)
    for text in range(len(offsets) - 1):
        for i in range(offsets[text], offsets[text + 1]):
            hashed = pairs[i] * np.uint64(0x9E3779B97F4A7C15)
            at = np.int64(hashed >> np.uint64(32) & mask)
            while texts[at] > 0 and keys[at] != pairs[i]:
                at = np.int64(np.uint64(at + 1) & mask)
            keys[at] = pairs[i]
            if last[at] != text:
                last[at] = text
                texts[at] += 1
    return keys[(texts > 0) & (texts >= least)]


@numba.njit(cache=True, nogil=True)
def _are_in(pairs: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return (pairs,) whether each is among a few known ones, which are sorted."""
    found = np.zeros(len(pairs), np.bool_)
    for i in range(len(pairs)):
        at = np.searchsorted(known, pairs[i])
        found[i] = at < len(known) and known[at] == pairs[i]
    return found


@numba.njit(cache=True, nogil=True)
def _slot_hashes(
    words: NDArray[np.uint32], offsets: NDArray[np.int64], is_shared: NDArray[np.bool_]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return (texts, 4) one hash a slot, the fourth of all further ones; (texts,) the layout."""
    out = np.zeros((len(offsets) - 1, SLOTS), np.uint64)
    layouts = np.zeros(len(offsets) - 1, np.uint64)
    prime = np.uint64(0x9E3779B97F4A7C15)
    for text in range(len(offsets) - 1):
        slot, inside = -1, False
        for i in range(offsets[text], offsets[text + 1]):
            if is_shared[i] or not inside:
                own = np.uint64(words[i]) if is_shared[i] else np.uint64(1)
                value = (layouts[text] ^ own) * prime
                layouts[text] = value ^ value >> np.uint64(29)
            if is_shared[i]:
                inside = False
                continue
            if not inside:
                slot, inside = min(slot + 1, SLOTS - 1), True
            value = (out[text, slot] ^ np.uint64(words[i])) * prime
            out[text, slot] = value ^ value >> np.uint64(29)
    return out, layouts
