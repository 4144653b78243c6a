"""Tests of revenuer.report.run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer import report
from revenuer.errors import RunError
from revenuer.report.run import members_in_order, rows_of, signals_of
from revenuer.tables import CAMPAIGN_TIES, MEMBERS


def _change(folder: Path, **changes: Any) -> None:
    path = folder / "campaigns.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_run_comes_back_as_it_was_written(run_folder: Path) -> None:
    run = report.load(run_folder)

    assert (run.exchanges, run.accounts, run.rejects) == (1_234_567, 12_345, 1)
    assert [one.campaign_id for one in run.campaigns] == ["c-7f3a91"]
    assert run.table(MEMBERS).num_rows == 60
    assert run.table(CAMPAIGN_TIES).schema == CAMPAIGN_TIES.schema


def test_no_run_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run at .*nowhere/$") as raised:
        report.load(tmp_path / "nowhere")

    assert raised.value.hint == "make one with `revenuer scan`"


def test_a_newer_run_is_refused(run_folder: Path) -> None:
    _change(run_folder, schema_version=2)

    with pytest.raises(RunError, match="schema version 2, this revenuer reads up to 1") as raised:
        report.load(run_folder)
    assert "update revenuer" in str(raised.value.hint)


@pytest.mark.parametrize("damage", [b"{", b"[]", b"\xff\xfe", b"", b"{}", b"null"])
def test_broken_findings_are_named(run_folder: Path, damage: bytes) -> None:
    (run_folder / "campaigns.json").write_bytes(damage)

    with pytest.raises(RunError, match=r"campaigns\.json is damaged: .+"):
        report.load(run_folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"fdr": None},
        {"campaigns": [{}]},
        {"campaigns": ["c-1"]},
        {"campaigns": 3},
        {"window_start": "yesterday"},
        {"window_end": None},
        {"exchanges": "many"},
    ],
)
def test_findings_that_make_no_sense_are_damage(run_folder: Path, changes: dict[str, Any]) -> None:
    _change(run_folder, **changes)

    with pytest.raises(RunError, match="is damaged"):
        report.load(run_folder)


def test_a_missing_table_is_named(run_folder: Path) -> None:
    (run_folder / "members.parquet").unlink()

    with pytest.raises(RunError, match=r"members\.parquet is missing") as raised:
        report.load(run_folder).table(MEMBERS)
    assert raised.value.hint == "scan the logs again into a fresh folder"


def test_a_damaged_table_is_named(run_folder: Path) -> None:
    (run_folder / "members.parquet").write_bytes(b"PAR1 but no more")

    with pytest.raises(RunError, match=r"members\.parquet cannot be read"):
        report.load(run_folder).table(MEMBERS)


def test_a_table_that_lacks_a_column_is_named(run_folder: Path) -> None:
    pq.write_table(pa.table({"campaign_id": ["c"]}), run_folder / "members.parquet")

    with pytest.raises(RunError, match=r"members\.parquet cannot be read"):
        report.load(run_folder).table(MEMBERS)


def test_rows_of_one_campaign_only(run_folder: Path) -> None:
    members = report.load(run_folder).table(MEMBERS)

    assert rows_of(members, "c-7f3a91").num_rows == 60
    assert rows_of(members, "c-other").num_rows == 0


def test_members_stand_most_harvested_first_then_by_id() -> None:
    rows = [
        {"account_id": account, "harvested_exchanges": harvested}
        for account, harvested in (("b", 1), ("a", 1), ("c", 9), ("d", None))
    ]

    ordered = members_in_order(pa.Table.from_pylist(rows))

    assert [row["account_id"] for row in ordered] == ["c", "a", "b", "d"]


def test_signals_are_the_ties_not_the_intent(run_folder: Path) -> None:
    (campaign,) = report.load(run_folder).campaigns

    assert signals_of(campaign) == ("footprint", "synchrony")
