"""The cells of a sweep, as rows of `cells.parquet`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.lab.sweep.verdict import Row

CELLS = pa.schema(
    [
        ("defence", pa.string()),
        ("attacker", pa.string()),
        ("queries", pa.int64()),
        ("training", pa.int64()),
        ("size", pa.string()),
        ("seed", pa.int64()),
        ("accuracy", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("agreement", pa.float64()),
        ("learnt_from", pa.int64()),
        ("training_flops", pa.float64()),
        ("cpu_seconds", pa.float64()),
    ]
)


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write one row a cell."""
    pq.write_table(pa.Table.from_pylist(list(rows), CELLS), path)
