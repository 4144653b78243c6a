"""From texts to templates: one template number a text.

Shingles that recur make a text's frame; texts with like frames share a template
(`features.shingles` says how and why).
"""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.find.features import shingles
from revenuer.find.features.numbering import Numbering
from revenuer.find.features.texts import TextStore, chosen

BANDS = 16
#: Equal MinHash values among 64, about half of what two frames contain, to be one template.
AGREE = 32
FEWEST_SHINGLES = 2

#: Numbers of some texts, their words, and (texts + 1,) where each begins in these.
Numbered = tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.int64]]


class Frames(NamedTuple):
    """The templates of each distinct text; -1 where too little recurs.

    A template's number is that of its first text.

    Attributes:
        fullest: (texts,) by the stretch of counts that holds most of what recurs.
        top: (texts,) by what recurs most.
        whole: (texts,) by all that recurs.
    """

    fullest: NDArray[np.int32]
    top: NDArray[np.int32]
    whole: NDArray[np.int32]


def find(store: TextStore, exchanges: NDArray[np.int64]) -> Frames:
    """Return the templates of all texts.

    Args:
        store: The texts.
        exchanges: (texts,) how many exchanges carry each text; where none does, a text has no
            template and counts for none.
    """
    sketch = shingles.count_sketch(store.words + 2 * store.texts)
    for texts, words, offsets in _carried(store, exchanges):
        shingles.count(words, offsets, exchanges[texts], sketch)
    with TemporaryFile(dir=store.folder) as steps:
        for _, words, offsets in _carried(store, exchanges):
            # `tofile` would not say why it failed.
            steps.write(shingles.recurrence(words, offsets, sketch).data)
        del sketch
        layers = (shingles.FULLEST, shingles.TOP, shingles.WHOLE)
        return Frames(*(_cluster(store, exchanges, steps, layer) for layer in layers))


def _carried(store: TextStore, exchanges: NDArray[np.int64]) -> Iterator[Numbered]:
    """Yield, block by block, the texts that an exchange carries, their words and offsets."""
    for block in store.blocks():
        own = np.flatnonzero(exchanges[block.first : block.first + len(block.offsets) - 1])
        yield block.first + own, *chosen(block.words, block.offsets, own)


def _cluster(
    store: TextStore, exchanges: NDArray[np.int64], steps: IO[bytes], layer: int
) -> NDArray[np.int32]:
    """Join the texts of one layer.

    Texts with one signature are compared as one (3.4 times less CPU at 100k exchanges).
    """
    steps.seek(0)
    permutations = shingles.permutations()
    numbering = Numbering()
    # Memory is taken as it is filled, so these cost what is distinct.
    # The lower half of a value tells which shingle won: two others agree in it once in 65,536.
    signatures = np.empty((store.texts, shingles.PERMUTATIONS), np.uint16)
    first = np.empty(store.texts, np.int32)
    signature = np.full(store.texts, np.int32(-1))
    for texts, words, offsets in _carried(store, exchanges):
        recurs = np.fromfile(steps, np.int8, len(words))
        own, inside, total = shingles.sign(words, offsets, recurs, layer, *permutations)
        # One shingle may be a turn of phrase; a short text that recurs whole is a template.
        is_framed = (inside >= FEWEST_SHINGLES) | ((inside == total) & (total > 0))
        known = len(numbering)
        signature[texts], fresh = numbering.number(shingles.keys_of(own, is_framed))
        signatures[known : len(numbering)] = own[fresh]
        first[known : len(numbering)] = texts[fresh]
    root = shingles.cluster(signatures[: len(numbering)], BANDS, AGREE)
    # Signature number -1 reads the extra last entry, which is no template.
    return np.append(first[root], np.int32(-1))[signature]
