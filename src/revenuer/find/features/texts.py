"""Every distinct text once: its words, its exchanges, the intent rules it meets.

Prompts repeat (a product's system prompt stands in each of its exchanges), so a text is told apart
by a 64-bit hash of its bytes and worked on once. Words lie in a scratch file in blocks, which
later passes read one after another; memory holds about 50 bytes a distinct text, 2 once sealed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.find.features import words as wording
from revenuer.find.features.hits import Matcher
from revenuer.find.features.numbering import Numbering

#: Words of one text that frames are sought in. The rest still meets the intent rules.
LONGEST_FRAME_TEXT = 1_000
#: Texts that a worker remembers. What recurs, recurs soon; what is worked on twice is stored once.
REMEMBERED = 2_000_000


class Block(NamedTuple):
    """Consecutive distinct texts.

    Attributes:
        first: Number of the first text.
        words: (words,) uint32 word hashes without sentence breaks.
        offsets: (texts + 1,) where each text begins in `words`.
    """

    first: int
    words: NDArray[np.uint32]
    offsets: NDArray[np.int64]


class Worked(NamedTuple):
    """What is kept of texts: made here, by an earlier run, or by another machine.

    Attributes:
        keys: (texts,) hash of the bytes of each, never 0.
        hits: (texts,) intent rules each meets, bit r for rule r.
        words: (words,) uint32 word hashes without sentence breaks, `LONGEST_FRAME_TEXT` a text at
            most.
        offsets: (texts + 1,) where each text begins in `words`.
    """

    keys: NDArray[np.uint64]
    hits: NDArray[np.uint64]
    words: NDArray[np.uint32]
    offsets: NDArray[np.int64]


class TextStore:
    """Distinct texts in order of first appearance.

    Args:
        scratch: File that takes the words; overwritten.
        matcher: Intent rules.
    """

    def __init__(self, scratch: Path, matcher: Matcher) -> None:
        self._matcher = matcher
        self._scratch = scratch
        self._file = scratch.open("wb")
        # First text, lengths of the texts, and where their words begin.
        self._blocks: list[tuple[int, NDArray[np.uint16], int]] = []
        self._numbering = Numbering()
        self._hits: list[NDArray[np.uint64]] = []
        self._starts: NDArray[np.int64] | None = None
        self._written = 0
        self.texts = 0
        self.words = 0

    @property
    def folder(self) -> Path:
        """Where scratch files may lie."""
        return self._scratch.parent

    def intern(self, *columns: Any) -> NDArray[np.int32]:
        """Return (rows, columns) the number of each text of string arrays; -1 for null or empty.

        New texts are numbered row by row, so numbers do not depend on how rows are batched.
        """
        keys, worked = Worker(self._matcher).take(*columns)
        self.adopt(worked)
        return self.numbers(keys)

    def adopt(self, texts: Worked) -> NDArray[np.int32]:
        """Return (texts,) the number of each text that was worked on elsewhere; new ones enter."""
        numbers, fresh = self._numbering.number(texts.keys)
        if len(fresh):
            own = chosen(texts.words, texts.offsets, fresh)
            self._add(Worked(texts.keys[fresh], texts.hits[fresh], *own))
        return numbers

    def numbers(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Return the number of each key of a text that is here; -1 for the key 0."""
        return self._numbering.number(keys.ravel())[0].reshape(keys.shape)

    def keys(self) -> NDArray[np.uint64]:
        """Return (texts,) the hash of the bytes of each text."""
        return self._numbering.keys()

    def seal(self) -> None:
        """Drop what only new texts need, and `keys` and `hits`: half of the memory."""
        self._numbering = Numbering()
        self._hits = []

    def blocks(self) -> Iterator[Block]:
        """Yield all texts, block by block, in order."""
        self._file.flush()
        with self._scratch.open("rb") as source:
            for first, lengths, start in self._blocks:
                offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
                source.seek(start * 4)
                yield Block(first, np.fromfile(source, np.uint32, int(offsets[-1])), offsets)

    def read(self, texts: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Return the words of some texts, and (texts + 1,) where each begins in them."""
        self._file.flush()
        if self._starts is None or len(self._starts) != self.texts + 1:
            lengths = [np.zeros(1, np.uint16), *(lengths for _, lengths, _ in self._blocks)]
            self._starts = np.concatenate(lengths).cumsum(dtype=np.int64)
        # What is empty cannot be mapped.
        held = np.memmap(self._scratch, np.uint32, "r") if self.words else np.empty(0, np.uint32)
        return chosen(np.asarray(held), self._starts, texts)

    def hits(self) -> NDArray[np.uint64]:
        """Return (texts,) the intent rules each text meets, bit r for rule r."""
        return np.concatenate(self._hits) if self._hits else np.empty(0, np.uint64)

    def close(self) -> None:
        """Drop the scratch file."""
        self._file.close()
        self._scratch.unlink(missing_ok=True)

    def _add(self, fresh: Worked) -> None:
        self._hits.append(fresh.hits)
        self._file.write(fresh.words.data)  # `tofile` would not say why it failed
        lengths = np.diff(fresh.offsets).astype(np.uint16)
        self._blocks.append((self.texts, lengths, self._written))
        self._written += len(fresh.words)
        self.words += len(fresh.words)
        self.texts += len(fresh.keys)


class Worker:
    """Works on what it has not met of late, wherever the texts lie.

    Args:
        matcher: Intent rules.
    """

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._seen = Numbering()

    def take(self, *columns: Any) -> tuple[NDArray[np.uint64], Worked]:
        """Return (rows, columns) keys of string arrays, 0 for null or empty; and the new texts.

        New is what this worker does not remember; new texts come row by row.
        """
        if len(self._seen) > REMEMBERED:
            self._seen = Numbering()
        texts = [_large(column) for column in columns]
        keys = np.stack([keys_of(column) for column in texts], axis=1)
        _, fresh = self._seen.number(keys.ravel())
        return keys, work(_picked(texts, fresh), keys.ravel()[fresh], self._matcher)


def keys_of(texts: Any) -> NDArray[np.uint64]:
    """Return (texts,) the hash of the bytes of each text of a string array; 0 for null or empty."""
    texts = _large(texts)
    if len(texts) == 0:
        return np.empty(0, np.uint64)
    _, starts, data = texts.buffers()
    bounds = np.frombuffer(starts, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    raw = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    return _raw_hashes(raw, bounds, np.asarray(texts.is_null()))


def work(texts: Any, keys: NDArray[np.uint64], matcher: Matcher) -> Worked:
    """Work on texts without nulls, given their keys."""
    split = wording.split(_large(texts))
    words, offsets = _frame_words(split.hashes, split.offsets, LONGEST_FRAME_TEXT)
    return Worked(keys, matcher.hits(split), words, offsets)


def chosen(
    words: NDArray[np.uint32], offsets: NDArray[np.int64], places: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the words of the texts at some places, and where each begins in them."""
    begins = offsets[places]
    bounds = np.concatenate([[0], np.cumsum(offsets[places + 1] - begins)])
    own = np.empty(int(bounds[-1]), np.uint32)
    _gather(words, begins, bounds, own)
    return own, bounds


def _picked(columns: list[Any], places: NDArray[np.int64]) -> Any:
    """Return the texts that stand at some places of the columns laid side by side."""
    row, column = np.divmod(places, len(columns))
    chosen = [np.flatnonzero(column == c) for c in range(len(columns))]
    texts = [held.take(pa.array(row[own])) for held, own in zip(columns, chosen, strict=True)]
    return pa.concat_arrays(texts).take(pa.array(np.argsort(np.concatenate(chosen))))


def _large(texts: Any) -> Any:
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return texts.cast(pa.large_string())


@numba.njit(cache=True, nogil=True)
def _gather(
    held: NDArray[np.uint32],
    begins: NDArray[np.int64],
    offsets: NDArray[np.int64],
    words: NDArray[np.uint32],
) -> None:
    """Copy the stretch of `held` that begins at each of `begins` to its place in `words`."""
    for i in range(len(begins)):
        for k in range(offsets[i + 1] - offsets[i]):
            words[offsets[i] + k] = held[begins[i] + k]


@numba.njit(cache=True, nogil=True)
def _raw_hashes(
    raw: NDArray[np.uint8], bounds: NDArray[np.int64], is_null: NDArray[np.bool_]
) -> NDArray[np.uint64]:
    """Hash the bytes of each text; 0 for null or empty."""
    out = np.zeros(len(bounds) - 1, np.uint64)
    prime = np.uint64(0x9E3779B97F4A7C15)
    for text in range(len(out)):
        start, end = bounds[text], bounds[text + 1]
        if is_null[text] or start == end:
            continue
        value = np.uint64(end - start) * prime
        at = start
        while at + 8 <= end:
            chunk = np.uint64(0)
            for k in range(8):
                chunk |= np.uint64(raw[at + k]) << np.uint64(8 * k)
            value = (value ^ chunk) * prime
            value ^= value >> np.uint64(32)
            at += 8
        while at < end:
            value = (value ^ np.uint64(raw[at])) * prime
            value ^= value >> np.uint64(29)
            at += 1
        out[text] = max(value, np.uint64(1))
    return out


@numba.njit(cache=True, nogil=True)
def _frame_words(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], longest: int
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Drop sentence breaks and long tails; keep the upper half of each hash."""
    kept = np.empty(len(hashes), np.uint32)
    bounds = np.zeros(len(offsets), np.int64)
    used = 0
    for text in range(len(offsets) - 1):
        stop = used + longest
        for i in range(offsets[text], offsets[text + 1]):
            if hashes[i] != 0 and used < stop:
                kept[used] = np.uint32(hashes[i] >> np.uint64(32))
                used += 1
        bounds[text + 1] = used
    return kept[:used].copy(), bounds
