"""Files -> records, whatever holds them: JSON Lines, a JSON document, CSV or Parquet.

Records come in chunks of at most 8,192 records or about 32 MB. What cannot be one becomes a reject
with its line; a file that breaks off keeps the records before the break.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.find.ingest import cells, lines, tabular, times
from revenuer.find.ingest.files import READ_ERRORS, LogFile
from revenuer.tables import TIME

Record = dict[str, Any]
Kind = Literal["parquet", "json_lines", "json_document", "csv"]

CHUNK_RECORDS = 8_192
CHUNK_BYTES = 32_000_000
BATCH_ROWS = 32_768
BATCH_BYTES = 64_000_000
_PROBE_ROWS = 256
HEAD_BYTES = 1 << 20
#: What decoding a damaged Parquet file may raise, apart from what reading may.
PARQUET_ERRORS = (*READ_ERRORS, ValueError, MemoryError)
#: The times of Python's calendar.
_FIRST, _LAST = (pa.scalar(datetime(year, 1, 1, tzinfo=UTC), TIME) for year in (2, 9998))
#: CloudWatch puts its own time before each record that it exports.
_STAMP = re.compile(rb"^\d{4}-\d\d-\d\dT[\d:.]{8,18}Z? (?=\{)")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some records with their lines, and what could not be read between them.

    `position` says how many stored bytes of the file have been used by then.
    """

    lines: list[int] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    rejects: list[tuple[int | None, str]] = field(default_factory=list)
    position: int = 0


class UnreadableError(Exception):
    """A whole file cannot be read; the text is the reason in `rejects`."""


def kind(file: LogFile) -> Kind:
    """Return what holds the records, by the file's first bytes.

    Raises:
        UnreadableError: Nothing known, or nothing at all.
    """
    try:
        if file.head().startswith(b"PAR1"):
            return "parquet"
        with file.stream() as stream:
            head = bytes(stream.read(HEAD_BYTES))
    except READ_ERRORS as error:
        raise UnreadableError(_broken(error)) from error
    return _text_kind(head)


def _text_kind(head: bytes) -> Kind:
    head = head.removeprefix(lines.BOM)
    if not head.strip():
        raise UnreadableError("the file is empty")
    if head.startswith(_UTF16):
        raise UnreadableError("the text looks like UTF-16; convert it to UTF-8")
    if head.startswith(b"PAR1"):
        raise UnreadableError("Parquet inside compression; decompress the file first")
    if head.lstrip()[:1] in b"{[":
        return "json_document" if lines.is_document(head) else "json_lines"
    first = [line for line in head.split(b"\n")[:40] if line.strip()]
    objects = sum(_STAMP.sub(b"", line).lstrip().startswith(b"{") for line in first)
    is_table = any(mark in first[0] for mark in (b",", b";", b"\t")) and b"\0" not in first[0]
    return "csv" if is_table and 2 * objects < len(first) else "json_lines"


def chunks(file: LogFile, kind: Kind, *, most: int = CHUNK_RECORDS) -> Iterator[Chunk]:
    """Yield the records of a file, in order, at most `most` in a chunk.

    A record is a dict of JSON values; CSV gives text, and None for an empty cell.
    """
    if kind == "parquet":
        yield from _from_parquet(file, most)
        return
    try:
        with file.open() as stored, file.stream(stored) as stream:
            for chunk in _from_text(stream, kind, most):
                yield dataclasses.replace(chunk, position=stored.tell())
    except READ_ERRORS as error:
        yield Chunk(rejects=[(None, _broken(error))])


def _from_text(stream: Any, kind: Kind, most: int) -> Iterator[Chunk]:
    if kind == "csv":
        return _chunked(tabular.rows(stream), most)
    values = lines.elements(stream) if kind == "json_document" else lines.split(stream)
    return _chunked(_json_records(values), most)


def parse(content: bytes | None) -> Record:
    """Return one JSON object.

    Raises:
        CellError: It is none; the text is the whole reason.
    """
    if content is None:
        raise cells.CellError("the line holds 10 MB or more")
    if content[:1].isdigit():
        content = _STAMP.sub(b"", content, count=1)
    try:
        record = json.loads(content.decode())
    except UnicodeDecodeError:
        raise cells.CellError("the line is not valid UTF-8") from None
    except RecursionError:
        raise cells.CellError("the JSON is nested too deeply") from None
    except ValueError:
        raise cells.CellError("the line is not valid JSON") from None
    if not isinstance(record, dict):
        raise cells.CellError("the line is not a JSON object")
    return record


