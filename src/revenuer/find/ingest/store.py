"""Writing what was read: parts of `exchanges`, and `rejects` in order, in bounded memory.

Held at most: one row group of exchanges (131,072 rows or about 128 MB) and one of rejects.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.find.ingest.columns import TEXTS
from revenuer.tables import EXCHANGES, REJECTS

GROUP_ROWS = 131_072
GROUP_BYTES = 128_000_000
PART_GROUPS = 8
_LABELS = [name for name in EXCHANGES.names if name not in TEXTS | {"exchange_id", "tool_names"}]


class Exchanges:
    """`exchanges/part-00000.parquet`, `part-00001.parquet`, ... in the order of writing."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob("part-*.parquet"):
            stale.unlink()
        self._folder = folder
        self._held: list[Any] = []
        self._rows = self._bytes = self._parts = self._groups = 0
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self._rows:
            self._flush()
        if self._writer is not None:
            self._writer.close()

    def write(self, batch: Any) -> None:
        """Add rows in the schema of `tables.EXCHANGES`."""
        self._held.append(pa.RecordBatch.from_arrays(batch.columns, schema=EXCHANGES.schema))
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        while self._rows >= GROUP_ROWS or (self._rows and self._bytes >= GROUP_BYTES):
            self._flush()

    def _flush(self) -> None:
        table = pa.Table.from_batches(self._held)
        group, rest = table.slice(0, GROUP_ROWS), table.slice(GROUP_ROWS)
        self._open_part().write_table(group, row_group_size=GROUP_ROWS)
        self._groups += 1
        self._held, self._rows, self._bytes = rest.to_batches(), rest.num_rows, rest.nbytes

    def _open_part(self) -> Any:
        if self._writer is None or self._groups == PART_GROUPS:
            if self._writer is not None:
                self._writer.close()
            path = self._folder / f"part-{self._parts:05d}.parquet"
            # A dictionary pays for labels; for long text it is built in vain.
            self._writer = pq.ParquetWriter(
                path, EXCHANGES.schema, compression="zstd", use_dictionary=_LABELS
            )
            self._parts, self._groups = self._parts + 1, 0
        return self._writer


class Rejects:
    """`rejects.parquet`; files must come in sorted order, lines may not."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, REJECTS.schema, compression="zstd")
        self._held: list[tuple[str, int | None, str]] = []
        self.rows = 0
        self.first: tuple[str, int | None, str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._flush()
        self._writer.close()

    def add(self, file: str, rejects: list[tuple[int | None, str]]) -> None:
        """Add what one chunk of a file could not give; lines ascend, the file's own come last."""
        ordered = sorted(rejects, key=lambda r: (r[0] is None, r[0] or 0, r[1]))
        self._held += [(file, line, reason) for line, reason in ordered]
        self.rows += len(ordered)
        if ordered and self.first is None:
            self.first = self._held[-len(ordered)]
        if len(self._held) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            files, numbers, reasons = map(list, zip(*self._held, strict=True))
            columns = [pa.array(files), pa.array(numbers, pa.int64()), pa.array(reasons)]
            self._writer.write_table(pa.Table.from_arrays(columns, schema=REJECTS.schema))
        self._held = []
