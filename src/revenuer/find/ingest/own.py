"""Our own table, and anything flat that `--map` turns into it: Parquet, JSON Lines, CSV.

A record is a row of `tables.EXCHANGES`; columns may be absent except `account_id` and
`requested_at`. Parquet goes through `conform` in record batches and never becomes Python objects.
"""

from __future__ import annotations

from typing import Any

from revenuer.find.ingest import cells
from revenuer.find.ingest.fields import Overrides, Record
from revenuer.tables import EXCHANGES


def matches(record: Record) -> bool:
    """Say whether a record is a row of our table."""
    return record.get("requested_at") is not None or {"requested_at", "account_id"} <= set(record)


def exchanges(record: Record, overrides: Overrides) -> list[Record]:
    """Return the row, with `--map` applied; a list of turns as `history` becomes JSON."""
    row = overrides.apply(dict(record), record) if overrides.wanted() else record
    if isinstance(row.get("history"), list):
        row = {**row, "history": cells.json_text(row["history"])}
    return [row]


def wanted(overrides: Overrides) -> set[str]:
    """Return the names of the columns of a Parquet file that can matter."""
    return {*EXCHANGES.names, *overrides.wanted().values()}


def columns(batch: Any, overrides: Overrides) -> dict[str, Any]:
    """Return our columns of a record batch, with `--map` applied."""
    names = batch.schema.names
    present = {name: names.index(name) for name in names}  # of two columns of one name, the first
    theirs = {name: name for name in EXCHANGES.names}
    theirs.update((o, t) for o, t in overrides.wanted().items() if t in present)
    return {ours: batch.column(present[name]) for ours, name in theirs.items() if name in present}
