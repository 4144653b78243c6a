"""Who would choose what: a number in (0, 1) for each (key, window, token) that only the key tells.

A mark needs, at each step, a number for each candidate token that looks random to whoever lacks the
key and is the same again for whoever has it. It comes from Philox4x32-10, a counter-based generator
[1]: no table, no sequence, 64 bits of key, 128 bits of state a window, so any number of windows may
be audited without meeting one state twice. The window enters first (`states`), the token last, so
that all candidates of a step share the work, and four neighbouring tokens share one block.

Bit for bit the mapping `philox4x32-10-v1` of vLLM's native watermark (vllm/v1/watermarking/prfs/
philox.py, Apache-2.0, read at 373305d6; written anew here from its definition), so marks made by
that engine are read by this code.

[1] J. Salmon, M. Moraes, R. Dror, D. Shaw. Parallel random numbers: as easy as 1, 2, 3. SC 2011.
    https://doi.org/10.1145/2063384.2063405
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError

Words = NDArray[np.uint32]
NAME = "philox4x32-10-v1"
#: Stands before the first token of a completion.
ABSENT = -1
#: Tokens in the widest window; the engine warns above it, and a student would never meet one again.
WIDEST = 16

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
#: First word of the state of every window, and what sets the token step's key apart.
_WINDOW, _TOKEN = np.uint64(0x574D4358), np.uint64(0x574D544B)


def check_width(width: int) -> None:
    """Refuse a window that is none.

    Raises:
        InputError: It has no token, or more than `WIDEST`.
    """
    if not 1 <= width <= WIDEST:
        raise InputError(f"a window has 1 to {WIDEST} tokens, not {width}")


def states(key: int, windows: NDArray[np.integer]) -> Words:
    """Return the state of each window.

    Args:
        key: In 0 .. 2^64 - 1.
        windows: (windows, width) token ids, oldest first, `ABSENT` before the first token.

    Returns:
        (windows, 4) words.
    """
    return _states(*_halves(key), np.ascontiguousarray(windows, np.int64).astype(np.uint32))


def words(key: int, states: Words, tokens: NDArray[np.integer]) -> Words:
    """Return one word for each token in its window.

    Args:
        key: As in `states`.
        states: (windows, 4) from `states`.
        tokens: (windows, candidates) token ids.

    Returns:
        (windows, candidates) words.
    """
    ids = np.ascontiguousarray(tokens, np.int64).astype(np.uint32)
    return _words(*_halves(key), states, ids)


def uniforms(words: Words) -> NDArray[np.float32]:
    """Return words as numbers in (0, 1): their upper 24 bits, never 0 and never 1."""
    mantissas = (words >> np.uint32(8)).astype(np.float64)
    return ((mantissas + 1.0) / (2.0**24 + 1.0)).astype(np.float32)


def numbers(
    key: int, windows: NDArray[np.integer], tokens: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Return the number in (0, 1) of one token in each window: (windows,)."""
    ids = np.asarray(tokens)[:, None]
    return uniforms(words(key, states(key, windows), ids))[:, 0]


def _halves(number: int) -> tuple[np.uint64, np.uint64]:
    return np.uint64(number & 0xFFFFFFFF), np.uint64(number >> 32)


@numba.njit(cache=True, nogil=True, inline="always")
def _philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Ten rounds; all words are uint64 that hold 32 bits."""
    for turn in range(10):
        if turn > 0:
            k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
        first, second = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (
            (second >> _32) ^ c1 ^ k0, second & _LOW, (first >> _32) ^ c3 ^ k1, first & _LOW,
        )  # fmt: skip
    return c0, c1, c2, c3


@numba.njit(cache=True, nogil=True)
def _states(low: np.uint64, high: np.uint64, windows: Words) -> Words:
    """Take in four tokens at a time; the places after the last one hold their complement."""
    width = windows.shape[1]
    out = np.empty((len(windows), 4), np.uint32)
    for row in range(len(windows)):
        s0, s1, s2, s3 = _WINDOW, np.uint64(width), np.uint64(0), np.uint64(0)
        for start in range(0, width, 4):
            held = (_LOW, _LOW - np.uint64(1), _LOW - np.uint64(2), _LOW - np.uint64(3))
            b0, b1, b2, b3 = held
            b0 = np.uint64(windows[row, start])
            if start + 1 < width:
                b1 = np.uint64(windows[row, start + 1])
            if start + 2 < width:
                b2 = np.uint64(windows[row, start + 2])
            if start + 3 < width:
                b3 = np.uint64(windows[row, start + 3])
            s0, s1, s2, s3 = _philox(
                s0 ^ b0, s1 ^ b1, s2 ^ b2, s3 ^ b3, low ^ np.uint64(start), high
            )
        out[row, 0], out[row, 1], out[row, 2], out[row, 3] = s0, s1, s2, s3
    return out


@numba.njit(cache=True, nogil=True)
def _words(low: np.uint64, high: np.uint64, states: Words, tokens: Words) -> Words:
    out = np.empty(tokens.shape, np.uint32)
    for row in range(tokens.shape[0]):
        s0, s1, s2 = np.uint64(states[row, 0]), np.uint64(states[row, 1]), np.uint64(states[row, 2])
        k0, k1 = low ^ np.uint64(states[row, 3]), high ^ _TOKEN
        for place in range(tokens.shape[1]):
            token = np.uint64(tokens[row, place])
            w0, w1, w2, w3 = _philox(token >> np.uint64(2), s0, s1, s2, k0, k1)
            part = token & np.uint64(3)
            word = w0 if part == 0 else w1 if part == 1 else w2 if part == 2 else w3
            out[row, place] = word
    return out
