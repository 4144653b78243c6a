"""The scan, in one screen: logs -> exchanges -> features -> findings -> campaigns.

Each stage has one verb and meets the next in tables. A run is made aside and moved to its place
when it is whole (`place`). One that was killed goes on from the ingested tables, and from the texts
if these were read; the stages after them keep their numbers in memory and are done again.
"""

from __future__ import annotations

import ctypes
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

import revenuer
from revenuer import runs
from revenuer.engine import check, start
from revenuer.find import campaigns, evidence, features, ingest, keep, place
from revenuer.find.campaigns import dispositions, past
from revenuer.find.campaigns import known as known_accounts
from revenuer.find.campaigns.dossier import iso
from revenuer.find.ingest import earlier, pseudonym
from revenuer.settings import Settings
from revenuer.tables import SCHEMA_VERSION

STAGES = ("ingest", "features", "evidence", "campaigns")
Progress = Callable[[str, int, int | None], None]
Finish = Callable[[Path], object]


def scan(
    logs: Sequence[str],
    *,
    out: Path,
    settings: Settings,
    accounts: str | None = None,
    known: Path | None = None,
    since: Path | None = None,
    progress: Progress = lambda *_: None,
    finish: Finish = lambda _: None,
) -> campaigns.Outcome:
    """Read logs, find campaigns, write the run folder `out`.

    With `since`, an earlier run, its exchanges come before those of the logs; its window holds
    unless another is set. What is found equals what a scan of all logs finds, but for the texts
    that the earlier run did not keep.

    `finish` adds to the run folder before it is moved to its place, such as a report.

    Raises:
        InputError: An argument cannot be used, the engine cannot start, an input cannot be opened
            or changes while it is read, or no exchange could be read.
        RunError: `out` exists and is no run folder, so it is not overwritten; another process
            writes it; the disk is full; or `since` cannot be continued.
    """
    clock = _Clock()
    check(settings)
    with place.taken(out) as aside:
        work, made = aside / place.TABLES, aside / place.MADE
        vouched = _vouched(known, settings)
        before, state, known_before = _before(since, settings)
        if before and settings.window_days is None:
            settings = replace(settings, window_days=before.window_days)
        read = ingest.read_once(
            logs, out=work, settings=settings, accounts=accounts, since=before, progress=progress
        )
        clock.lap("ingest")
        with start(settings, aside / place.SPILL) as engine:
            measured = features.measure(
                work,
                engine,
                seed=settings.seed,
                progress=progress,
                is_null=settings.is_null,
                earlier=_worked_on(work, read, state),
            )
        clock.lap("features")
        progress("weighing ties", 0, None)
        findings = evidence.weigh(measured, fdr_level=settings.fdr, seed=settings.seed)
        measured = measured.without_slots()
        _give_back()
        clock.lap("evidence")
        progress("finding campaigns", 0, None)
        outcome = campaigns.find(
            measured, findings, work=work, known=vouched, seed=settings.seed, past=known_before
        )
        clock.lap("campaigns")
        progress("writing the report", 0, None)
        _write(made, outcome, measured, read, settings)
        keep.tables(work, made, outcome.examples, settings.retain_text, is_null=settings.is_null)
        finish(made)
        clock.lap("writing")
        runs.save(made / runs.ACCOUNT, _account(read, measured, settings, clock))
        place.put(aside, out)
    return outcome


def _before(
    since: Path | None, settings: Settings
) -> tuple[earlier.Earlier | None, features.State | None, past.Past]:
    """Return what an earlier run read, measured and knew."""
    if since is None:
        return None, None, past.NOTHING
    before = earlier.load(since, _pseudonym_check(settings))
    before.check_window(settings.window_days)
    state = features.load_state(since / "tables" / "state", before.rows["kept"])
    return before, state, past.read(since)


