"""What addresses tell: their prefix, and from the user's lists their system, country and class.

`--ip-ranges` (CSV, JSON Lines or Parquet: start, end, asn, country; first and last address as
text or whole numbers) fills `asn` and `country` where the log has none. `--networks` (the same
containers or plain text: network in CIDR notation, class) fills `network`. Where intervals
overlap, the narrowest holds. An address that cannot be parsed keeps its row and has no prefix.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.errors import InputError
from revenuer.find.ingest import addresses, cells, fields, files, lines, records

Reject = tuple[int | None, str]

_NOWHERE = frozenset({"", "-", "ZZ", "XX", "NONE", "NULL"})


class Enricher:
    """Both lists, looked up a batch at a time. About 100 bytes an interval."""

    def __init__(self) -> None:
        self._systems = addresses.Lookup([])
        self._asns: Any = pa.array([], pa.int64())
        self._countries: Any = pa.array([], pa.string())
        self._networks = addresses.Lookup([])
        self._classes: Any = pa.array([], pa.string())

    def load_ranges(self, path: Path) -> list[Reject]:
        """Read `--ip-ranges`; return the lines that could not be used.

        Raises:
            InputError: No line could.
        """
        labels: dict[tuple[int | None, str | None], int] = {}
        intervals: list[addresses.Interval] = []
        rejects: list[Reject] = []
        for line, record in _rows(str(path), ("start", "end", "asn", "country"), rejects):
            start = addresses.number(fields.first(record, "start", "start_ip", "range_start"))
            end = addresses.number(fields.first(record, "end", "end_ip", "range_end"))
            if start is None or end is None or end < start:
                rejects.append((line, "start and end are no range of addresses"))
                continue
            value = (_asn(record.get("asn")), _country(record.get("country")))
            label = labels.setdefault(value, len(labels))
            intervals.append(addresses.Interval(start, end, label))
        _refuse_empty(intervals, path, "columns start, end, asn and country")
        self._systems = addresses.Lookup(intervals)
        self._asns = pa.array([asn for asn, _ in labels], pa.int64())
        self._countries = pa.array([country for _, country in labels], pa.string())
        return rejects

    def load_networks(self, path: Path) -> list[Reject]:
        """Read `--networks`; return the lines that could not be used.

        Raises:
            InputError: No line could.
        """
        labels: dict[str, int] = {}
        intervals: list[addresses.Interval] = []
        rejects: list[Reject] = []
        for line, record in _rows(str(path), ("cidr", "class"), rejects):
            span = addresses.network(fields.first(record, "cidr", "network", "prefix"))
            name = fields.first(record, "class", "kind", "type", "network_class")
            if span is None or not isinstance(name, str):
                rejects.append((line, "the line is no network in CIDR notation with a class"))
                continue
            label = labels.setdefault(name.strip(), len(labels))
            intervals.append(addresses.Interval(*span, label))
        _refuse_empty(intervals, path, "a network in CIDR notation and a class a line")
        self._networks = addresses.Lookup(intervals)
        self._classes = pa.array(list(labels), pa.string())
        return rejects

    def exchanges(self, batch: Any) -> Any:
        """Return the batch with address columns filled; what a log says itself stays."""
        seen = _Addresses(batch.column("ip"))
        system = self._systems.find(seen.keys)
        filled = {
            "ip": seen.texts,
            "ip_prefix": pc.coalesce(seen.prefixes, batch.column("ip_prefix")),
            "asn": _filled(batch.column("asn"), seen.spread(self._asns, system)),
            "country": _filled(batch.column("country"), seen.spread(self._countries, system)),
            "network": _filled(
                batch.column("network"),
                seen.spread(self._classes, self._networks.find(seen.keys)),
            ),
        }
        return _replaced(batch, filled)

    def accounts(self, batch: Any) -> Any:
        """Return accounts with the prefix of the sign-up address."""
        seen = _Addresses(batch.column("signup_ip"))
        prefixes = pc.coalesce(seen.prefixes, batch.column("signup_prefix"))
        return _replaced(batch, {"signup_ip": seen.texts, "signup_prefix": prefixes})


class _Addresses:
    """A column of addresses, parsed once a distinct value (about 1 µs each)."""

    def __init__(self, column: Any) -> None:
        encoded = pc.dictionary_encode(column)
        raw = encoded.dictionary.to_pylist()
        parsed = [addresses.parse(value) for value in raw]
        self._indices = encoded.indices
        self._is_known = np.array([p is not None for p in parsed], dtype=np.bool_)
        self.keys = np.array([p[0] if p else b"" for p in parsed], dtype="S16")
        texts = [p[1] if p else r for p, r in zip(parsed, raw, strict=True)]
        self.texts = pa.array(texts, pa.string()).take(self._indices)
        prefixes = [p[2] if p else None for p in parsed]
        self.prefixes = pa.array(prefixes, pa.string()).take(self._indices)

    def spread(self, values: Any, labels: Any) -> Any:
        """Return (rows,) `values[label]`, null where there is no address or no label."""
        missing = (labels < 0) | ~self._is_known
        picked = values.take(pa.array(labels, pa.int64(), mask=missing))
        return picked.take(self._indices)


def _filled(given: Any, found: Any) -> Any:
    return pc.coalesce(given, found)


def _replaced(batch: Any, columns: dict[str, Any]) -> Any:
    for name, column in columns.items():
        place = batch.schema.get_field_index(name)
        batch = batch.set_column(place, batch.schema.field(place), column)
    return batch


def _rows(
    name: str, header: tuple[str, ...], rejects: list[Reject]
) -> Iterator[tuple[int, fields.Record]]:
    """Yield the rows of a list; a text file without a header has the columns of `header`."""
    file = files.one(name)
    try:
        kind = records.kind(file)
        if kind in ("parquet", "json_document") or _has_header(file, kind):
            for chunk in records.chunks(file, kind):
                rejects += chunk.rejects
                yield from zip(chunk.lines, map(_lowered, chunk.records), strict=True)
        else:
            yield from _plain_rows(file, header, rejects)
    except records.UnreadableError as error:
        rejects.append((None, str(error)))
    except files.READ_ERRORS:
        rejects.append((None, "the file is damaged or breaks off"))


def _has_header(file: files.LogFile, kind: str) -> bool:
    with file.stream() as stream:
        head = bytes(stream.read(4096)).removeprefix(lines.BOM)
    first = head.split(b"\n")[0].decode(errors="replace")
    if kind == "json_lines" and first.lstrip().startswith("{"):
        return True
    start = next(csv.reader([first]), [""])[0]
    return kind == "csv" and addresses.number(start) is None and addresses.network(start) is None


def _plain_rows(
    file: files.LogFile, header: tuple[str, ...], rejects: list[Reject]
) -> Iterator[tuple[int, fields.Record]]:
    with file.stream() as stream:
        for number, content in lines.split(stream):
            line = (content or b"").decode(errors="replace").strip()
            if line.startswith("#"):
                continue
            has_comma = "," in line
            parts = (
                next(csv.reader([line]), []) if has_comma else line.split(maxsplit=len(header) - 1)
            )
            if len(parts) != len(header):
                rejects.append((number, f"the line does not have {len(header)} fields"))
                continue
            yield number, dict(zip(header, (part.strip() for part in parts), strict=True))


def _lowered(record: fields.Record) -> fields.Record:
    return {str(name).strip().lower(): value for name, value in record.items()}


def _asn(value: Any) -> int | None:
    text = value.strip().upper().removeprefix("AS") if isinstance(value, str) else value
    try:
        return cells.to_int(text) or None
    except cells.CellError:
        return None


def _country(value: Any) -> str | None:
    text = value.strip().upper() if isinstance(value, str) else ""
    return None if text in _NOWHERE else text


def _refuse_empty(intervals: list[addresses.Interval], path: Path, wanted: str) -> None:
    if not intervals:
        raise InputError(f"{path} holds no usable line", hint=f"give {wanted}")
