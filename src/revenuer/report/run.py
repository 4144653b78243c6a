"""What a scan wrote, read back: `campaigns.json` at once, the Parquet tables when asked for.

A run that cannot be read is a `RunError` that names the file and the way out; no number of a
damaged run is ever guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer import runs
from revenuer.errors import RunError
from revenuer.records import Campaign
from revenuer.runs import AGAIN, FINDINGS, first_line
from revenuer.tables import CAMPAIGN_ACTIVITY, INTERNAL, MEMBERS, Table
from revenuer.text import moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of `revenuer scan`.

    Attributes:
        folder: Where it lies.
        window_start, window_end: The span that was looked at, `[start, end)`, ISO 8601 UTC.
        fdr: False discovery rate of coordinated groups, in (0, 1).
        exchanges, accounts, rejects: Counts over the whole input.
        coordinated_groups: Groups that act as one and are not accused.
        unavailable: Evidence that the logs could not give, in words.
        campaigns: Strongest first.
    """

    folder: Path
    window_start: str
    window_end: str
    fdr: float
    exchanges: int
    accounts: int
    rejects: int
    coordinated_groups: int
    unavailable: tuple[str, ...]
    campaigns: tuple[Campaign, ...]

    def table(self, table: Table) -> Any:
        """Return one stored Arrow table, with the columns of its contract, in the stored order.

        Raises:
            RunError: The file is missing, is no Parquet, or lacks a column.
        """
        folder = self.folder / "tables" if table in INTERNAL else self.folder
        path = folder / f"{table.name}.parquet"
        if not path.is_file():
            raise RunError(f"{path} is missing", hint=AGAIN)
        try:
            return pq.read_table(path).select(list(table.names)).cast(table.schema)
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            raise RunError(f"{path} cannot be read: {first_line(error)}", hint=AGAIN) from error


def load(folder: Path) -> Run:
    """Read the findings of a run folder.

    Raises:
        RunError: No folder, no findings in it, another version, or damage.
    """
    path = folder / FINDINGS
    raw = runs.load(path)
    try:
        return _run(folder, raw)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"{path} is damaged: {first_line(error)}", hint=AGAIN) from error


def rows_of(table: Any, campaign_id: str) -> Any:
    """Return the rows of one campaign, in the stored order."""
    name = CAMPAIGN_ACTIVITY.names[0]
    return table.filter(pc.equal(table[name], campaign_id))


def signals_of(campaign: Campaign) -> tuple[str, ...]:
    """Return the kinds of evidence of a campaign, in order of appearance, each once.

    Intent is not a tie between accounts and is left out.
    """
    return tuple(dict.fromkeys(e.signal for e in campaign.evidence if e.signal != "intent"))


def members_in_order(members: Any) -> list[dict[str, Any]]:
    """Return member rows, most harvested exchanges first, then by account id."""
    harvested = MEMBERS.names[6]
    rows: list[dict[str, Any]] = members.to_pylist()
    return sorted(rows, key=lambda row: (-(row[harvested] or 0), row["account_id"]))


def _run(folder: Path, raw: dict[str, Any]) -> Run:
    campaigns = tuple(Campaign.from_json(one) for one in raw["campaigns"])
    for span in (raw, *raw["campaigns"]):
        moment(span["window_start"])
        moment(span["window_end"])
    return Run(
        folder=folder,
        window_start=raw["window_start"],
        window_end=raw["window_end"],
        fdr=float(raw["fdr"]),
        exchanges=int(raw["exchanges"]),
        accounts=int(raw["accounts"]),
        rejects=int(raw["rejects"]),
        coordinated_groups=int(raw["coordinated_groups"]),
        unavailable=tuple(raw["unavailable"]),
        campaigns=campaigns,
    )
