"""What lies beside the logs: the accounts file and the lists of addresses.

A list that gives nothing is an error, since the user named it; single bad lines are rejects.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.errors import InputError
from revenuer.find.ingest import accounts as accounts_file
from revenuer.find.ingest import files
from revenuer.find.ingest.enrich import Enricher
from revenuer.tables import ACCOUNTS

#: File name -> line and reason of what could not be used in it.
Rejected = dict[str, list[tuple[int | None, str]]]


def enricher(ip_ranges: Path | None, networks: Path | None) -> tuple[Enricher, Rejected]:
    """Return the lookup over both lists, where given.

    Raises:
        InputError: A list holds no usable line.
    """
    made, rejected = Enricher(), Rejected()
    if ip_ranges:
        rejected[str(ip_ranges)] = made.load_ranges(ip_ranges)
    if networks:
        rejected[str(networks)] = made.load_networks(networks)
    return made, rejected


def accounts(name: str | None, column_map: Mapping[str, str]) -> tuple[pa.RecordBatch, Rejected]:
    """Return the accounts of a file, or none of them without one.

    Raises:
        InputError: The file holds no account.
    """
    if name is None:
        schema = pa.schema([(column.name, column.type) for column in ACCOUNTS.columns])
        return pa.RecordBatch.from_pylist([], schema=schema), {}
    file = files.one(name)
    batch, rejects = accounts_file.read(file, column_map)
    if not batch.num_rows:
        line, reason = rejects[0] if rejects else (None, "the file is empty")
        where = f", line {line}" if line else ""
        raise InputError(
            f"no account could be read from {name}{where}: {reason}",
            hint="give a table with account_id, as Parquet, JSON Lines or CSV",
        )
    return batch, {file.name: rejects}


def write_accounts(batch: pa.RecordBatch, path: Path) -> None:
    """Write `accounts.parquet`, sorted by id: pseudonyms have an order of their own."""
    ordered = batch.sort_by("account_id")
    table = pa.Table.from_arrays(ordered.columns, schema=ACCOUNTS.schema)
    pq.write_table(table, path, compression="zstd")
