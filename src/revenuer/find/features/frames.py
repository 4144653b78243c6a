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
FEWEST_SHINGLES = 2


class Frames(NamedTuple):
    """The templates of each distinct text; -1 where too little recurs.

    A template's number is that of its first text.

    Attributes:
        fullest: (texts,) by the stretch of counts that holds most of what recurs.
        top: (texts,) by what recurs most.
        whole: (texts,) by all that recurs.
    """

    fullest: NDArray[np.int64]
    top: NDArray[np.int64]
    whole: NDArray[np.int64]


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
    steps = [shingles.recurrence(block.words, block.offsets, sketch) for block in store.blocks()]
    del sketch
    return Frames(
        *(
            _cluster(store, steps, layer)
            for layer in (shingles.FULLEST, shingles.TOP, shingles.WHOLE)
        )
    )


def _cluster(store: TextStore, steps: list[shingles.Steps], layer: int) -> NDArray[np.int64]:
    multipliers, shifts = shingles.permutations()
    signatures = np.empty((store.texts, shingles.PERMUTATIONS), np.uint32)
    inside = np.empty(store.texts, np.int32)
    total = np.empty(store.texts, np.int32)
    for block, recurs in zip(store.blocks(), steps, strict=True):
        rows = slice(block.first, block.first + len(block.offsets) - 1)
        signatures[rows], inside[rows], total[rows] = shingles.sign(
            block.words, block.offsets, recurs, layer, multipliers, shifts
        )
    # One shingle may be a turn of phrase; a short text that recurs whole is a template.
    is_framed = (inside >= FEWEST_SHINGLES) | ((inside == total) & (total > 0))
    return shingles.cluster(signatures, is_framed, BANDS, AGREE)
