"""The window that is looked at: the last days of what was read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

DAY_US = 86_400_000_000


def trim(folder: Path, days: float) -> NDArray[np.bool_]:
    """Drop exchanges older than so many days before the last one.

    Args:
        folder: Parts of exchanges; those that hold older ones are written anew.
        days: Length of the window.

    Returns:
        (exchanges,) whether each was kept, in the order of parts.
    """
    parts = sorted(folder.glob("*.parquet"))
    times = [_times(part) for part in parts]
    first = max(int(at.max()) for at in times) - int(days * DAY_US)
    kept = [at > first for at in times]
    for part, inside in zip(parts, kept, strict=True):
        if not inside.any():
            part.unlink()
        elif not inside.all():
            _rewrite(part, inside)
    return np.concatenate(kept)


def _times(part: Path) -> NDArray[np.int64]:
    column: Any = pq.read_table(part, columns=["requested_at"]).column(0)
    return pc.cast(column, pa.int64()).to_numpy()


def _rewrite(part: Path, inside: NDArray[np.bool_]) -> None:
    aside, done = part.with_suffix(".trimmed"), 0
    with (
        pq.ParquetFile(part) as source,
        pq.ParquetWriter(aside, source.schema_arrow, compression="zstd") as writer,
    ):
        for group in range(source.num_row_groups):
            rows = source.read_row_group(group)
            writer.write_table(rows.filter(pa.array(inside[done : done + rows.num_rows])))
            done += rows.num_rows
    aside.replace(part)
