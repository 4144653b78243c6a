"""Tests of revenuer.find.keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.find import keep
from revenuer.settings import RetainText
from revenuer.tables import ACCOUNTS, EXCHANGES, REJECTS

START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return a work folder with six ingested exchanges in two parts."""
    (tmp_path / "exchanges").mkdir()
    pq.write_table(REJECTS.schema.empty_table(), tmp_path / "rejects.parquet")
    pq.write_table(ACCOUNTS.schema.empty_table(), tmp_path / "accounts.parquet")
    for part in range(2):
        rows = [row(part * 3 + i) for i in range(3)]
        pq.write_table(
            pa.Table.from_pylist(rows, EXCHANGES.schema),
            tmp_path / "exchanges" / f"part-{part}.parquet",
        )
    return tmp_path


def row(number: int) -> dict[str, Any]:
    return {
        "exchange_id": f"e{number}",
        "requested_at": START + timedelta(minutes=number),
        "account_id": "a",
        "output_tokens": number,
        **{name: f"{name} {number}" for name in keep.TEXTS},
    }


@pytest.mark.parametrize(
    ("retain", "kept"),
    [("none", set()), ("evidence", {"e1", "e5"}), ("all", {f"e{i}" for i in range(6)})],
)
def test_keeps_the_numbers_of_all_and_the_text_of_few(
    work: Path, retain: RetainText, kept: set[str]
) -> None:
    keep.tables(work, work / "run", ["e1", "e5", "gone"], retain)

    table = pq.read_table(work / "run" / "tables" / "exchanges.parquet")
    assert table.schema.equals(EXCHANGES.schema)
    for number, found in enumerate(table.to_pylist()):
        expected = dict.fromkeys(EXCHANGES.names) | row(number)
        if f"e{number}" not in kept:
            expected |= dict.fromkeys(keep.TEXTS)
        assert found == expected


def test_evidence_without_examples_keeps_no_text(work: Path) -> None:
    keep.tables(work, work / "run", [], "evidence")

    table = pq.read_table(work / "run" / "tables" / "exchanges.parquet")
    assert all(table.column(name).null_count == 6 for name in keep.TEXTS)


def test_the_ingested_tables_stay_for_a_scan_that_is_killed_later(work: Path) -> None:
    before = {path: path.read_bytes() for path in work.rglob("*.parquet")}

    keep.tables(work, work / "run", [], "none")

    assert {path: path.read_bytes() for path in before} == before
    assert {path.relative_to(work / "run").as_posix() for path in (work / "run").rglob("*.*")} == {
        "rejects.parquet",
        "tables/exchanges.parquet",
        "tables/accounts.parquet",
    }


def test_every_text_of_an_exchange_is_counted_as_text() -> None:
    numbers = {"exchange_id", "account_id", "credential_id", "end_user_id", "session_id"}
    traits = {"model", "endpoint", "pathway", "ip", "ip_prefix", "country", "network"}
    strings = {c.name for c in EXCHANGES.columns if c.type == pa.string()}

    assert set(keep.TEXTS) == strings - numbers - traits - {"user_agent", "ja4"}
