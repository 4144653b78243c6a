"""Windows of tokens, and which of them were met before in this audit.

What a mark says of a token depends on the window of tokens before it. A text that repeats itself
asks the same question again, and a second answer is no second witness: counted twice, a repeated
passage turns luck into proof. So a window is scored once in a whole audit, over all its texts, and
the first occurrence counts. A window that stood in what the suspect was given is never scored: the
suspect may have copied what followed.

Which window is kept depends on the windows alone, never on a key. So under the null (texts and
contexts made without the key) the numbers of the windows kept are independent and uniform.

Windows are as in vLLM's native mark: the tokens of the completion only, `ABSENT` before its first.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from revenuer.errors import InputError
from revenuer.prove.marks.prf import ABSENT, check_width

Tokens = NDArray[np.int64]
Windows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Unit = Literal["window", "window and token"]

#: One more than the largest token id: ids are read as 32-bit words, of which the last is `ABSENT`.
LARGEST = (1 << 32) - 1
_FIRST_SLOTS = 1 << 12
#: An empty slot of the table. The one window that packs to it is kept as another number.
_EMPTY, _STANDS_IN = np.uint64(0), np.uint64(0x9E3779B97F4A7C15)


def read(text: ArrayLike, *, name: str = "the text") -> Tokens:
    """Return token ids as an array.

    Args:
        text: (tokens,) ids, each in 0 .. 2^32 - 2. May be empty.
        name: What to call it when it cannot be used.

    Raises:
        InputError: Not one row of whole numbers in that range.
    """
    try:
        ids = np.asarray(text)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{name} is not one row of token ids", hint="give each text as its own list of ids"
        ) from error
    if ids.size == 0:
        return np.empty(0, np.int64)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise InputError(
            f"{name} is not one row of token ids but {ids.ndim}-dimensional {ids.dtype}",
            hint="give each text as its own list of ids",
        )
    lowest, highest = int(ids.min()), int(ids.max())
    if lowest < 0 or highest >= LARGEST:
        wrong = lowest if lowest < 0 else highest
        raise InputError(f"{name} holds {wrong}, which is no token id", hint="ids are 0 or more")
    return np.ascontiguousarray(ids, np.int64)


def windows(tokens: ArrayLike, width: int) -> Windows:
    """Return what stands before each token of a completion.

    Args:
        tokens: (n,) token ids of one completion, from its first token on.
        width: Tokens in a window, 1 .. 16.

    Returns:
        (n, width) ids, oldest first, `ABSENT` before the first token.

    Example:
        >>> windows([7, 8, 9], 2)
        array([[-1, -1],
               [-1,  7],
               [ 7,  8]])
    """
    check_width(width)
    ids = read(tokens)
    before = np.concatenate([np.full(width, ABSENT, np.int64), ids[:-1]])
    if not len(ids):
        return np.empty((0, width), np.int64)
    return np.lib.stride_tricks.sliding_window_view(before, width)


def context_windows(tokens: ArrayLike, width: int) -> Windows:
    """Return every window that a copy of a part of a context could have.

    A suspect that is asked to repeat its context from some place on meets first `ABSENT`s, then
    the tokens from that place on; so beside the windows inside the context its shorter pieces
    count too, filled up with `ABSENT`.

    Args:
        tokens: (n,) ids of what the suspect was given: prompt, examples, retrieved text.
        width: Tokens in a window, 1 .. 16.

    Returns:
        (m, width) windows; none if the context is empty.
    """
    check_width(width)
    ids = read(tokens, name="the context")
    if not len(ids):
        return np.empty((0, width), np.int64)
    found = [np.full((1, width), ABSENT, np.int64)]
    for held in range(1, min(width, len(ids)) + 1):
        pieces = np.lib.stride_tricks.sliding_window_view(ids, held)
        padding = np.full((len(pieces), width - held), ABSENT, np.int64)
        found.append(np.concatenate([padding, pieces], axis=1))
    return np.concatenate(found)


class Taken(NamedTuple):
    """Which units are scored: (n,); and how many are not, by reason."""

    kept: Mask
    dropped: dict[str, int]


class Seen:
    """Which windows this audit has met: one object for all texts of one audit.

    Up to two tokens are told apart exactly, longer windows by a 64-bit hash. Two windows with one
    hash cost one of them its place, whatever the key: evidence is lost, never made. Takes 16 to 32
    bytes a window kept.

    Args:
        unit: `window` scores one token a window: the safest, needed where whole distributions are
            scored. `window and token` scores each pair once, which are independent numbers too.
    """

    def __init__(self, unit: Unit = "window") -> None:
        if unit not in ("window", "window and token"):
            raise InputError(
                f"no unit is called {unit!r}", hint="use `window` or `window and token`"
            )
        self.unit = unit
        self._met = _Table()
        self._in_contexts = _Table()

    def __len__(self) -> int:
        return self._met.count

    def note_context(self, tokens: ArrayLike, width: int) -> None:
        """Never score the windows of a text that a suspect was given."""
        self.note_windows(context_windows(tokens, width))

    def note_windows(self, windows: Windows) -> None:
        """Never score these windows: (n, width)."""
        self._in_contexts.add(_packed(windows))

    def first(self, windows: Windows, tokens: NDArray[np.integer]) -> Mask:
        """Return which units were never met before, and meet them all.

        Args:
            windows: (n, width) in the order in which they were generated.
            tokens: (n,) the token after each.

        Returns:
            (n,) True at the first occurrence of a unit that stood in no context.
        """
        return self.take(windows, tokens).kept

    def take(self, windows: Windows, tokens: NDArray[np.integer]) -> Taken:
        """Do as `first`, and say why the others are left out."""
        packed = _packed(windows)
        in_context = self._in_contexts.holds(packed)
        if self.unit == "window and token":
            packed = _with_tokens(packed, np.ascontiguousarray(tokens, np.int64))
        kept = np.zeros(len(packed), np.bool_)
        kept[~in_context] = self._met.add(packed[~in_context])
        dropped = {
            f"{self.unit} met before": int((~kept & ~in_context).sum()),
            "window in a context": int(in_context.sum()),
        }
        return Taken(kept, {reason: count for reason, count in dropped.items() if count})


class _Table:
    """A set of 64-bit numbers with open addressing, at most half full."""

    def __init__(self) -> None:
        self._slots = np.zeros(_FIRST_SLOTS, np.uint64)
        self.count = 0

    def add(self, numbers: NDArray[np.uint64]) -> Mask:
        """Return which numbers were new, each at its first place, and keep them all."""
        needed = 2 * (self.count + len(numbers))
        if needed > len(self._slots):
            grown = np.zeros(1 << int(needed - 1).bit_length(), np.uint64)
            _add(grown, self._slots[self._slots != _EMPTY])
            self._slots = grown
        is_new = _add(self._slots, numbers)
        self.count += int(is_new.sum())
        return is_new

    def holds(self, numbers: NDArray[np.uint64]) -> Mask:
        if not self.count:
            return np.zeros(len(numbers), np.bool_)
        return _holds(self._slots, numbers)


@numba.njit(cache=True, nogil=True, inline="always")
def _mix(x):  # type: ignore[no-untyped-def]
    """A bijection of 64-bit numbers that spreads every bit (the finaliser of SplitMix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def _packed(windows: Windows) -> NDArray[np.uint64]:
    low = np.uint64(0xFFFFFFFF)
    out = np.empty(len(windows), np.uint64)
    for row in range(len(windows)):
        held = np.uint64(0)
        for place in range(windows.shape[1]):
            if place >= 2:
                held = _mix(held)
            held = (held << np.uint64(32) | held >> np.uint64(32)) ^ (
                np.uint64(windows[row, place]) & low
            )
        out[row] = held
    return out


@numba.njit(cache=True, nogil=True)
def _with_tokens(packed: NDArray[np.uint64], tokens: Tokens) -> NDArray[np.uint64]:
    out = np.empty(len(packed), np.uint64)
    for row in range(len(packed)):
        out[row] = _mix(_mix(packed[row]) + np.uint64(tokens[row]))
    return out


@numba.njit(cache=True, nogil=True, inline="always")
def _slot(slots, mask, number):  # type: ignore[no-untyped-def]
    """Return where a number stands or would stand, and the number that stands for it there."""
    if number == _EMPTY:
        number = _STANDS_IN
    slot = _mix(number) & mask
    while slots[slot] != _EMPTY and slots[slot] != number:
        slot = (slot + np.uint64(1)) & mask
    return slot, number


@numba.njit(cache=True, nogil=True)
def _add(slots: NDArray[np.uint64], numbers: NDArray[np.uint64]) -> Mask:
    mask = np.uint64(len(slots) - 1)
    is_new = np.zeros(len(numbers), np.bool_)
    for row in range(len(numbers)):
        slot, number = _slot(slots, mask, numbers[row])
        if slots[slot] == _EMPTY:
            slots[slot] = number
            is_new[row] = True
    return is_new


@numba.njit(cache=True, nogil=True)
def _holds(slots: NDArray[np.uint64], numbers: NDArray[np.uint64]) -> Mask:
    mask = np.uint64(len(slots) - 1)
    found = np.zeros(len(numbers), np.bool_)
    for row in range(len(numbers)):
        slot, number = _slot(slots, mask, numbers[row])
        found[row] = slots[slot] == number
    return found
