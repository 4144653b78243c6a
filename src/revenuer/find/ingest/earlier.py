"""What an earlier run read, to be continued: its exchanges, accounts, rejects and inputs.

They were mapped, enriched and pseudonymised then, and are taken as they are. An input whose content
was read then is not read again, so the same folder of logs can be given every day.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer import runs
from revenuer.errors import RunError
from revenuer.find.ingest import accounts as accounts_file
from revenuer.find.ingest.store import Rejects
from revenuer.tables import ACCOUNTS, EXCHANGES

AGAIN = "scan all logs again, without --since"


class Earlier(NamedTuple):
    """An earlier run.

    Attributes:
        folder: Where it lies.
        inputs: Its inputs as `run.json` holds them: name, bytes, digest, format.
        rows: Its counts: read, duplicates, skipped, rejects.
        window_days: Its window, None for no limit.
    """

    folder: Path
    inputs: tuple[dict[str, Any], ...]
    rows: dict[str, int]
    window_days: float | None

    def exchanges(self) -> Iterator[Any]:
        """Yield its exchanges in their order."""
        with pq.ParquetFile(self.folder / "tables" / "exchanges.parquet") as file:
            for batch in file.iter_batches(65_536, columns=list(EXCHANGES.names)):
                yield pa.RecordBatch.from_arrays(
                    [batch.column(name) for name in EXCHANGES.names], schema=EXCHANGES.schema
                )

    def accounts(self, newer: Any) -> Any:
        """Return its accounts and newer records, of which the later counts for each account."""
        own = pq.read_table(
            self.folder / "tables" / "accounts.parquet", columns=list(ACCOUNTS.names)
        )
        schema = newer.schema
        both = pa.concat_tables([own.cast(schema), pa.Table.from_batches([newer])])
        return accounts_file.last_of_each(both)

    def rejects(self, path: Path) -> int:
        """Add its rejects to those in a file, by name of input; return how many there are."""
        rows = [
            (file, line, reason)
            for source in (self.folder / "rejects.parquet", path)
            for file, line, reason in zip(
                *(column.to_pylist() for column in pq.read_table(source).columns), strict=True
            )
        ]
        with Rejects(path) as rejects:
            for file, own in groupby(sorted(rows, key=itemgetter(0)), key=itemgetter(0)):
                rejects.add(file, [(line, reason) for _, line, reason in own])
        return len(rows)


def load(folder: Path, pseudonym_check: str | None) -> Earlier:
    """Return an earlier run.

    Args:
        folder: Its run folder.
        pseudonym_check: Of the key that new identifiers are hashed with, None without one.

    Raises:
        RunError: There is no run, or it cannot be continued: another schema, or identifiers hashed
            in another way.
    """
    run = runs.load(folder / runs.ACCOUNT)
    try:
        settings = run["settings"]
        found = Earlier(folder, tuple(run["inputs"]), run["rows"], settings["window_days"])
        check = settings["pseudonym_check"]
    except (KeyError, TypeError) as error:
        raise RunError(f"{folder} holds no run that a scan could continue", hint=AGAIN) from error
    if check != pseudonym_check:
        raise RunError(
            f"identifiers in {folder} were hashed with another key, or in one run only",
            hint="give the same --pseudonym-key as then",
        )
    return found
