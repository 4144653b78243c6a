"""Removes from a run what it keeps of accounts, or of the time before a date.

Rows go, and with them texts; example exchanges leave the evidence; a campaign without any account
left goes whole. Counts and facts stay as the scan found them, since they cannot be counted again
from less, and the run says so. An account's id also goes where it stands as a word of its own: in
templates, in texts of others that were kept, in notes, in names of inputs. Where rows go, the state
from which `--since` continues goes whole: it is aligned with all exchanges. So do the marks of its
lineages.

The run is written anew aside and moved to its place (`place`), so it is never half forgotten. What
a scan that was killed left there, all texts included, goes as well.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer import runs
from revenuer.find import place
from revenuer.find.campaigns import dispositions, lineage
from revenuer.find.keep import TEXTS
from revenuer.tables import (
    ACCOUNTS,
    CAMPAIGN_ACTIVITY,
    CAMPAIGN_TIES,
    COORDINATED,
    EXCHANGES,
    INTERNAL,
    LINEAGES,
    MEMBERS,
    REJECTS,
    Table,
)

REMARK = (
    "parts of this run were forgotten on request: counts and facts are those of the whole, "
    "rows and examples are what is left"
)
GONE = "⟨forgotten⟩"
STATE, PAGE = "tables/state", "report.html"
_ALL = (MEMBERS, COORDINATED, REJECTS, EXCHANGES, ACCOUNTS, *INTERNAL)
_ACCOUNT_COLUMNS = ("account_id", "account_a", "account_b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to remove: all of some accounts, or exchanges before a date.

    Attributes:
        accounts: Ids as the run has them, or may have them.
        before: Exchanges that arrived earlier go; None: none for their time.
        pseudonym_check: Of the key with which ids were hashed, None without one.
    """

    accounts: frozenset[str] = frozenset()
    before: datetime | None = None
    pseudonym_check: str | None = None

    def is_gone(self, batch: Any) -> Any:
        """Return (rows,) whether each row of a table is to go."""
        gone = pa.array([False] * batch.num_rows, pa.bool_())
        for name in set(_ACCOUNT_COLUMNS) & set(batch.schema.names):
            gone = pc.or_(gone, _among(batch.column(name), set(self.accounts)))
        if self.before is not None and "requested_at" in batch.schema.names:
            gone = pc.or_(gone, pc.less(batch.column("requested_at"), pa.scalar(self.before)))
        return gone

    def cleaned(self, text: str) -> str:
        """Return a text without the accounts' ids, where they stand as words of their own."""
        words = sorted(self.accounts, key=len, reverse=True)
        pattern = "|".join(map(re.escape, words))
        return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", GONE, text) if words else text

    def cleaned_columns(self, batch: Any, names: tuple[str, ...]) -> tuple[Any, int]:
        """Return the batch with the texts of these columns cleaned, and how many were not clean."""
        changed = 0
        for name in names:
            place_, column = batch.schema.get_field_index(name), batch.column(name)
            found = pa.array([False] * batch.num_rows, pa.bool_())
            for word in sorted(self.accounts):  # few rows have any to clean
                found = pc.or_(found, pc.fill_null(pc.match_substring(column, word), False))
            before = column.filter(found).to_pylist()
            after = [self.cleaned(text) for text in before]
            changed += sum(a != b for a, b in zip(before, after, strict=True))
            column = pc.replace_with_mask(column, found, pa.array(after, column.type))
            batch = batch.set_column(place_, batch.schema.field(place_), column)
        return batch, changed


