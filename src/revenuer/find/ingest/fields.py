"""What every foreign format needs: looking fields up, JSON inside text, and `--map`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the user says about a log, over what the format says.

    Attributes:
        column_map: our column -> their field, dots for nested ones.
        customer_attribute: Their field that names the customer.
    """

    column_map: Mapping[str, str] = field(default_factory=dict)
    customer_attribute: str | None = None

    def wanted(self) -> Record:
        """Return our column -> their field."""
        if not self.customer_attribute:
            return dict(self.column_map)
        return {"account_id": self.customer_attribute, **self.column_map}

    def apply(self, row: Record, record: Record) -> Record:
        """Return `row` with what `record` holds in the fields the user named."""
        for ours, theirs in self.wanted().items():
            value = lookup(record, theirs)
            if value is not None:
                row[ours] = value
        return row


class Source(Protocol):
    """A log format."""

    def matches(self, record: Record) -> bool:
        """Say whether a record looks like this format."""
        ...

    def exchanges(self, record: Record, overrides: Overrides) -> list[Record]:
        """Return the exchanges of one record, as rows of our columns; none if it is no exchange."""
        ...


def lookup(record: Any, path: str) -> Any:
    """Return a field, by its whole name or by names with dots between; None when absent.

    >>> lookup({"a.b": 1, "c": {"d": 2}}, "a.b"), lookup({"c": {"d": 2}}, "c.d")
    (1, 2)
    """
    if not isinstance(record, dict):
        return None
    if path in record:
        return record[path]
    head, dot, rest = path.partition(".")
    return lookup(decoded(record[head]), rest) if dot and head in record else None


def first(record: Any, *paths: str) -> Any:
    """Return the first field that is neither absent, null nor empty text."""
    for path in paths:
        value = lookup(record, path)
        if value is not None and value != "":
            return value
    return None


def decoded(value: Any) -> Any:
    """Return what JSON in text says; anything else, and text that is no JSON, as it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def mapping(value: Any) -> Record:
    """Return a dict: the value itself, JSON text, or key-value pairs; else an empty one."""
    value = decoded(value)
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(v, tuple) and len(v) == 2 for v in value):
        return dict(value)  # Arrow maps come as pairs
    return {}


def sequence(value: Any) -> list[Any]:
    """Return a list: the value itself or JSON text; else an empty one."""
    value = decoded(value)
    return value if isinstance(value, list) else []


def known(row: Record) -> Record:
    """Return the row without nulls."""
    return {name: value for name, value in row.items() if value is not None}
