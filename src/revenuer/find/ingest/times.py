"""Columns of times in any unit -> microseconds UTC, by Arrow kernels.

Epoch numbers are told apart by magnitude, as `cells.EPOCH_STEPS` says; text is ISO 8601, in one
cast where the whole column is plain, value by value otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.find.ingest import cells
from revenuer.tables import TIME

Problems = dict[int, str]

_IMPOSSIBLE = "is an impossible time"
_PLAIN_ISO = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"
_LIMIT_US = 2**62


def from_array(raw: Any, problems: Problems) -> Any:
    """Return the column as timestamps, null where unusable, and note why."""
    if pa.types.is_timestamp(raw.type):
        return _from_timestamps(raw, problems)
    if pa.types.is_date(raw.type):
        return _from_timestamps(pc.cast(raw, pa.timestamp("ms")), problems)
    if pa.types.is_integer(raw.type) or pa.types.is_floating(raw.type):
        return _from_numbers(raw, problems)
    if pa.types.is_string(raw.type) or pa.types.is_large_string(raw.type):
        quick = _from_plain_text(raw)
        if quick is not None:
            return quick
    return _from_cells(raw, problems)


def python_values(raw: Any) -> list[Any]:
    """Return Python values; text that is no UTF-8 stays bytes, what Python lacks is an object."""
    return [_python_value(scalar) for scalar in raw]  # about 0.3 µs a value


def from_microseconds(values: list[int | None], problems: Problems) -> Any:
    """Return timestamps from whole microseconds; those beyond any calendar are noted."""
    for row, value in enumerate(values):
        if value is not None and abs(value) > _LIMIT_US:
            problems[row] = _IMPOSSIBLE
    kept = [None if row in problems else value for row, value in enumerate(values)]
    return pc.cast(pa.array(kept, pa.int64()), TIME)


def _from_timestamps(raw: Any, problems: Problems) -> Any:
    # Through whole numbers: a cast of seconds near the calendar's end would overflow or raise.
    factor = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}[raw.type.unit]
    stamps = pc.cast(raw, pa.int64())
    beyond = pc.greater(pc.abs(pc.cast(stamps, pa.float64(), safe=False)), _LIMIT_US / factor)
    _note(problems, beyond)
    stamps = pc.if_else(beyond, pa.scalar(None, pa.int64()), stamps)
    if raw.type.unit == "ns":
        return pc.cast(pc.divide(stamps, 1_000), TIME)
    return pc.cast(pc.multiply(stamps, factor), TIME)


def _from_numbers(raw: Any, problems: Problems) -> Any:
    missing = pc.is_null(raw).to_numpy(zero_copy_only=False)
    numbers = pc.fill_null(raw, 0).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.abs(numbers.astype(np.float64))
        bad = ~(size < 1e19) & ~missing
        # 32 bits are too few for microseconds.
        wide = np.float64 if numbers.dtype.kind == "f" else np.int64
        numbers = np.where(bad, 0, numbers).astype(wide)
        size = np.where(bad, 0, size)
        stamps = numbers // 1_000
        for largest, factor in reversed(cells.EPOCH_STEPS):
            stamps = np.where(size < largest, np.rint(numbers * factor), stamps)
    for row in np.flatnonzero(bad):
        problems[int(row)] = _IMPOSSIBLE
    exact = pa.array(stamps.astype(np.int64), mask=missing | bad)
    return pc.cast(exact, TIME)


def _from_plain_text(raw: Any) -> Any:
    if not pc.all(pc.match_substring_regex(raw, _PLAIN_ISO), min_count=0).as_py():
        return None
    try:
        return pc.cast(raw, TIME)
    except pa.ArrowException:
        return None


def _from_cells(raw: Any, problems: Problems) -> Any:
    converted: list[int | None] = []
    for row, value in enumerate(python_values(raw)):  # about 1 µs a value
        try:
            converted.append(cells.to_time(value))
        except cells.CellError as error:
            converted.append(None)
            problems[row] = str(error)
    return from_microseconds(converted, problems)


def _python_value(scalar: Any) -> Any:
    try:
        value = scalar.as_py()
    except UnicodeDecodeError:
        return bytes(scalar.as_buffer())
    except (ValueError, OverflowError):  # such as a duration in nanoseconds
        return object()
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _note(problems: Problems, bad: Any) -> None:
    for row in np.flatnonzero(pc.fill_null(bad, False).to_numpy(zero_copy_only=False)):
        problems[int(row)] = _IMPOSSIBLE
