"""Which fields the objects of a bundle have, and what stands in each: these, no others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from revenuer.errors import InputError

Plain = float | int | str
TIME = "%Y-%m-%dT%H:%M:%SZ"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def fields(held: Any, what: str, wanted: Mapping[str, Callable[[Any], bool]]) -> dict[str, Any]:
    """Return an object that has exactly the fields wanted, each of its kind.

    Raises:
        InputError: It has not.
    """
    if not isinstance(held, dict) or held.keys() != wanted.keys():
        raise InputError(f"its {what} has not the fields {', '.join(wanted)}")
    for name, is_right in wanted.items():
        if not is_right(held[name]):
            raise InputError(f"{name} of its {what} cannot be {held[name]!r:.60}")
    return held


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value >= 0


def _is_real(value: Any) -> bool:
    return isinstance(value, float)


def _is_real_or_none(value: Any) -> bool:
    return value is None or isinstance(value, float)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_some(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def _is_digest_or_none(value: Any) -> bool:
    return value is None or _is_digest(value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(v, Plain) for v in value.values())


def _is_counts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_count, value.values()))


def _is_time(value: Any) -> bool:
    try:
        # Whether a year below 1000 is written with its zeros is each C library's own matter.
        return when(value).year >= 1000 and written(when(value)) == value
    except (TypeError, ValueError):
        return False


def _is_object_or_none(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def when(text: str) -> datetime:
    """Return the time that a text tells."""
    return datetime.strptime(text, TIME).replace(tzinfo=UTC)


def written(at: datetime) -> str:
    """Return a time as text: UTC, whole seconds.

    Raises:
        InputError: It has no time zone.
    """
    if at.tzinfo is None:
        raise InputError("a time in a bundle needs its time zone")
    return at.astimezone(UTC).strftime(TIME)


BODY = {
    "code": _is_text, "commitment": _is_object_or_none, "conclusion": _is_text,
    "created": _is_time, "evidence": _is_some, "format": _is_count, "inputs": _is_list,
    "kind": _is_text, "public_key": _is_digest,
}  # fmt: skip
COMMITMENT = {"at": _is_time, "digest": _is_digest}
INPUT = {"bytes": _is_count, "name": _is_text, "sha256": _is_digest}
EVIDENCE = {
    "details": _is_plain, "dropped": _is_counts, "fewest": _is_count, "log10_e": _is_real_or_none,
    "log10_p": _is_real, "null": _is_text, "scheme": _is_plain, "scored": _is_count,
    "seen": _is_count, "smallest_log10_p": _is_real_or_none, "statistic": _is_real,
    "test": _is_text, "tokens": _is_digest_or_none, "verdict": _is_text,
}  # fmt: skip
