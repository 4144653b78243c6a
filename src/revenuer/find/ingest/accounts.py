"""The provider's own records of accounts -> one row an account, sorted by id.

The same containers as logs. A later row of one account replaces an earlier one, as exports append
changes. An `email` column, where given, becomes domain and shape and is dropped.
Memory: the whole table, about 200 bytes an account.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.find.ingest import columns, fields, files, records
from revenuer.tables import ACCOUNTS

Reject = tuple[int | None, str]

#: Accounts of a firm may be older than its models.
EARLIEST_US = int(datetime(1995, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_WORD, _DIGIT = re.compile(r"[^\W\d_]+"), re.compile(r"\d")


def read(file: files.LogFile, column_map: Mapping[str, str]) -> tuple[Any, list[Reject]]:
    """Return the accounts of a file, in the schema of `tables.ACCOUNTS`, and its rejects.

    Args:
        file: The accounts file.
        column_map: our column -> theirs, used where the file lacks ours.
    """
    batches: list[Any] = []
    rejects: list[Reject] = []
    try:
        for chunk in records.chunks(file, records.kind(file)):
            rejects += chunk.rejects
            rows = [_row(record, column_map) for record in chunk.records]
            batches.append(_conformed(rows, chunk.lines, rejects))
    except records.UnreadableError as error:
        rejects.append((None, str(error)))
    schema = pa.schema([(column.name, column.type) for column in ACCOUNTS.columns])
    return last_of_each(pa.Table.from_batches(batches, schema=schema)), rejects


def pattern(local: str) -> str:
    """Return the shape of an address's local part.

    >>> pattern("jane.doe42")
    'word.word99'
    """
    return _DIGIT.sub("9", _WORD.sub("word", local))


def _conformed(rows: list[fields.Record], numbers: list[int], rejects: list[Reject]) -> Any:
    given = columns.transpose(rows, ACCOUNTS.names)
    batch, problems = columns.conform(
        given, rows=len(rows), table=ACCOUNTS, earliest_us=EARLIEST_US
    )
    rejects += [(numbers[row], reason) for row, reason in sorted(problems.items())]
    keep = np.ones(len(rows), dtype=np.bool_)
    keep[list(problems)] = False
    return batch.filter(pa.array(keep))


def _row(record: fields.Record, column_map: Mapping[str, str]) -> fields.Record:
    row = {str(name): value for name, value in record.items()}
    for ours, theirs in column_map.items():
        if row.get(ours) is None:
            row[ours] = fields.lookup(record, theirs)
    email = row.get("email")
    if isinstance(email, str) and "@" in email:
        local, _, domain = email.rpartition("@")
        row["email_domain"] = row.get("email_domain") or domain.strip().lower()
        row["email_pattern"] = row.get("email_pattern") or pattern(local.strip().lower())
    return row


def last_of_each(table: Any) -> Any:
    """Return the last row of each account, sorted by id, as a record batch."""
    order = pc.sort_indices(  # stable only through the second key
        table.append_column("row", pa.array(np.arange(table.num_rows))),
        sort_keys=[("account_id", "ascending"), ("row", "ascending")],
    )
    ordered = table.take(order).combine_chunks().to_batches(max_chunksize=max(len(order), 1))
    if not ordered:
        return pa.RecordBatch.from_pylist([], schema=table.schema)
    (ordered,) = ordered
    ids = ordered.column("account_id")
    is_last = pc.not_equal(ids.slice(0, len(ids) - 1), ids.slice(1)).to_numpy(zero_copy_only=False)
    return ordered.filter(pa.array(np.append(is_last, True)))
