"""Accounts that the provider vouches for: evaluators and authorised distillers.

One account a line, or CSV with a column `account_id` and, if wished, `reason`. Known accounts take
part in the search for groups, since hiding them would weaken its nulls, but are never accused.
"""

from __future__ import annotations

import csv
from pathlib import Path

from revenuer.errors import InputError

#: Characters of a line from which on the file is no list of accounts.
LONGEST_LINE = 100_000


def read(path: Path) -> frozenset[str]:
    """Return the account ids.

    Raises:
        InputError: The file cannot be read, or is CSV without a column `account_id`.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        # csv has a limit of its own, but one for the whole process, which reading logs lifts.
        if max(map(len, lines), default=0) > LONGEST_LINE:
            raise csv.Error(f"a line is longer than {LONGEST_LINE:,} characters")
        rows = [row for row in csv.reader(lines) if row and row[0].strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}", hint="give a text file") from error
    if not rows:
        return frozenset()
    header = [cell.strip().lower() for cell in rows[0]]
    if len(header) == 1 and header[0] != "account_id":
        return frozenset(row[0].strip() for row in rows)
    if "account_id" not in header:
        raise InputError(
            f"{path} has several columns but none called account_id",
            hint="name the column, or put one account on each line",
        )
    place = header.index("account_id")
    return frozenset(row[place].strip() for row in rows[1:] if len(row) > place)