def _worked_on(
    work: Path, read: ingest.IngestSummary, state: features.State | None
) -> tuple[features.State, NDArray[np.bool_]] | None:
    """Return what is known of texts: by this scan, if it was killed, or by the earlier one."""
    left = features.left_state(work / "state", read.rows_kept)
    if left:
        return left, np.ones(read.rows_kept, np.bool_)
    return (state, read.carried) if state else None


def _pseudonym_check(settings: Settings) -> str | None:
    return pseudonym.load(settings.pseudonym_key).check if settings.pseudonym_key else None


def _vouched(known: Path | None, settings: Settings) -> frozenset[str]:
    """Return the known accounts by the ids that the ingested tables use."""
    accounts = known_accounts.read(known) if known else frozenset()
    if settings.pseudonym_key:
        key = pseudonym.load(settings.pseudonym_key)
        return frozenset(key.value("account_id", account) for account in accounts)
    return accounts


def _give_back() -> None:
    """Give freed memory back to the system, which glibc keeps for itself in small pieces.

    At 3.4 million exchanges 1.35 of 1.70 GB stayed.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


class _Clock:
    """CPU and wall seconds a stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, dict[str, float]] = {}
        self._last = (time.process_time(), time.perf_counter())

    def lap(self, stage: str) -> None:
        now = (time.process_time(), time.perf_counter())
        self.seconds[stage] = {
            "cpu_s": round(now[0] - self._last[0], 3),
            "wall_s": round(now[1] - self._last[1], 3),
        }
        self._last = now


def _write(
    made: Path,
    outcome: campaigns.Outcome,
    measured: features.Features,
    read: ingest.IngestSummary,
    settings: Settings,
) -> None:
    (made / "tables").mkdir(parents=True)
    pq.write_table(outcome.members, made / "members.parquet")
    pq.write_table(outcome.coordinated, made / "coordinated.parquet")
    pq.write_table(outcome.activity, made / "tables" / "campaign_activity.parquet")
    pq.write_table(outcome.ties, made / "tables" / "campaign_ties.parquet")
    pq.write_table(outcome.lineages, made / "tables" / "lineages.parquet")
    dispositions.write(made, outcome.cleared)
    at = measured.exchanges.at_us
    runs.save(
        made / runs.FINDINGS,
        {
            "schema_version": SCHEMA_VERSION,
            "window_start": iso(int(at.min())),
            "window_end": iso(int(at.max()) + 1_000_000),
            "fdr": settings.fdr,
            "exchanges": read.rows_kept,
            "accounts": measured.accounts.num_rows,
            "rejects": read.rejects,
            "coordinated_groups": outcome.coordinated_groups,
            "unavailable": list(measured.unavailable),
            "campaigns": [campaign.to_json() for campaign in outcome.campaigns],
        },
    )


def _account(
    read: ingest.IngestSummary, measured: features.Features, settings: Settings, clock: _Clock
) -> dict[str, Any]:
    """Return what `run.json` holds: inputs, settings, versions, row counts, and what it cost."""
    return {
        "schema_version": SCHEMA_VERSION,
        "revenuer": revenuer.__version__,
        "inputs": [file._asdict() for file in read.files],
        "settings": {
            "fdr": settings.fdr,
            "retain_text": settings.retain_text,
            "seed": settings.seed,
            "engine": settings.engine,
            "is_null": settings.is_null,
            "formats": settings.formats,
            "column_map": settings.column_map,
            "customer_attribute": settings.customer_attribute,
            "is_pseudonymised": settings.pseudonym_key is not None,
            "pseudonym_check": _pseudonym_check(settings),
            "window_days": settings.window_days,
        },
        "rows": {
            "read": read.rows_read,
            "kept": read.rows_kept,
            "old": read.rows_old,
            "duplicates": read.duplicates,
            "skipped": read.skipped,
            "rejects": read.rejects,
            "accounts": measured.accounts.num_rows,
        },
        "measured": {
            "stages": clock.seconds,
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        },
    }
