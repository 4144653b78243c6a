"""From texts to templates: one template number a text.

Shingles that recur make a text's frame; texts with like frames share a template
(`features.shingles` says how and why).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.find.features import shingles
from revenuer.find.features.texts import TextStore

BANDS = 16
#: Equal MinHash values among 64, about half of what two frames contain, to be one template.
AGREE = 32


#: Beside its most frequent shingle, what recurs a tenth as often is contents, not frame.
RELATIVE = 0.1


class Frames(NamedTuple):
    """The template of each distinct text, at two depths; -1 where nothing in the text recurs.

    A template's number is that of its first text.

    Attributes:
        frame: (texts,) by what recurs most: one number for a frame with many contents.
        variant: (texts,) by all that recurs: apart where the contents recur too, such as a rare
            frame inside a popular one.
    """

    frame: NDArray[np.int64]
    variant: NDArray[np.int64]


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
    return Frames(_cluster(store, sketch, RELATIVE), _cluster(store, sketch, 0.0))


def _cluster(store: TextStore, sketch: NDArray[np.uint16], relative: float) -> NDArray[np.int64]:
    multipliers, shifts = shingles.permutations()
    signatures = np.empty((store.texts, shingles.PERMUTATIONS), np.uint32)
    recurring = np.empty(store.texts, np.int32)
    total = np.empty(store.texts, np.int32)
    for block in store.blocks():
        rows = slice(block.first, block.first + len(block.offsets) - 1)
        signatures[rows], recurring[rows], total[rows] = shingles.sign(
            block.words, block.offsets, sketch, shingles.RECURS, relative, multipliers, shifts
        )
    # One recurring shingle may be a turn of phrase; a short text that recurs whole is a template.
    is_framed = (recurring >= 2) | ((recurring == total) & (total > 0))
    return shingles.cluster(signatures, is_framed, BANDS, AGREE)