@dataclass(slots=True, kw_only=True)
class Removed:
    """What was removed from one run.

    Attributes:
        folder: The run.
        rows: Rows removed, by table.
        mentions: Texts of others, notes and names in which an id was replaced.
        other_key: Whether its accounts are pseudonyms under another key than the request's.
        campaigns: Campaigns of which no account is left.
        lost_state: Whether `--since` could continue it and cannot any more.
        carried: Files that are not ours, which are as they were.
    """

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    mentions: int = 0
    other_key: bool = False
    campaigns: tuple[str, ...] = ()
    lost_state: bool = False
    carried: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether there was anything to remove; if not, the run is as it was."""
        return bool(self.rows or self.mentions)


def forget(folder: Path, request: Request, *, finish: Callable[[Path], object]) -> Removed:
    """Remove from a run folder what is asked for.

    Args:
        folder: The run.
        request: What to remove.
        finish: Adds to the folder what is made from the rest: the report.

    Raises:
        RunError: It is no run, or one of another version, damaged or being written; or the disk is
            full.
    """
    removed = Removed(folder=folder)
    with place.taken(folder) as aside:
        findings, account = (runs.load(folder / name) for name in (runs.FINDINGS, runs.ACCOUNT))
        made = aside / place.MADE
        (made / "tables").mkdir(parents=True)
        examples = _tables(made, request, findings, removed)
        with runs.reading(folder / runs.FINDINGS):
            runs.save(made / runs.FINDINGS, _findings(findings, request, removed, examples))
        with runs.reading(folder / runs.ACCOUNT):
            for one in account["inputs"]:
                one["name"] = _cleaned(one["name"], request, removed)
            check = account.get("settings", {}).get("pseudonym_check")
            has_other = check not in (None, request.pseudonym_check)
            removed.other_key = has_other and bool(request.accounts)
        runs.save(made / runs.ACCOUNT, account)
        cleared = dispositions.read(folder)
        noted = {k: v._replace(note=_cleaned(v.note, request, removed)) for k, v in cleared.items()}
        dispositions.write(made, noted)
        if not removed.is_changed:
            return removed
        if (folder / STATE).is_dir():
            removed.lost_state = bool(removed.rows)
            if not removed.rows:
                shutil.copytree(folder / STATE, made / STATE)
        removed.carried = tuple(_carry(folder, made))
        finish(made)
        place.put(aside, folder)
    return removed


def _tables(
    made: Path, request: Request, findings: dict[str, Any], removed: Removed
) -> frozenset[str]:
    """Copy all tables without what is to go; return the example exchanges that went."""
    with runs.reading(removed.folder / runs.FINDINGS):
        campaigns = {c["campaign_id"]: c["evidence"] for c in findings["campaigns"]}
        shown = {
            e for evidence in campaigns.values() for item in evidence for e in item["examples"]
        }
    gone: set[str] = set()
    lineages = _lineages(request, removed.folder)

    def member(batch: Any) -> Any:
        is_gone = request.is_gone(batch)
        lineages.update(batch.column("lineage_id").filter(is_gone).to_pylist())
        return is_gone

    def exchange(batch: Any) -> Any:
        is_gone = request.is_gone(batch)
        ids = batch.column("exchange_id").filter(is_gone)
        gone.update(ids.filter(_among(ids, shown)).to_pylist())
        return is_gone

    def of_campaign(batch: Any) -> Any:
        return pc.or_(
            request.is_gone(batch), _among(batch.column("campaign_id"), set(removed.campaigns))
        )

    _copy(made, MEMBERS, request, removed, member)
    if MEMBERS.name in removed.rows:
        left = pq.read_table(made / "members.parquet", columns=["campaign_id"])
        ids = set(left.column(0).to_pylist())
        removed.campaigns = tuple(one for one in campaigns if one not in ids)
    _copy(made, EXCHANGES, request, removed, exchange)
    for table in (CAMPAIGN_ACTIVITY, CAMPAIGN_TIES):
        _copy(made, table, request, removed, of_campaign)
    # Marks of a lineage come from payments and wordings of its accounts, nobody knows which.
    _copy(made, LINEAGES, request, removed, lambda b: _among(b.column("lineage_id"), lineages))
    for table in (COORDINATED, ACCOUNTS, REJECTS):
        _copy(made, table, request, removed, request.is_gone)
    return frozenset(gone)


def _lineages(request: Request, folder: Path) -> set[str]:
    """Return the lineages that have a mark of an account, those of earlier windows among them."""
    hashes = pa.array(sorted(map(lineage.mark, request.accounts)), pa.uint64())
    path = folder / _path(LINEAGES)
    with runs.reading(path):
        marks = pq.read_table(path, columns=["lineage_id", "kind", "value"])
        is_account = pc.fill_null(pc.equal(marks.column("kind"), "account"), False)
        is_own = pc.and_(is_account, pc.is_in(marks.column("value"), value_set=hashes))
        return set(marks.column("lineage_id").filter(is_own).to_pylist())


def _among(column: Any, values: set[str]) -> Any:
    return pc.is_in(column, value_set=pa.array(sorted(values), pa.string()))


def _copy(
    made: Path,
    table: Table,
    request: Request,
    removed: Removed,
    is_gone: Callable[[Any], Any],
) -> None:
    source = removed.folder / _path(table)
    texts = TEXTS if table is EXCHANGES else ("file",) if table is REJECTS else ()
    rows = 0
    with (
        pq.ParquetWriter(made / _path(table), table.schema, compression="zstd") as writer,
        runs.reading(source),
        pq.ParquetFile(source) as file,
    ):
        for batch in file.iter_batches(65_536, columns=list(table.names)):
            kept = batch.filter(pc.invert(is_gone(batch)))
            rows += batch.num_rows - kept.num_rows
            kept, mentions = request.cleaned_columns(kept, texts)
            removed.mentions += mentions
            writer.write_table(pa.Table.from_batches([kept]).cast(table.schema))
    if rows:
        removed.rows[table.name] = rows


def _findings(
    findings: dict[str, Any], request: Request, removed: Removed, examples: frozenset[str]
) -> dict[str, Any]:
    left = [c for c in findings["campaigns"] if c["campaign_id"] not in removed.campaigns]
    for campaign in left:
        for use in campaign["templates"]:
            use["text"] = _cleaned(use["text"], request, removed)
        for item in campaign["evidence"]:
            item["examples"] = [one for one in item["examples"] if one not in examples]
    said = [sentence for sentence in findings["unavailable"] if sentence != REMARK]
    return {**findings, "campaigns": left, "unavailable": [*said, REMARK]}


def _cleaned(text: str, request: Request, removed: Removed) -> str:
    cleaned = request.cleaned(text)
    removed.mentions += cleaned != text
    return cleaned


def _carry(folder: Path, made: Path) -> Iterator[str]:
    """Copy what is not ours, and yield its names."""
    ours = {runs.FINDINGS, runs.ACCOUNT, PAGE, dispositions.FILE, *map(_path, _ALL)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in ours and not name.startswith(f"{STATE}/"):
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, made / name)
            yield name


def _path(table: Table) -> str:
    is_inner = table in (*INTERNAL, EXCHANGES, ACCOUNTS)
    return f"tables/{table.name}.parquet" if is_inner else f"{table.name}.parquet"
