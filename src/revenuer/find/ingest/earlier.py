"""What an earlier run read, to be continued: its exchanges, accounts, rejects and inputs.

They were mapped, enriched and pseudonymised then, and are taken as they are. An input whose content
was read then is not read again, so the same folder of logs can be given every day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator
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
from revenuer.tables import ACCOUNTS, EXCHANGES, REJECTS

_INPUT = ("name", "bytes", "digest", "format")
_ROWS = ("read", "kept", "old", "duplicates", "skipped")
AGAIN = "scan all logs again, without --since"


class Earlier(NamedTuple):
    """An earlier run.

    Attributes:
        folder: Where it lies.
        inputs: Its inputs as `run.json` holds them: name, bytes, digest, format.
        rows: Its counts: read, kept, old, duplicates, skipped.
        window_days: Its window, None for no limit.
    """

    folder: Path
    inputs: tuple[dict[str, Any], ...]
    rows: dict[str, int]
    window_days: float | None

    def check_window(self, days: float | None) -> None:
        """Refuse a window that reaches back to what was dropped.

        Raises:
            RunError: It is longer than that of the run.
        """
        if self.rows["old"] and days and self.window_days and days > self.window_days:
            raise RunError(
                f"{self.folder} looked at {self.window_days:g} days and dropped "
                f"{self.rows['old']:,} older exchanges, which a window of {days:g} days may hold",
                hint=AGAIN,
            )

    def exchanges(self) -> Iterator[Any]:
        """Yield its exchanges in their order."""
        path = self.folder / "tables" / "exchanges.parquet"
        with runs.reading(path), pq.ParquetFile(path) as file:
            for batch in file.iter_batches(65_536, columns=list(EXCHANGES.names)):
                yield pa.RecordBatch.from_arrays(
                    [batch.column(name) for name in EXCHANGES.names], schema=EXCHANGES.schema
                )

    def accounts(self, newer: Any) -> Any:
        """Return its accounts and newer records, of which the later counts for each account."""
        path = self.folder / "tables" / "accounts.parquet"
        with runs.reading(path):
            own = pq.read_table(path, columns=list(ACCOUNTS.names)).cast(newer.schema)
        return accounts_file.last_of_each(pa.concat_tables([own, pa.Table.from_batches([newer])]))

    def rejects(self, path: Path, again: Container[str]) -> int:
        """Add its rejects to those in a file, by name of input; return how many there are.

        Args:
            path: The file.
            again: Inputs that are read whole each time. What is new of them holds.
        """
        own = self.folder / "rejects.parquet"
        with runs.reading(own):
            old = Counter(row for row in _rejects(own) if row[0] not in again)
        # A log that has grown since gives its old rejects once more.
        rows = (old | Counter(_rejects(path))).elements()
        with Rejects(path) as rejects:
            for file, found in groupby(sorted(rows, key=itemgetter(0)), key=itemgetter(0)):
                rejects.add(file, [(line, reason) for _, line, reason in found])
        return rejects.rows


def _rejects(path: Path) -> Iterator[tuple[str, int | None, str]]:
    columns = pq.read_table(path, columns=list(REJECTS.names)).columns
    return zip(*(column.to_pylist() for column in columns), strict=True)


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
        found = Earlier(
            folder,
            tuple({name: one[name] for name in _INPUT} for one in run["inputs"]),
            {name: int(run["rows"][name]) for name in _ROWS},
            None if settings["window_days"] is None else float(settings["window_days"]),
        )
        check = settings["pseudonym_check"]
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{folder} holds no run that a scan could continue", hint=AGAIN) from error
    if check != pseudonym_check:
        raise RunError(
            f"identifiers in {folder} were hashed with another key, or in one run only",
            hint="give the same --pseudonym-key as then",
        )
    return found
