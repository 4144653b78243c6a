"""One foreign value -> one value of our tables, or a plain reason why not.

Values come from JSON, CSV or a columnar file of another make, so anything may stand anywhere: a
number as text, a list where text belongs, `NaN`, an integer of four hundred digits. Reasons name
no value, since `rejects` must not repeat what a log holds about a person.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from revenuer.tables import BOOL, FLOAT, INT, STRING, STRINGS, TIME

#: A field this long, in bytes of UTF-8, is rejected: nothing honest is, and it would set the
#: memory that one row may take.
FIELD_BYTES = 10_000_000

#: Exchanges outside [2015, 2100) are impossible: no hosted language model is older.
EARLIEST_US = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
LATEST_US = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000

#: Largest magnitude read as seconds, milliseconds, microseconds; beyond: nanoseconds. Between
#: 2015 and 2100 the four units never overlap.
EPOCH_STEPS = ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1))

LARGEST_INT = 2**63 - 1
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_OFFSET_APART = re.compile(r"\s+(?=[+-]\d\d:?\d\d$|Z$)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})


class CellError(ValueError):
    """A value cannot stand in its column; the text says why and completes `<column> ...`."""


def to_text(value: Any) -> str | None:
    """Return text; whole numbers become digits, lone surrogates the replacement character."""
    if value is None or isinstance(value, str):
        return value if value is None or value.isascii() else _SURROGATE.sub("\ufffd", value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise CellError("is not text")
    return str(value)


def to_int(value: Any) -> int | None:
    """Return a whole number in [0, 2^63), from a number or its digits."""
    number = _number(value)
    if number is None:
        return None
    if isinstance(number, float):
        if not number.is_integer():  # also NaN and the infinities
            raise CellError("is not a whole number")
        number = int(number)
    if number < 0:
        raise CellError("is negative")
    if number > LARGEST_INT:
        raise CellError("is impossibly large")
    return number


def to_float(value: Any) -> float | None:
    """Return a finite number, from a number or its digits."""
    number = _number(value)
    if number is None:
        return None
    try:
        result = float(number)
    except OverflowError:
        raise CellError("is impossibly large") from None
    if not math.isfinite(result):
        raise CellError("is not a finite number")
    return result


def to_bool(value: Any) -> bool | None:
    """Return true or false, from a boolean, 0, 1 or the usual words."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if word == "" and isinstance(value, str):
        return None
    raise CellError("is neither true nor false")


def to_names(value: Any) -> list[str] | None:
    """Return a list of texts, from a list, or from a JSON list or comma-separated text."""
    if value is None:
        return None
    if isinstance(value, str):
        value = _names_from_text(value)
    if not isinstance(value, list):
        raise CellError("is not a list of names")
    names = [to_text(item) for item in value]
    return [name for name in names if name is not None]


def to_time(value: Any) -> int | None:
    """Return microseconds since 1970 UTC.

    Args:
        value: ISO 8601 with any offset (none: UTC), epoch seconds, milliseconds, microseconds or
            nanoseconds as number or digits (told apart by magnitude), or a `datetime`.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, datetime):
        return _from_datetime(value)
    if isinstance(value, date):
        return _from_datetime(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise CellError("is not a time")
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return _from_iso(text)
        value = _digits(text)
    return _from_epoch(value)


def json_text(value: Any) -> str:
    """Return compact JSON, with lone surrogates replaced."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _number(value: Any) -> int | float | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool):
        raise CellError("is true or false where a number belongs")
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            raise CellError("is not a number")
        return _digits(value.strip())
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else float("nan")
    if not isinstance(value, int | float):
        raise CellError("is not a number")
    return value


def _digits(text: str) -> int | float:
    if len(text) > 400:  # int() refuses, and float() overflows, long before this matters
        raise CellError("is impossibly large")
    return float(text) if any(mark in text for mark in ".eE") else int(text)


def _names_from_text(text: str) -> Any:
    if not text.lstrip().startswith("["):
        return [name.strip() for name in text.split(",") if name.strip()]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise CellError("is not a list of names") from None


def _from_datetime(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    except OverflowError:
        raise CellError("is an impossible time") from None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _from_iso(text: str) -> int:
    upright = text.upper().removesuffix("UTC").strip() + ("Z" if text[-3:].upper() == "UTC" else "")
    try:
        return _from_datetime(datetime.fromisoformat(_OFFSET_APART.sub("", upright)))
    except ValueError:
        raise CellError("is not a time") from None


def _from_epoch(number: int | float) -> int:
    if isinstance(number, float) and not math.isfinite(number):
        raise CellError("is an impossible time")
    for largest, factor in EPOCH_STEPS:
        if abs(number) < largest:
            return round(number * factor)
    if abs(number) >= 1e20:
        raise CellError("is an impossible time")
    return int(number) // 1_000


#: Arrow type of a column -> how one foreign value gets there.
CONVERTERS: dict[pa.DataType, Callable[[Any], Any]] = {
    STRING: to_text,
    INT: to_int,
    FLOAT: to_float,
    BOOL: to_bool,
    STRINGS: to_names,
    TIME: to_time,
}
