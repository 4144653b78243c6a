"""Tests of revenuer.find.features.state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from revenuer.errors import RunError
from revenuer.find.features import state
from revenuer.find.features.texts import TextStore

StoreOf = Callable[[Sequence[str | None]], TextStore]
#: Exchanges: system prompt, prompt, opening, history.
ROWS: list[tuple[str | None, ...]] = [
    ("be kind", "think step by step", None, None),
    ("be kind", "a pear", "a fig", "a fig\na date"),
    (None, "a fig", None, None),
    ("be brief", "think step by step", None, None),
]


def columns(rows: Sequence[tuple[str | None, ...]]) -> list[pa.Array]:
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]


def contents(store: TextStore) -> list[tuple[int, int, list[int]]]:
    return [
        (int(key), int(hits), store.read(np.array([text]))[0].tolist())
        for text, (key, hits) in enumerate(zip(store.keys(), store.hits(), strict=True))
    ]


@pytest.mark.parametrize("kept", [[True] * 4, [False, True, False, True], [False] * 4])
def test_kept_exchanges_are_as_if_read_anew(
    tmp_path: Path, store_of: StoreOf, kept: list[bool]
) -> None:
    store = store_of([])
    state.save(tmp_path, store.intern(*columns(ROWS)), store)
    expected = store_of([])
    live = [row for row, is_kept in zip(ROWS, kept, strict=True) if is_kept]
    numbers = expected.intern(*columns(live)) if live else np.empty((0, 4), np.int32)

    found = store_of([])
    entered = state.enter(state.load(tmp_path, len(ROWS)), np.array(kept), found)

    assert entered.tolist() == numbers.tolist()
    assert contents(found) == contents(expected)


def test_a_folder_without_state_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="missing or damaged") as refused:
        state.load(tmp_path, 4)

    assert refused.value.hint == "scan all logs again, with --retain-text evidence or all"
