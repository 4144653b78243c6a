"""Tests of revenuer.find.campaigns.exemplars."""

from __future__ import annotations

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
