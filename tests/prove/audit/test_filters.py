"""Which windows are worth scoring."""

from __future__ import annotations

import numpy as np

from revenuer.prove.audit.filters import Filter, frequent
from revenuer.prove.audit.windows import windows

TEXTS = [[1, 2, 3, 4], [9, 2, 3, 5], [2, 3, 2, 3]]


def test_a_window_counts_once_a_text() -> None:
    held = frequent(TEXTS, 2, least=2)

    # (2, 3) stands before a token in all three texts; (-1, -1) opens each.
    assert held.holds(np.array([[2, 3], [-1, -1], [3, 2], [1, 2]])).tolist() == [
        True, True, False, False,
    ]  # fmt: skip
    assert len(held) == 2


def test_with_one_text_enough_every_window_of_the_log_is_held() -> None:
    held = frequent(TEXTS, 2, least=1)

    assert all(held.holds(windows(text, 2)).all() for text in TEXTS)
    assert not held.holds(np.array([[4, 4]])).any()


def test_nothing_holds_nothing() -> None:
    assert not frequent([], 2).holds(np.array([[1, 2]])).any()
    assert not Filter(np.empty((0, 2), np.int64)).holds(np.empty((0, 2), np.int64)).any()
