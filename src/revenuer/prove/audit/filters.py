"""Which windows are worth scoring: those that our outputs have often.

A student that had no chance to learn a window only adds noise there. A filter must be fixed before
the suspect is asked, and must not depend on the numbers that it selects.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from revenuer.prove.audit.windows import Windows, windows


class Filter:
    """A set of windows.

    Args:
        windows: (m, width) token ids.
    """

    def __init__(self, windows: Windows) -> None:
        self._rows = np.unique(_rows(windows)) if len(windows) else np.empty(0, "V8")

    def __len__(self) -> int:
        return len(self._rows)

    def holds(self, windows: Windows) -> NDArray[np.bool_]:
        """Return which windows are in the set: (n,)."""
        if not len(self) or not len(windows):
            return np.zeros(len(windows), np.bool_)
        found: NDArray[np.bool_] = np.isin(_rows(windows), self._rows)
        return found


def frequent(texts: Iterable[ArrayLike], width: int, *, least: int = 2) -> Filter:
    """Return the windows that stand in at least so many texts.

    Make it from texts that this key did not mark (another epoch's, another tenant's): how often a
    window comes back in texts that it marked depends on the key's numbers there. With `least` 1,
    "it stands in our log", it may be made of marked texts too.

    Args:
        texts: Token ids of completions.
        width: Tokens in a window.
        least: Texts, 1 or more; a text counts once.
    """
    each = [np.unique(windows(text, width), axis=0) for text in texts]
    if not each:
        return Filter(np.empty((0, width), np.int64))
    found, counts = np.unique(np.concatenate(each), axis=0, return_counts=True)
    return Filter(found[counts >= least])


def _rows(windows: Windows) -> NDArray[np.void]:
    """Return each row as one value that can be sorted."""
    held = np.ascontiguousarray(windows, np.int64)
    return held.view(np.dtype((np.void, held.itemsize * held.shape[1])))[:, 0]
