"""Numbers for 64-bit keys, in order of first appearance: what tells a text met before."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray


class Numbering:
    """A hash table that is never more than half full: 24 to 48 bytes a distinct key."""

    def __init__(self) -> None:
        self._keys = np.zeros(1 << 16, np.uint64)
        self._values = np.zeros(1 << 16, np.int32)
        self.known = 0

    def add(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return (keys,) the number of each, -1 for key 0; and where the new ones first stand."""
        while 2 * (self.known + len(keys)) > len(self._keys):
            self._grow()
        numbers = np.empty(len(keys), np.int32)
        fresh = np.empty(len(keys), np.int64)
        count = _intern(keys, self._keys, self._values, self.known, numbers, fresh)
        self.known += count
        return numbers, fresh[:count]

    def keys(self) -> NDArray[np.uint64]:
        """Return (known,) the keys by number."""
        keys = np.empty(self.known, np.uint64)
        used = self._keys != 0
        keys[self._values[used]] = self._keys[used]
        return keys

    def _grow(self) -> None:
        keys = np.zeros(2 * len(self._keys), np.uint64)
        values = np.zeros(2 * len(self._keys), np.int32)
        _rehash(self._keys, self._values, keys, values)
        self._keys, self._values = keys, values


@numba.njit(cache=True, nogil=True)
def _intern(
    keys: NDArray[np.uint64],
    table_keys: NDArray[np.uint64],
    table_values: NDArray[np.int32],
    known: int,
    numbers: NDArray[np.int32],
    fresh: NDArray[np.int64],
) -> int:
    """Number each key; list the rows that are first of their kind in `fresh`; return how many."""
    mask = np.uint64(len(table_keys) - 1)
    count = 0
    for row in range(len(keys)):
        key = keys[row]
        if key == 0:
            numbers[row] = -1
            continue
        at = np.int64(key >> np.uint64(20) & mask)
        while table_keys[at] != 0 and table_keys[at] != key:
            at = np.int64(np.uint64(at + 1) & mask)
        if table_keys[at] == 0:
            table_keys[at] = key
            table_values[at] = known + count
            fresh[count] = row
            count += 1
        numbers[row] = table_values[at]
    return count


@numba.njit(cache=True, nogil=True)
def _rehash(
    old_keys: NDArray[np.uint64],
    old_values: NDArray[np.int32],
    keys: NDArray[np.uint64],
    values: NDArray[np.int32],
) -> None:
    """Enter what the old table holds into a new and larger one."""
    mask = np.uint64(len(keys) - 1)
    for i in range(len(old_keys)):
        if old_keys[i] == 0:
            continue
        at = np.int64(old_keys[i] >> np.uint64(20) & mask)
        while keys[at] != 0:
            at = np.int64(np.uint64(at + 1) & mask)
        keys[at], values[at] = old_keys[i], old_values[i]
