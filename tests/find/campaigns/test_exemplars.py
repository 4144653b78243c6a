"""Tests of revenuer.find.campaigns.exemplars."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.find.campaigns import exemplars
from revenuer.find.campaigns.exemplars import Rows
from revenuer.find.campaigns.traffic import Traffic


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Return two files of rows 0 to 9 in row groups of three."""
    for name, start, end in (("part-0", 0, 5), ("part-1", 5, 10)):
        table = pa.table(
            {"n": list(range(start, end)), "text": [f"t{i}" for i in range(start, end)]}
        )
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=3)
    return tmp_path


@pytest.mark.parametrize("rows", [[0], [9, 0, 4, 5], [3, 3, 7, 2], list(range(10)), []])
def test_takes_rows_in_the_order_asked_for(parts: Path, rows: list[int]) -> None:
    source = Rows(parts)

    table = source.take(np.array(rows, np.int64), ["text", "n"])
    source.close()

    assert table.column_names == ["text", "n"]
    assert table.column("n").to_pylist() == rows
    assert table.column("text").to_pylist() == [f"t{i}" for i in rows]


@pytest.fixture
def held(parts: Path) -> Iterator[Rows]:
    """Return a reader of rows with texts that holds rows 2, 4, 5 and 9."""
    columns = {name: [f"{name} {n}" for n in range(10)] for name in exemplars.HELD}
    folder = parts / "texts"
    folder.mkdir()
    pq.write_table(pa.table(columns), folder / "part-0.parquet", row_group_size=3)
    source = Rows(folder)
    source.hold(np.array([9, 2, 5, 4, 5]))
    yield source
    source.close()


def test_held_rows_are_taken_in_any_order(held: Rows) -> None:
    table = held.take(np.array([9, 2, 2, 5]), ["prompt", "exchange_id"])

    assert table.column_names == ["prompt", "exchange_id"]
    assert table.column("prompt").to_pylist() == ["prompt 9", "prompt 2", "prompt 2", "prompt 5"]


def test_among_are_held_rows_only(held: Rows) -> None:
    assert held.among(np.arange(10), 9).tolist() == [2, 4, 5, 9]
    assert held.among(np.array([0, 1, 3]), 9).tolist() == []
    assert held.among(np.arange(10), 2).tolist() == [2, 9]
    held.hold(np.array([3]))
    assert held.among(np.arange(10), 9).tolist() == [3]
    assert held.take(np.array([3]), ["history"]).column(0).to_pylist() == ["history 3"]


@pytest.mark.parametrize("most", [1, 3, 6, 9])
def test_among_are_rows_evenly_over_the_list(parts: Path, most: int) -> None:
    source = Rows(parts)
    rows = np.array([8, 0, 3, 4, 7, 2])

    few = source.among(rows, most)
    source.close()

    assert len(few) == min(most, 6)
    assert few[0] == 8
    assert most == 1 or few[-1] == 2
    assert few.tolist() == [row for row in rows.tolist() if row in few]


def test_shows_the_template_of_a_harvest_with_its_slots(
    world: Any, seen: Traffic, texts: Rows
) -> None:
    rows = world.rows("r", "c")[seen.is_strong[world.rows("r", "c")]]

    (use,) = exemplars.templates(world.features, seen.template, rows, world.numbers("r"), texts)

    assert use.field == "prompt"
    assert "chain of thought verbatim" in use.text
    assert "⟨" in use.text
    assert use.exchanges == len(rows)
    assert use.accounts == 12
    assert use.outside_accounts == 4, "carriers are not among the members given"


def test_the_most_frequent_template_comes_first(world: Any, seen: Traffic, texts: Rows) -> None:
    rows = np.append(world.rows("r"), world.rows("f")[:50])

    first, second = exemplars.templates(
        world.features, seen.template, rows, world.numbers("r", "f"), texts
    )

    assert (first.exchanges, second.exchanges) == (240, 50)
    assert "translate this product title" in second.text.lower()


def test_chat_has_no_template(world: Any, seen: Traffic, texts: Rows) -> None:
    shown = exemplars.templates(
        world.features, seen.template, world.rows("h"), world.numbers("h"), texts
    )

    assert shown == ()
