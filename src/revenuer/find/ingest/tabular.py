"""CSV -> records, a row at a time: commas, semicolons or tabs, as the header has most of.

A quote that is never closed swallows rows until a field reaches 10 MB; the reject then names the
line where it began. Memory: one row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from revenuer.find.ingest import cells, lines

Record = dict[str, Any]
#: A record or the reason why there is none, with its line before and its length after it.
Found = tuple[int, Record | cells.CellError, int]

_QUOTES = "a field is quoted wrongly, holds a bare line end, or holds 10 MB or more"
_TOO_LONG = "the line holds 10 MB or more"


def rows(stream: Any) -> Iterator[Found]:
    """Yield one record a row under the header; an empty cell is None, every other is text."""
    source = _Numbered(stream)
    header = next((line for line in source if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    try:
        names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
    except csv.Error:
        yield source.number, cells.CellError("the header of the table cannot be read"), 0
        return
    csv.field_size_limit(cells.FIELD_BYTES)
    reader = csv.reader(source, delimiter=delimiter)
    while True:
        source.start, source.has_long = 0, False
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield source.start, cells.CellError(_TOO_LONG if source.has_long else _QUOTES), 0
            continue
        if not row and not source.has_long:
            continue
        length = sum(map(len, row))
        try:
            yield source.start, _record(names, row, has_long=source.has_long), length
        except cells.CellError as error:
            yield source.start, error, length


class _Numbered:
    """Text lines for the csv module; remembers where a row began."""

    def __init__(self, stream: Any) -> None:
        self._lines = lines.split(stream, keep_blank=True)  # a field may hold blank lines
        self.number = self.start = 0
        self.has_long = False

    def __iter__(self) -> Iterator[str]:
        for number, content in self._lines:
            self.number = number
            self.start = self.start or number
            self.has_long |= content is None
            # Bytes that are no UTF-8 become lone surrogates, which `_record` looks for.
            yield (content or b"").decode(errors="surrogateescape").removesuffix("\r") + "\n"


def _record(names: list[str], row: list[str], *, has_long: bool) -> Record:
    if has_long:
        raise cells.CellError(_TOO_LONG)
    if len(row) != len(names):
        raise cells.CellError(f"the row has {len(row)} fields where the header has {len(names)}")
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        raise cells.CellError("the line is not valid UTF-8") from None
    return {name: value or None for name, value in zip(names, row, strict=True)}
