"""Tests of revenuer.prove.audit.filters."""

from __future__ import annotations

import numpy as np

from revenuer.prove.audit.filters import Filter, frequent
from revenuer.prove.audit.windows import windows


def test_a_window_counts_once_a_text() -> None:
    texts = [[1, 2, 1, 2, 1, 2], [5, 1, 2, 9], [7, 8]]

    twice = frequent(texts, 2, least=2)

    assert twice.holds(np.array([[1, 2], [2, 1], [7, 8], [-1, -1]])).tolist() == [
        True, False, False, True,
    ]  # fmt: skip


def test_least_one_holds_everything_that_stood_there() -> None:
    text = [4, 4, 5, 6]

    assert frequent([text], 2, least=1).holds(windows(text, 2)).all()


def test_nothing_stands_in_an_empty_filter() -> None:
    for empty in (frequent([], 2), Filter(np.empty((0, 2), np.int64))):
        assert len(empty) == 0
        assert not empty.holds(np.array([[1, 2]])).any()
