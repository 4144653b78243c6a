"""A cleared lineage is not raised again, unless its evidence grows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer import report
from revenuer.find import pipeline
from revenuer.find.campaigns import dispositions, past
from revenuer.lab import traffic
from revenuer.settings import Settings

Scan = Callable[..., Path]


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """Return a scan of the first days, or of the others since a run, of a simulated week."""
    logs = tmp_path_factory.mktemp("logs")
    traffic.simulate(logs, seed=5, scale=0.08, campaigns=["hydra", "template_slots"])
    rows = pq.read_table(logs / "exchanges.parquet").sort_by("requested_at")
    at = rows.column("requested_at").cast(pa.int64()).to_numpy()
    early = int((at < at[0] + 0.8 * (at[-1] - at[0])).sum())
    pq.write_table(rows.slice(0, early), logs / "early.parquet")
    pq.write_table(rows.slice(early), logs / "late.parquet")

    def run(since: Path | None = None) -> Path:
        out = tmp_path_factory.mktemp("runs") / "run"
        pipeline.scan(
            [str(logs / ("late.parquet" if since else "early.parquet"))],
            out=out,
            settings=dataclasses.replace(Settings(threads=1)),
            accounts=str(logs / "accounts.parquet"),
            since=since,
        )
        return out

    return run


@pytest.mark.slow
def test_what_was_cleared_is_listed_until_its_evidence_grows(scan: Scan) -> None:
    first = scan()
    campaigns = report.load(first).campaigns
    assert len(campaigns) >= 2
    lineage_id = campaigns[0].lineage_id
    raised = {one.lineage_id: one for one in report.load(scan(first)).campaigns}
    assert lineage_id in raised
    # As an analyst who has seen all that will speak.
    seen = dispositions.of(lineage_id, [campaigns[0], raised[lineage_id]], "an agency")
    dispositions.write(first, {lineage_id: seen})

    second = scan(first)

    left = {one.lineage_id for one in report.load(second).campaigns}
    assert left == raised.keys() - {lineage_id}
    listed = pq.read_table(second / "coordinated.parquet").to_pylist()
    own = {row["account_id"] for row in listed if row["reason"] == "cleared"}
    assert len(own) == raised[lineage_id].accounts
    members = set(pq.read_table(second / "members.parquet").column("account_id").to_pylist())
    assert not own & members
    assert dispositions.read(second) == {lineage_id: seen}, "handed on"
    of = {one.lineage_id: one for one in past.read(second).lineages}
    assert len(of[lineage_id].accounts) >= raised[lineage_id].accounts / 2, "known by them again"

    # As if one of the rules had not spoken yet.
    dispositions.write(first, {lineage_id: seen._replace(rules=seen.rules[1:])})
    third = scan(first)

    assert lineage_id in {one.lineage_id for one in report.load(third).campaigns}
    assert dispositions.read(third) == {}, "raised again, to be decided again"
