"""Foreign columns -> columns of our tables, with the rows that cannot be used and why.

Columnar input is checked with Arrow kernels; a Python loop runs only over a column whose quick
check fails or whose values come from JSON. A million native rows with text take about a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.find.ingest import cells, times
from revenuer.tables import BOOL, FLOAT, INT, STRING, STRINGS, TIME, Table

Problems = dict[int, str]

#: Long text: an empty one is a fact (nothing was returned). Elsewhere empty means absent.
TEXTS = frozenset({"system_prompt", "prompt", "history", "completion", "reasoning"})
_PLAIN: dict[pa.DataType, frozenset[type]] = {
    INT: frozenset({int, type(None)}),
    FLOAT: frozenset({int, float, type(None)}),
    BOOL: frozenset({bool, type(None)}),
}


class Conformed(NamedTuple):
    """Rows in the table's schema (unusable ones too), and a reason for each unusable row."""

    batch: Any
    problems: Problems


def conform(columns: Mapping[str, Any], *, rows: int, table: Table, earliest_us: int) -> Conformed:
    """Return the rows in the table's schema.

    Args:
        columns: our column name -> Arrow array or Python values, each `rows` long; absent: null.
        rows: How many.
        table: Whose schema.
        earliest_us: The earliest possible time, microseconds since 1970.

    Returns:
        A batch of `rows` rows, null where a value could not be used, and the first reason per
        unusable row, in schema order.
    """
    problems: Problems = {}
    arrays = []
    for column in table.columns:
        raw = columns.get(column.name)
        found: Problems = {}
        array = pa.nulls(rows, column.type) if raw is None else _column(raw, column.type, found)
        array = _checked(array, column.name, column.type, found, earliest_us)
        if column.required:
            _note(found, pc.is_null(array), "is missing")
        arrays.append(array)
        for row, reason in found.items():
            problems.setdefault(row, f"{column.name} {reason}")
    schema = pa.schema([(column.name, column.type) for column in table.columns])
    return Conformed(pa.RecordBatch.from_arrays(arrays, schema=schema), problems)


def transpose(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """Return one list of values a column; a column no record has is left out."""
    present = set().union(*records) if records else set()
    return {name: [r.get(name) for r in records] for name in names if name in present}


def _column(raw: Any, target: Any, problems: Problems) -> Any:
    if isinstance(raw, list):
        return _from_values(raw, target, problems)
    if pa.types.is_dictionary(raw.type):
        raw = raw.dictionary_decode()
    if pa.types.is_null(raw.type):
        return pa.nulls(len(raw), target)
    if target == TIME:
        return times.from_array(raw, problems)
    quick = _quick(raw, target)
    return quick if quick is not None else _from_values(times.python_values(raw), target, problems)


def _quick(raw: Any, target: Any) -> Any:
    """Return the column by one cast, or None where values must be looked at one by one."""
    is_apt = (
        (target == STRING and (_is_text(raw.type) or pa.types.is_integer(raw.type)))
        or (target == INT and pa.types.is_integer(raw.type))
        or (target == FLOAT and (pa.types.is_floating(raw.type) or pa.types.is_integer(raw.type)))
        or (target == BOOL and pa.types.is_boolean(raw.type))
        or (target == STRINGS and pa.types.is_list(raw.type) and _is_text(raw.type.value_type))
    )
    if not is_apt:
        return None
    try:
        array = pc.cast(raw, target)
        # Arrow takes a file's word that its text is UTF-8; this looks.
        array.validate(full=True)
    except pa.ArrowException:
        return None
    return array


def _is_text(type_: Any) -> bool:
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_string_view(type_)
    )


def _from_values(values: list[Any], target: Any, problems: Problems) -> Any:
    plain = _plain_array(values, target)
    if plain is not None:
        return plain
    convert = cells.CONVERTERS[target]
    if target == TIME:
        texts = _plain_array(values, STRING)
        if texts is not None:
            return times.from_array(texts, problems)
    converted: list[Any] = []
    for row, value in enumerate(values):  # about 0.3 µs a value
        try:
            if isinstance(value, bytes):
                raise cells.CellError("is not valid UTF-8")
            converted.append(convert(value))
        except cells.CellError as error:
            converted.append(None)
            problems[row] = str(error)
    if target == TIME:
        return times.from_microseconds(converted, problems)
    return pa.array(converted, target)


def _plain_array(values: list[Any], target: Any) -> Any:
    """Return the column at once where each value already has its type, else None."""
    try:
        if target == STRING:
            return pa.array(values, STRING)
        kinds = _PLAIN.get(target)
        return pa.array(values, target) if kinds and set(map(type, values)) <= kinds else None
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return None


def _checked(array: Any, name: str, type_: Any, problems: Problems, earliest_us: int) -> Any:
    if type_ == STRING:
        _note(problems, pc.greater_equal(pc.binary_length(array), cells.FIELD_BYTES), _TOO_LONG)
        if name not in TEXTS:
            array = _empty_as_null(array, name)
    elif type_ == STRINGS:
        lengths = pc.binary_length(pc.binary_join(array, ","))
        _note(problems, pc.greater_equal(lengths, cells.FIELD_BYTES), _TOO_LONG)
    elif type_ == INT:
        _note(problems, pc.less(array, 0), "is negative")
    elif type_ == FLOAT:
        _note(problems, pc.invert(pc.is_finite(array)), "is not a finite number")
    elif type_ == TIME:
        stamps = pc.cast(array, pa.int64())
        outside = pc.or_(pc.less(stamps, earliest_us), pc.greater_equal(stamps, cells.LATEST_US))
        _note(problems, outside, "is an impossible time")
    return array


_TOO_LONG = "holds 10 MB or more"


def _empty_as_null(array: Any, name: str) -> Any:
    trimmed = pc.utf8_trim_whitespace(array) if name == "account_id" else array
    empty = pc.equal(pc.binary_length(trimmed), 0)
    return pc.if_else(empty, pa.scalar(None, STRING), array) if pc.any(empty).as_py() else array


def _note(problems: Problems, bad: Any, reason: str) -> None:
    if pc.any(bad).as_py():
        for row in np.flatnonzero(pc.fill_null(bad, False).to_numpy(zero_copy_only=False)):
            problems.setdefault(int(row), reason)
