"""Words of a text as hashes, and the intent rules that its sentences meet.

A text becomes a stream of 64-bit word hashes with `BREAK` between sentences. What a word is, and
where a sentence ends, is defined once, by `lexicon.words`, in plain Python; this kernel does the
same on UTF-8 bytes and is tested against it. Digits become one word, so numbers never tell two
prompts apart; nothing else is masked here, since slots are found later by what does not recur.

Hashing is FNV-1a over the lower-cased code points [1]. Two different words share a hash with
chance 2^-64 a pair; a text cannot be recovered, but a guessed word can be confirmed: hashes of
texts are personal data like the texts.

[1] G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake. The FNV Non-Cryptographic Hash Algorithm.
    IETF draft-eastlake-fnv, 2024.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import Any, NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.find.features import lexicon

Hashes = NDArray[np.uint64]
Offsets = NDArray[np.int64]

#: Stands between sentences in a stream of words; no word hashes to it (it would become 1).
BREAK = np.uint64(0)
SEPARATOR, LETTER, DIGIT, SOLO, STOP, DOT, APOSTROPHE = range(7)

_FNV_START = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
_NUMBER = np.uint64(0x9E3779B97F4A7C15)
#: Code points below this have a kind of their own; above it nothing is a word.
_PLANES = 0x40000
#: Only the basic plane has letters in runs, so only it needs lower case.
_BASIC_PLANE = 0x10000

Kinds = NDArray[np.uint8]
Lowers = NDArray[np.uint32]


class Words(NamedTuple):
    """Texts as word hashes.

    Attributes:
        hashes: (words,) word hashes with `BREAK` between sentences, texts one after another.
        offsets: (texts + 1,) where each text begins in `hashes`.
    """

    hashes: Hashes
    offsets: Offsets


@functools.cache
def character_tables() -> tuple[Kinds, Lowers]:
    """Return (262144,) the kind and (65536,) the lower case of each code point, by `lexicon`."""
    kinds = np.zeros(_PLANES, np.uint8)
    lowers = np.arange(_BASIC_PLANE, dtype=np.uint32)
    for point in range(_PLANES):
        character = chr(point)
        category = unicodedata.category(character)
        if category[0] not in "LMN" and character != "_":
            continue
        if unicodedata.name(character, "").startswith(lexicon.UNSPACED):
            kinds[point] = SOLO
        elif point < _BASIC_PLANE:
            kinds[point] = DIGIT if category == "Nd" else LETTER
            lower = character.lower()
            lowers[point] = ord(lower) if len(lower) == 1 else point
    kinds[[ord(character) for character in lexicon.SENTENCE_ENDS]] = STOP
    kinds[[ord(character) for character in lexicon.APOSTROPHES]] = APOSTROPHE
    kinds[ord(".")] = DOT
    return kinds, lowers


def split(texts: Any) -> Words:
    """Return the words of an Arrow string array; a null text has none.

    Args:
        texts: (texts,) Arrow `string` or `large_string` array, or a chunked one.
    """
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if len(texts) == 0:
        return Words(np.empty(0, np.uint64), np.zeros(1, np.int64))
    texts = texts.cast(pa.large_string())
    _, starts, data = texts.buffers()
    bounds = np.frombuffer(starts, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    # An all-null or all-empty column may carry no data buffer at all.
    raw = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    is_null = np.asarray(texts.is_null())
    kinds, lowers = character_tables()
    # Each word and each break takes a byte of text or more, so this is always enough.
    hashes = np.empty(int(bounds[-1] - bounds[0]) + len(texts) + 1, np.uint64)
    offsets = np.zeros(len(texts) + 1, np.int64)
    used = _split(raw, bounds, is_null, kinds, lowers, hashes, offsets)
    return Words(hashes[:used].copy(), offsets)


def hash_word(word: str) -> np.uint64:
    """Return the hash of one word as `split` would give it; the word must be lower case."""
    if word == "#":
        return _NUMBER
    mask = (1 << 64) - 1
    value = int(_FNV_START)
    for character in word:
        value = ((value ^ ord(character)) * int(_FNV_PRIME)) & mask
    return np.uint64(value or 1)


@numba.njit(cache=True, nogil=True)
def _decode(raw: NDArray[np.uint8], at: int, end: int) -> tuple[np.int64, int]:
    """Return (code point, bytes read); behind the end stands a space. Arrow strings are UTF-8."""
    first = raw[at] if at < end else np.uint8(32)
    if first < 0x80:
        return np.int64(first), 1
    if first >= 0xF0 and at + 3 < end:
        high = (first & 7) << 18 | (raw[at + 1] & 63) << 12
        return np.int64(high | (raw[at + 2] & 63) << 6 | raw[at + 3] & 63), 4
    if 0xE0 <= first < 0xF0 and at + 2 < end:
        return np.int64((first & 15) << 12 | (raw[at + 1] & 63) << 6 | raw[at + 2] & 63), 3
    if 0xC0 <= first < 0xE0 and at + 1 < end:
        return np.int64((first & 31) << 6 | raw[at + 1] & 63), 2
    return np.int64(32), 1


@numba.njit(cache=True, nogil=True)
def _ends_sentence(raw: NDArray[np.uint8], at: int, end: int, kind: int) -> bool:
    """Whether the character before `at` ends a sentence: a full stop does before white space."""
    if kind != DOT:
        return kind == STOP
    return at >= end or raw[at] <= 32


@numba.njit(cache=True, nogil=True)
def _split(
    raw: NDArray[np.uint8],
    bounds: Offsets,
    is_null: NDArray[np.bool_],
    kinds: Kinds,
    lowers: Lowers,
    hashes: Hashes,
    offsets: Offsets,
) -> int:
    """Fill `hashes` and `offsets`, text by text; return how many hashes there are."""
    used = 0
    for text in range(len(bounds) - 1):
        offsets[text] = used
        if not is_null[text]:
            used = _split_text(raw, bounds[text], bounds[text + 1], kinds, lowers, hashes, used)
    offsets[len(bounds) - 1] = used
    return used


@numba.njit(cache=True, nogil=True)
def _split_text(
    raw: NDArray[np.uint8],
    at: int,
    end: int,
    kinds: Kinds,
    lowers: Lowers,
    hashes: Hashes,
    used: int,
) -> int:
    """Append the words of one text to the `used` hashes; return how many there are now."""
    first = used
    value, length, digits = _FNV_START, 0, 0
    while at <= end:
        point, step = _decode(raw, at, end)
        kind = np.int64(kinds[point]) if point < _PLANES else np.int64(SEPARATOR)
        at += step
        if LETTER <= kind <= DIGIT:
            value = (value ^ np.uint64(lowers[point])) * _FNV_PRIME
            length += 1
            digits += kind == DIGIT
            continue
        if kind == APOSTROPHE:
            continue
        if length > 0:
            hashes[used] = _NUMBER if digits == length else max(value, np.uint64(1))
            used += 1
            value, length, digits = _FNV_START, 0, 0
        if kind == SOLO:
            hashes[used] = max((_FNV_START ^ np.uint64(point)) * _FNV_PRIME, np.uint64(1))
            used += 1
        elif used > first and hashes[used - 1] != BREAK and _ends_sentence(raw, at, end, kind):
            hashes[used] = BREAK
            used += 1
    return used - 1 if used > first and hashes[used - 1] == BREAK else used
