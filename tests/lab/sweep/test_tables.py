"""Tests of revenuer.lab.sweep.tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from revenuer.lab.sweep import tables
from revenuer.lab.sweep.tables import CELLS


def test_a_row_is_written_as_it_is(tmp_path: Path) -> None:
    row = {
        "defence": "none", "attacker": "plain", "queries": 10, "training": 1, "size": "1x8",
        "seed": 0, "accuracy": 0.5, "low": 0.4, "high": 0.6, "agreement": 0.7, "learnt_from": 9,
        "training_flops": None, "cpu_seconds": 1.5,
    }  # fmt: skip

    tables.write(tmp_path / "cells.parquet", [row])

    read = pq.read_table(tmp_path / "cells.parquet")
    assert read.schema.equals(CELLS)
    assert read.to_pylist() == [row]
