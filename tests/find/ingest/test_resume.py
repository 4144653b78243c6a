"""Tests of revenuer.find.ingest.resume."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import revenuer
from revenuer.find import ingest
from revenuer.find.ingest import resume
from revenuer.settings import Settings


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Return a log of three exchanges, an accounts file and a key."""
    rows = [
        {"account_id": f"a{i}", "requested_at": f"2026-03-02T00:00:0{i}Z", "prompt": "hello"}
        for i in range(3)
    ]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "accounts.csv").write_text("account_id,plan\na1,free\n")
    (tmp_path / "key").write_text("0123456789abcdef")
    return tmp_path


def read(logs: Path, **changes: Any) -> ingest.IngestSummary:
    settings = dataclasses.replace(Settings(pseudonym_key=logs / "key"), **changes)
    return ingest.read_once(
        [str(logs / "log.jsonl")],
        out=logs / "work",
        settings=settings,
        accounts=str(logs / "accounts.csv"),
    )


@pytest.fixture
def times_read(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list that grows by one with each real reading."""
    real, times = ingest.read, []

    def counted(*arguments: Any, **options: Any) -> ingest.IngestSummary:
        times.append(None)
        return real(*arguments, **options)

    monkeypatch.setattr(ingest, "read", counted)
    return times


def tables(logs: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (logs / "work").rglob("*.parquet")}


def test_whole_tables_are_read_once(logs: Path, times_read: list[None]) -> None:
    first = read(logs)
    made = tables(logs)

    again = read(logs, threads=1, memory_limit="100MB")

    assert again == first
    assert tables(logs) == made
    assert len(times_read) == 1
    assert first.rows_kept == 3
    assert first.files[0].format == "own"


def grow(logs: Path) -> None:
    with (logs / "log.jsonl").open("a") as log:
        log.write('{"account_id": "a9", "requested_at": "2026-03-02T00:00:09Z"}\n')


def touch(logs: Path) -> None:
    os.utime(logs / "log.jsonl", ns=(1, 1))


def other_accounts(logs: Path) -> None:
    (logs / "accounts.csv").write_text("account_id,plan\na1,team\n")
    os.utime(logs / "accounts.csv", ns=(1, 1))


def other_key(logs: Path) -> None:
    (logs / "key").write_text("fedcba9876543210")


def shorter_table(logs: Path) -> None:
    (logs / "work" / "rejects.parquet").write_bytes(b"PAR1")


def missing_table(logs: Path) -> None:
    (logs / "work" / "exchanges" / "part-00000.parquet").unlink()


def damaged_mark(logs: Path) -> None:
    (logs / "work" / resume.MARK).write_bytes(b"")


@pytest.mark.parametrize(
    "change",
    [grow, touch, other_accounts, other_key, shorter_table, missing_table, damaged_mark],
)
def test_anything_that_changed_is_read_anew(
    logs: Path, times_read: list[None], change: Callable[[Path], None]
) -> None:
    read(logs)
    change(logs)

    again = read(logs)

    assert len(times_read) == 2
    assert again.rows_kept == (4 if change is grow else 3)
    assert (logs / "work" / "exchanges" / "part-00000.parquet").is_file()


@pytest.mark.parametrize("change", [{"fdr": 0.02}, {"seed": 1}, {"formats": "own"}])
def test_other_settings_are_read_anew(
    logs: Path, times_read: list[None], change: dict[str, Any]
) -> None:
    read(logs)
    read(logs, **change)

    assert len(times_read) == 2


def test_another_version_reads_anew(
    logs: Path, times_read: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    read(logs)
    monkeypatch.setattr(revenuer, "__version__", "next")
    read(logs)

    assert len(times_read) == 2


def test_without_the_mark_nothing_counts_as_whole(logs: Path, times_read: list[None]) -> None:
    read(logs)
    (logs / "work" / resume.MARK).rename(logs / "work" / f"{resume.MARK}.partial")
    (logs / "work" / "exchanges" / "part-00007.parquet").write_bytes(b"half")

    read(logs)

    assert len(times_read) == 2
    assert [p.name for p in (logs / "work" / "exchanges").iterdir()] == ["part-00000.parquet"]


def test_the_mark_says_nothing_of_the_key(logs: Path) -> None:
    read(logs)

    assert "0123456789abcdef" not in (logs / "work" / resume.MARK).read_text()
