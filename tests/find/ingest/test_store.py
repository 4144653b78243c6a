"""Tests of revenuer.find.ingest.store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.find.ingest import cells, columns, store
from revenuer.tables import EXCHANGES, REJECTS

NOON = 1_772_366_400_000_000


def batch(first: int, rows: int, prompt: str = "p") -> Any:
    given = {
        "exchange_id": [str(n) for n in range(first, first + rows)],
        "requested_at": [NOON] * rows,
        "account_id": ["a"] * rows,
        "prompt": [prompt] * rows,
    }
    return columns.conform(given, rows=rows, table=EXCHANGES, earliest_us=cells.EARLIEST_US).batch


def test_parts_and_row_groups_are_bounded_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "GROUP_ROWS", 10)
    monkeypatch.setattr(store, "PART_GROUPS", 2)

    with store.Exchanges(tmp_path) as exchanges:
        for first in range(0, 49, 7):
            exchanges.write(batch(first, 7))

    parts = sorted(tmp_path.glob("*.parquet"))
    assert [part.name for part in parts] == [f"part-0000{n}.parquet" for n in range(3)]
    shapes = [pq.ParquetFile(part).metadata for part in parts]
    assert [shape.num_row_groups for shape in shapes] == [2, 2, 1]
    assert [shape.num_rows for shape in shapes] == [20, 20, 9]
    read = pa.concat_tables(pq.read_table(part) for part in parts)
    assert read.column("exchange_id").to_pylist() == [str(n) for n in range(49)]
    assert read.schema == EXCHANGES.schema


def test_long_rows_are_flushed_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "GROUP_BYTES", 1_000)

    with store.Exchanges(tmp_path) as exchanges:
        for first in range(3):
            exchanges.write(batch(first, 1, prompt="x" * 2_000))

    assert pq.ParquetFile(tmp_path / "part-00000.parquet").metadata.num_row_groups == 3


def test_parts_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    (tmp_path / "part-00009.parquet").write_bytes(b"stale")

    with store.Exchanges(tmp_path) as exchanges:
        exchanges.write(batch(0, 1))

    assert [path.name for path in tmp_path.iterdir()] == ["part-00000.parquet"]


def test_rejects_are_sorted_within_a_file_and_whole_files_come_last(tmp_path: Path) -> None:
    path = tmp_path / "rejects.parquet"
    with store.Rejects(path) as rejects:
        rejects.add("a", [(3, "x"), (None, "broken"), (1, "y")])
        rejects.add("b", [])
        rejects.add("b", [(2, "z")])

    table = pq.read_table(path)
    assert table.schema == REJECTS.schema
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("a", 1, "y"),
        ("a", 3, "x"),
        ("a", None, "broken"),
        ("b", 2, "z"),
    ]
    assert (rejects.rows, rejects.first) == (4, ("a", 1, "y"))


def test_no_rejects_are_an_empty_table(tmp_path: Path) -> None:
    with store.Rejects(tmp_path / "rejects.parquet"):
        pass

    assert pq.read_table(tmp_path / "rejects.parquet").num_rows == 0
