"""From texts to templates: one template number a text, one row a template.

Shingles that recur make a text's frame; texts with like frames share a template
(`features.shingles` says how and why). A template is then described by what most of its texts
have in common: its frame in words, with `⟨…⟩` where the texts differ.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from revenuer.find.features import shingles
from revenuer.find.features.texts import TextStore

BANDS = 16
#: Equal MinHash values among 64, about half of what two frames contain, to be one template.
AGREE = 32
SLOT = "⟨…⟩"


class Frames(NamedTuple):
    """What each distinct text's frame is.

    Attributes:
        template: (texts,) template number, -1 where nothing in the text recurs. A template's
            number is that of its first text.
        framed_share: (texts,) share of the text's shingles that recur, in [0, 1].
    """

    template: NDArray[np.int64]
    framed_share: NDArray[np.float32]


def find(store: TextStore, exchanges: NDArray[np.int64]) -> Frames:
    """Return the templates of all texts.

    Args:
        store: The texts.
        exchanges: (texts,) how many exchanges carry each text.
    """
    sketch = shingles.count_sketch(store.words + 2 * store.texts)
    for block in store.blocks():
        weights = exchanges[block.first : block.first + len(block.offsets) - 1]
        shingles.count(block.words, block.offsets, weights, sketch)
    multipliers, shifts = shingles.permutations()
    signatures = np.empty((store.texts, shingles.PERMUTATIONS), np.uint32)
    recurring = np.empty(store.texts, np.int32)
    total = np.empty(store.texts, np.int32)
    for block in store.blocks():
        rows = slice(block.first, block.first + len(block.offsets) - 1)
        signatures[rows], recurring[rows], total[rows] = shingles.sign(
            block.words, block.offsets, sketch, shingles.RECURS, multipliers, shifts
        )
    # One recurring shingle may be a turn of phrase; a short text that recurs whole is a template.
    is_framed = (recurring >= 2) | ((recurring == total) & (total > 0))
    template = shingles.cluster(signatures, is_framed, BANDS, AGREE)
    return Frames(template, (recurring / np.maximum(total, 1)).astype(np.float32))


@numba.njit(cache=True, nogil=True)
def slot_hashes(words, offsets, is_common):  # type: ignore[no-untyped-def]
    """Hash the stretches of each text that its template does not share.

    Args:
        words: (words,) uint32 word hashes of the texts of one template.
        offsets: (texts + 1,) where each text begins.
        is_common: (words,) whether the template shares the word.

    Returns:
        (texts, 4) uint64 hash of the first three slots and of all further ones together; 0 where
        there is none.
    """
    out = np.zeros((len(offsets) - 1, 4), np.uint64)
    prime = np.uint64(0x9E3779B97F4A7C15)
    for text in range(len(offsets) - 1):
        slot, inside = -1, False
        for i in range(offsets[text], offsets[text + 1]):
            if is_common[i]:
                inside = False
                continue
            if not inside:
                slot, inside = min(slot + 1, 3), True
            value = (out[text, slot] ^ np.uint64(words[i])) * prime
            out[text, slot] = value ^ value >> np.uint64(29)
    return out


def common_words(
    words: NDArray[np.uint32], offsets: NDArray[np.int64], *, share: float = 0.5
) -> NDArray[np.bool_]:
    """Return (words,) whether a word, with its neighbour, stands in most texts of the template.

    A word is common when the pair it makes with the word before or after occurs in at least
    `share` of the texts: single words such as "the" would be common anywhere.
    """
    texts = len(offsets) - 1
    text_of = np.repeat(np.arange(texts), np.diff(offsets))
    left = np.zeros(len(words), np.uint64)
    left[1:] = words[:-1]
    left[offsets[:-1][offsets[:-1] < len(words)]] = 0
    pairs = left << np.uint64(32) | words.astype(np.uint64)
    _, which = np.unique(pairs, return_inverse=True)
    once = np.unique(which * texts + text_of) // texts
    is_frequent = np.bincount(once, minlength=int(which.max()) + 1) >= share * texts
    with_left = is_frequent[which]
    with_right = np.zeros(len(words), np.bool_)
    with_right[:-1] = with_left[1:] & (text_of[1:] == text_of[:-1])
    return with_left | with_right


def show(text: str, is_common: NDArray[np.bool_], words_of_text: list[str]) -> str:
    """Return one text of a template in words, its slots as `⟨…⟩`.

    Args:
        text: The raw text, kept for its punctuation only where it is empty of words.
        is_common: (words,) whether the template shares each word.
        words_of_text: The words, in order, as `lexicon.words` gives them.
    """
    if not words_of_text:
        return text
    parts: list[str] = []
    for word, is_shared in zip(words_of_text, is_common, strict=False):
        if is_shared:
            parts.append(word)
        elif not parts or parts[-1] != SLOT:
            parts.append(SLOT)
    return " ".join(parts)