def _json_records(values: Iterator[lines.Line]) -> Iterator[tabular.Found]:
    for number, content in values:
        try:
            yield number, parse(content), len(content or b"")
        except cells.CellError as error:
            yield number, error, len(content or b"")


def _chunked(found: Iterator[tabular.Found], most: int) -> Iterator[Chunk]:
    chunk, size = Chunk(), 0
    try:
        for number, record, length in found:
            if isinstance(record, cells.CellError):
                chunk.rejects.append((number, str(record)))
            else:
                chunk.records.append(record)
                chunk.lines.append(number)
            size += length
            held = max(len(chunk.records), len(chunk.rejects))
            if held >= most or size >= CHUNK_BYTES:
                yield chunk
                chunk, size = Chunk(), 0
    except READ_ERRORS as error:
        chunk.rejects.append((None, _broken(error)))
    yield chunk


def parquet_batches(
    file: LogFile, columns: Collection[str] | None = None, *, rows: int = BATCH_ROWS
) -> Iterator[tuple[Any, int]]:
    """Yield record batches, and about how many stored bytes have been used.

    A batch holds about 64 MB at most, judged by the file's own figures and its first rows.

    Args:
        file: A Parquet file.
        columns: Which columns, of those that the file has; None: all.
        rows: Rows in a batch at most.

    Raises:
        UnreadableError: The file is damaged, perhaps after some batches.
    """
    try:
        with file.open() as stored:
            table = pq.ParquetFile(stored, pre_buffer=False, buffer_size=HEAD_BYTES)
            names = table.schema_arrow.names
            wanted = None if columns is None else [name for name in names if name in columns]
            total, done = max(table.metadata.num_rows, 1), 0
            rows = max(1, min(rows, int(BATCH_BYTES / _row_bytes(table, wanted))))
            for batch in table.iter_batches(batch_size=rows, columns=wanted, use_threads=False):
                done += batch.num_rows
                yield batch, file.size_bytes * done // total
    except PARQUET_ERRORS as error:
        raise UnreadableError(_broken(error)) from error


def _row_bytes(table: Any, columns: list[str] | None) -> float:
    # Repeated text is short in the file and long in memory, hence the look at the first rows.
    probe = next(
        table.iter_batches(batch_size=_PROBE_ROWS, columns=columns, use_threads=False), None
    )
    seen = probe.nbytes / max(probe.num_rows, 1) if probe is not None else 1.0
    groups = [table.metadata.row_group(i) for i in range(table.metadata.num_row_groups)]
    told = max((g.total_byte_size / max(g.num_rows, 1) for g in groups), default=1.0)
    return float(max(seen, told, 1.0))


def _from_parquet(file: LogFile, most: int) -> Iterator[Chunk]:
    row = 1
    try:
        for batch, position in parquet_batches(file, rows=most):
            yield dataclasses.replace(_python_rows(_plain_times(batch), row), position=position)
            row += batch.num_rows
    except UnreadableError as error:
        yield Chunk(rejects=[(None, str(error))])


def _python_rows(batch: Any, first: int) -> Chunk:
    numbers = list(range(first, first + batch.num_rows))
    try:
        return Chunk(lines=numbers, records=batch.to_pylist())
    except (ValueError, OverflowError):
        chunk = Chunk()
    for offset, number in enumerate(numbers):
        try:
            chunk.records.extend(batch.slice(offset, 1).to_pylist())
            chunk.lines.append(number)
        except (ValueError, OverflowError):
            chunk.rejects.append((number, "the row holds text that is not valid UTF-8"))
    return chunk


def _plain_times(batch: Any) -> Any:
    """Return the batch with times in microseconds, null where Python has no such time."""
    arrays = []
    for array in batch.columns:
        if pa.types.is_timestamp(array.type):
            stamps = times.from_array(array, {})
            outside = pc.or_(pc.less(stamps, _FIRST), pc.greater(stamps, _LAST))
            arrays.append(pc.if_else(outside, pa.scalar(None, TIME), stamps))
        else:
            arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _broken(error: BaseException) -> str:
    text = str(error).lower()
    if isinstance(error, FileNotFoundError | PermissionError):
        return "the file cannot be opened"
    if "truncated" in text or "inflate" in text or "decompress" in text:
        return "the compressed data is damaged or breaks off; records before the break were kept"
    return "the file is damaged or breaks off; records before the break were kept"
