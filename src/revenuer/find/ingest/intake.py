"""One run's path of a batch: conform, id, once only, enrich, pseudonymise, store.

Batches pass one after the other, in the order of files and lines, so equal input gives equal
bytes out. Raw identifiers go no further than this module when there is a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from revenuer.find.ingest import cells, columns, detect, ids, own, records
from revenuer.find.ingest.enrich import Enricher
from revenuer.find.ingest.fields import Overrides, Record, Source
from revenuer.find.ingest.files import LogFile
from revenuer.find.ingest.pseudonym import Pseudonyms
from revenuer.find.ingest.store import Exchanges, Rejects
from revenuer.tables import EXCHANGES

Moved = Callable[[int], None]

UNKNOWN = "no known log format: the records have no requested_at, nor the fields of another format"


@dataclass(slots=True, kw_only=True)
class Counts:
    """Rows so far: exchanges met, kept, met before; and records that are no exchange."""

    read: int = 0
    kept: int = 0
    duplicates: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Where everything goes.

    Attributes:
        sources: Formats by name.
        forced: The format of every file, or None to look.
        seed: Of the hashes by which ids are compared.
    """

    sources: Mapping[str, Source]
    forced: str | None
    overrides: Overrides
    enricher: Enricher
    pseudonyms: Pseudonyms | None
    exchanges: Exchanges
    rejects: Rejects
    seen: ids.Seen
    counts: Counts
    seed: int

    def read(self, file: LogFile, moved: Moved) -> str | None:
        """Read one file; return its format, or None when there was nothing to recognise."""
        occurrences = ids.Occurrences(self.pseudonyms.record_key if self.pseudonyms else b"")
        try:
            kind = records.kind(file)
            name = self.forced or detect.choose(
                detect.sample(file, kind), self.sources, self.overrides
            )
            if name is None:
                raise records.UnreadableError(UNKNOWN)
            if kind == "parquet" and name == "own":
                self._read_columns(file, occurrences, moved)
            else:
                self._read_records(file, kind, name, occurrences, moved)
        except records.UnreadableError as error:
            self.rejects.add(file.name, [(None, str(error))])
            return None
        return name

    def carry(self, batch: Any) -> None:
        """Take over exchanges of an earlier run as they are."""
        self.seen.add(ids.hashes(batch.column("exchange_id"), self.seed))
        self.counts.kept += batch.num_rows
        self.exchanges.write(batch)

    def _read_columns(self, file: LogFile, occurrences: ids.Occurrences, moved: Moved) -> None:
        wanted = own.wanted(self.overrides)
        first = 1
        for batch, position in records.parquet_batches(file, wanted):
            numbers = list(range(first, first + batch.num_rows))
            self._take(file, own.columns(batch, self.overrides), numbers, [], occurrences)
            first += batch.num_rows
            moved(position)

    def _read_records(
        self,
        file: LogFile,
        kind: records.Kind,
        name: str,
        occurrences: ids.Occurrences,
        moved: Moved,
    ) -> None:
        is_empty = kind in ("json_lines", "json_document")
        for chunk in records.chunks(file, kind):
            is_empty = is_empty and not chunk.records and not chunk.rejects
            rows: list[Record] = []
            numbers: list[int] = []
            rejects = list(chunk.rejects)
            for number, record in zip(chunk.lines, chunk.records, strict=True):
                try:
                    found = self.sources[name].exchanges(record, self.overrides)
                except cells.CellError as error:
                    rejects.append((number, str(error)))
                    continue
                except RecursionError:
                    rejects.append((number, "the JSON is nested too deeply"))
                    continue
                self.counts.skipped += not found
                rows += found
                numbers += [number] * len(found)
            given = columns.transpose(rows, EXCHANGES.names)
            self._take(file, given, numbers, rejects, occurrences)
            moved(chunk.position)
        if is_empty:
            self.rejects.add(file.name, [(None, "the file holds no record")])

    def _take(
        self,
        file: LogFile,
        given: Mapping[str, Any],
        numbers: list[int],
        rejects: list[tuple[int | None, str]],
        occurrences: ids.Occurrences,
    ) -> None:
        batch, problems = columns.conform(
            given, rows=len(numbers), table=EXCHANGES, earliest_us=cells.EARLIEST_US
        )
        found = ((numbers[row], reason) for row, reason in problems.items())
        self.rejects.add(file.name, [*rejects, *found])
        usable = np.ones(len(numbers), dtype=np.bool_)
        usable[list(problems)] = False
        if problems:
            batch = batch.filter(pa.array(usable))
        self.counts.read += len(numbers)
        if batch.num_rows:
            self._keep(occurrences.fill(batch))

    def _keep(self, batch: Any) -> None:
        is_first = self.seen.add(ids.hashes(batch.column("exchange_id"), self.seed))
        if not is_first.all():
            self.counts.duplicates += int((~is_first).sum())
            batch = batch.filter(pa.array(is_first))
        if not batch.num_rows:
            return
        self.counts.kept += batch.num_rows
        batch = self.enricher.exchanges(batch)
        self.exchanges.write(self.pseudonyms.batch(batch) if self.pseudonyms else batch)
