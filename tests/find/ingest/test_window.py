"""Tests of revenuer.find.ingest.window."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.find.ingest import window

DAY = window.DAY_US


def written(folder: Path, *parts: list[int]) -> Path:
    for i, days in enumerate(parts):
        at = pa.array([day * DAY for day in days], pa.timestamp("us", tz="UTC"))
        table = pa.table({"requested_at": at, "day": days})
        pq.write_table(table, folder / f"part-{i:05d}.parquet", row_group_size=2)
    return folder


@pytest.mark.parametrize(
    ("days", "kept"),
    [(20.0, [1, 9, 10, 2, 3, 8]), (9.0, [9, 10, 2, 3, 8]), (2.5, [9, 10, 8]), (0.5, [10])],
)
def test_keeps_the_last_days_in_their_order(tmp_path: Path, days: float, kept: list[int]) -> None:
    parts = [[1, 9, 10], [2, 3], [8]]
    folder = written(tmp_path, *parts)

    mask = window.trim(folder, days)

    assert [d for d, k in zip([1, 9, 10, 2, 3, 8], mask, strict=True) if k] == kept
    left = [pq.read_table(part).column("day").to_pylist() for part in sorted(folder.iterdir())]
    assert [day for part in left for day in part] == kept
    assert all(left), "no part is left empty"
