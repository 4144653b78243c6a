"""Which runs of words recur, and how alike two texts are in what recurs.

A harvest sends one frame with ever-changing contents: most of each prompt is unique, so plain
MinHash [1] over whole prompts sees little likeness (a 20-word frame around an 80-word question
leaves a Jaccard index near .1). Here a first pass counts every shingle of four words over all
texts; contents that occur once drop out, frames stay, and MinHash then compares frames only.
Nothing needs to be known about quotation marks, code blocks or other borders of a slot.

Not all that recurs is one frame. The words of one frame recur about equally often, as often as it
was sent; a popular phrase among its contents, or a product's prompt around it, recurs far more. So
each text is looked at in three layers: the stretch of counts, a factor of four wide, that holds
most of its shingles (a frame of its own, whatever surrounds it); the highest counts, a factor of
eleven (the frame, where contents recur a little); and all that recurs (paraphrases, joined through
what they have in common).

Counting is a conservative count-min sketch [2]: a count is never too small; with as many cells as
shingles, under 1 in 500 unique shingles reads as recurring (tests/find/features/test_shingles.py).

Limits: a frame shorter than two shingles is not seen; contents that themselves recur (a public
question set) count as frame, so such prompts form one template a question.

[1] A. Broder. On the resemblance and containment of documents. SEQUENCES 1997.
    https://doi.org/10.1109/SEQUEN.1997.666900
[2] C. Estan, G. Varghese. New directions in traffic measurement and accounting. SIGCOMM 2002.
    https://doi.org/10.1145/633025.633056
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

FrameWords = NDArray[np.uint32]
Offsets = NDArray[np.int64]
Sketch = NDArray[np.uint16]
Signatures = NDArray[np.uint32] | NDArray[np.uint16]
Steps = NDArray[np.int8]

PERMUTATIONS = 64
#: A shingle that this many exchanges carry is part of a frame; fewer may be chance or a retry.
RECURS = 4
#: Layers: the fullest stretch of counts, the highest counts, all that recurs.
FULLEST, TOP, WHOLE = 0, 1, 2
#: Counts are compared by half-octaves: a factor of four for the fullest, of eleven for the top.
WIDTH, TOP_WIDTH, STEPS = 4, 7, 33


def count_sketch(shingles: int) -> Sketch:
    """Return an empty (2, cells) sketch for about `shingles` distinct shingles; at most 1 GB."""
    bits = int(np.clip(np.ceil(np.log2(max(shingles, 1))), 16, 28))
    return np.zeros((2, 1 << bits), np.uint16)


@numba.njit(cache=True, nogil=True, inline="always")
def _mix(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(32)
    value *= np.uint64(0xD6E8FEB86659FD93)
    value ^= value >> np.uint64(32)
    return value


@numba.njit(cache=True, nogil=True, inline="always")
def _shingle(words: FrameWords, start: int, end: int, i: int) -> np.uint64:
    """Hash the four words from i - 1 on; outside the text stands a border word."""
    value = np.uint64(0x2545F4914F6CDD1D)
    for j in range(i - 1, i + 3):
        word = np.uint64(words[j]) if start <= j < end else np.uint64(7 if j < start else 11)
        value = (value ^ word) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(29)
    return _mix(value)


@numba.njit(cache=True, nogil=True)
def count(words: FrameWords, offsets: Offsets, weights: NDArray[np.int64], sketch: Sketch) -> None:
    """Add the shingles of each text, `weights[text]` times each, to the sketch (saturating).

    Args:
        words: (words,) word hashes, texts one after another, without breaks.
        offsets: (texts + 1,) where each text begins.
        weights: (texts,) exchanges that carry the text.
        sketch: (2, cells) from `count_sketch`, changed in place.
    """
    mask = np.uint64(sketch.shape[1] - 1)
    for text in range(len(offsets) - 1):
        start, end = offsets[text], offsets[text + 1]
        weight = min(weights[text], 65_535)
        for i in range(start, max(end - 2, start + 1)):
            key = _shingle(words, start, end, i)
            first, second = np.int64(key & mask), np.int64(key >> np.uint64(32) & mask)
            total = min(min(sketch[0, first], sketch[1, second]) + weight, 65_535)
            sketch[0, first] = max(sketch[0, first], np.uint16(total))
            sketch[1, second] = max(sketch[1, second], np.uint16(total))


@numba.njit(cache=True, nogil=True, inline="always")
def _count_of(sketch: Sketch, key: np.uint64, mask: np.uint64) -> np.int64:
    first, second = np.int64(key & mask), np.int64(key >> np.uint64(32) & mask)
    return np.int64(min(sketch[0, first], sketch[1, second]))


@numba.njit(cache=True, nogil=True)
def recurrence(words: FrameWords, offsets: Offsets, sketch: Sketch) -> Steps:
    """Return how often each shingle recurs, by half-octaves of its count; -1 below `RECURS`.

    Args:
        words: As in `count`.
        offsets: As in `count`.
        sketch: As `count` left it.

    Returns:
        (words,) int8: the shingle whose second word stands at that place; -1 where there is none.
        Looked up once for all layers: most of the time of `sign` went into the sketch's memory.
    """
    steps = np.full(len(words), np.int8(-1), np.int8)
    mask = np.uint64(sketch.shape[1] - 1)
    for text in range(len(offsets) - 1):
        start, end = offsets[text], offsets[text + 1]
        for i in range(start, min(max(end - 2, start + 1), end)):
            steps[i] = _step(_count_of(sketch, _shingle(words, start, end, i), mask))
    return steps


@numba.njit(cache=True, nogil=True)
def sign(
    words: FrameWords,
    offsets: Offsets,
    steps: Steps,
    layer: int,
    multipliers: NDArray[np.uint32],
    shifts: NDArray[np.uint32],
) -> tuple[Signatures, NDArray[np.int32], NDArray[np.int32]]:
    """Return MinHash signatures over one layer of each text's recurring shingles.

    Args:
        words: As in `count`.
        offsets: As in `count`.
        steps: (words,) from `recurrence`.
        layer: `FULLEST`, `TOP` or `WHOLE`.
        multipliers: (64,) from `permutations`.
        shifts: (64,) from `permutations`.

    Returns:
        (texts, 64) uint32 signatures; (texts,) shingles in the layer; (texts,) all shingles.
    """
    texts = len(offsets) - 1
    signatures = np.full((texts, PERMUTATIONS), np.uint32(0xFFFFFFFF), np.uint32)
    inside = np.zeros(texts, np.int32)
    total = np.zeros(texts, np.int32)
    for text in range(texts):
        start, end = offsets[text], offsets[text + 1]
        if end == start:
            continue
        last = max(end - 2, start + 1)
        total[text] = last - start
        low, width = _layer(steps[start:last], layer)
        for i in range(start, last):
            if low <= steps[i] < low + width:
                inside[text] += 1
                key = _shingle(words, start, end, i)
                _lower(signatures[text], np.uint32(key >> np.uint64(16)), multipliers, shifts)
    return signatures, inside, total


@numba.njit(cache=True, nogil=True, inline="always")
def _step(count: np.int64) -> np.int64:
    """Return the half-octave of a count; -1 where the shingle does not recur."""
    return np.int64(2 * np.log2(count)) if count >= RECURS else np.int64(-1)


@numba.njit(cache=True, nogil=True)
def _layer(steps: Steps, layer: int) -> tuple[int, int]:
    """Return the first half-octave of a layer, and how many it has."""
    if layer == WHOLE:
        return 0, STEPS
    if layer == TOP:
        return max(steps.max() - TOP_WIDTH + 1, 0), TOP_WIDTH
    held = np.zeros(STEPS + WIDTH, np.int64)
    for step in steps:
        if step >= 0:
            held[step] += 1
    best, most = 0, 0
    for step in range(STEPS):
        inside = held[step : step + WIDTH].sum()
        # Of equally full stretches the higher one: what recurs more is more of a frame.
        if inside >= most and inside > 0:
            best, most = step, inside
    return best, WIDTH


@numba.njit(cache=True, nogil=True, inline="always")
def _lower(
    signature: Signatures,
    shingle: np.uint32,
    multipliers: NDArray[np.uint32],
    shifts: NDArray[np.uint32],
) -> None:
    """Lower each value of a signature to where its permutation puts the shingle."""
    for k in range(PERMUTATIONS):
        # uint32 * uint32 widens to uint64 in numba: cut back, or signatures degenerate.
        value = np.uint32(np.uint32(multipliers[k] * shingle) + shifts[k])
        signature[k] = min(signature[k], value)


def permutations(seed: int = 1) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return (64,) odd multipliers and (64,) shifts, one pair a permutation."""
    rng = np.random.default_rng(seed)
    multipliers = rng.integers(0, 1 << 32, PERMUTATIONS, np.uint32) | np.uint32(1)
    return multipliers, rng.integers(0, 1 << 32, PERMUTATIONS, np.uint32)


@numba.njit(cache=True, nogil=True)
def keys_of(signatures: Signatures, is_framed: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return (texts,) a hash of each (texts, 64) signature; 0 where not framed."""
    keys = np.zeros(len(signatures), np.uint64)
    for text in range(len(signatures)):
        if is_framed[text]:
            keys[text] = max(_band_key(signatures, text, 0, PERMUTATIONS), np.uint64(1))
    return keys


@numba.njit(cache=True, nogil=True)
def cluster(signatures: Signatures, bands: int, agree: int) -> NDArray[np.int64]:
    """Join texts whose frames are alike: banding, then a check against the bucket's first text.

    Args:
        signatures: (texts, 64) from `sign`, or the lower halves of these.
        bands: Number of bands; 64 / bands rows each.
        agree: Smallest number of equal values among 64 (an estimate of 64 × Jaccard) to join.

    Returns:
        (texts,) smallest text number of each cluster.

    One bucket is compared with its first text only, so a prompt that everybody sends costs one
    comparison a text, not a square.
    """
    texts = len(signatures)
    parent = np.arange(texts)
    rows = PERMUTATIONS // bands
    size = 1
    while size < 2 * texts + 1:
        size *= 2
    mask = np.uint64(size - 1)
    firsts = np.empty(size, np.int32)
    keys = np.empty(size, np.uint64)
    for band in range(bands):
        firsts[:] = -1
        for text in range(texts):
            key = _band_key(signatures, text, band, rows)
            at = np.int64(key & mask)
            while firsts[at] >= 0 and keys[at] != key:
                at = np.int64(np.uint64(at + 1) & mask)
            if firsts[at] < 0:
                firsts[at], keys[at] = text, key
                continue
            a, b = _root(parent, text), _root(parent, firsts[at])
            if a != b and _equal(signatures, text, firsts[at]) >= agree:
                parent[max(a, b)] = min(a, b)
    for text in range(texts):
        parent[text] = _root(parent, text)
    return parent


@numba.njit(cache=True, nogil=True)
def _band_key(signatures: Signatures, text: int, band: int, rows: int) -> np.uint64:
    """Hash one band of a signature."""
    key = np.uint64(band + 1)
    for k in range(band * rows, band * rows + rows):
        key = (key ^ np.uint64(signatures[text, k])) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return key


@numba.njit(cache=True, nogil=True)
def _equal(signatures: Signatures, a: int, b: int) -> int:
    """Count the values that two signatures agree in."""
    equal = 0
    for k in range(PERMUTATIONS):
        equal += signatures[a, k] == signatures[b, k]
    return equal


@numba.njit(cache=True, nogil=True)
def _root(parent: NDArray[np.int64], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
