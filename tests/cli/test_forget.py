"""Tests of revenuer.cli.forget."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from revenuer.cli.main import main
from revenuer.find.ingest import pseudonym
from revenuer.tables import ACCOUNTS, EXCHANGES, LINEAGES, SCHEMA_VERSION, Table

DAYS = ("2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z", "2026-03-04T10:00:00Z")


def forget(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["forget", *map(str, arguments)])


def table(folder: Path, kind: Table, rows: Sequence[dict[str, Any]]) -> None:
    (folder / "tables").mkdir(exist_ok=True)
    made = pa.Table.from_pylist(list(rows), schema=kind.schema)
    pq.write_table(made, folder / "tables" / f"{kind.name}.parquet")


@pytest.fixture
def complete(write_run: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Return the function that writes a run with tables of exchanges and accounts."""

    def write(name: str, account: str = "acct-0001") -> Path:
        folder = write_run(tmp_path / name)
        rows = [
            {"exchange_id": f"e{i}", "requested_at": pa.scalar(day).cast(pa.timestamp("us", "UTC"))}
            for i, day in enumerate(DAYS)
        ]
        named = [
            {**row, "requested_at": row["requested_at"].as_py(), "account_id": account}
            for row in rows
        ]
        table(folder, EXCHANGES, named)
        table(folder, ACCOUNTS, [{"account_id": account}])
        table(folder, LINEAGES, [{"lineage_id": "l-7f3a91"}, {"lineage_id": "l-other"}])
        content = {"schema_version": SCHEMA_VERSION, "inputs": [{"name": "a.jsonl"}]}
        (folder / "run.json").write_text(json.dumps(content))
        return folder

    return write


def test_says_what_went_from_each_run(complete: Callable[..., Path], tmp_path: Path) -> None:
    one, other = complete("b"), complete("a", "acct-none")
    (one / "tables" / "state").mkdir()
    (one / "notes.txt").write_text("mine")

    result = forget(tmp_path, "--account", "acct-0001", "--account", "unheard-of")

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"{other}: removed 1 of members, 13 of campaign_ties, 1 of lineages",
        f"{one}: removed 1 of members, 3 of exchanges, 13 of campaign_ties, 1 of lineages, "
        "1 of accounts",
    ]
    assert result.stderr.splitlines() == [
        f"{one}: --since cannot continue this run any more",
        f"{one}: left as it was: notes.txt",
    ]
    assert "acct-0001" not in (one / "report.html").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize(("date", "left"), [("2026-03-03", 2), ("2026-03-03T10:00:01Z", 1)])
def test_forgets_what_came_before_a_date(
    complete: Callable[..., Path], date: str, left: int
) -> None:
    run = complete("run")

    result = forget(run, "--before", date)

    assert result.exit_code == 0, result.output
    assert result.stdout == f"{run}: removed {3 - left} of exchanges\n"
    assert pq.read_metadata(run / "tables" / "exchanges.parquet").num_rows == left


def test_hashes_the_id_first(complete: Callable[..., Path], tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef")
    run = complete("run", pseudonym.load(key).value("account_id", "jane"))

    assert forget(run, "--account", "jane").exit_code == 1
    result = forget(run, "--account", "jane", "--pseudonym-key", key)

    assert result.stdout == f"{run}: removed 3 of exchanges, 1 of accounts\n"


def test_runs_with_another_key_or_none_lie_side_by_side(
    complete: Callable[..., Path], tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef")
    clear, other = complete("runs/clear", "jane"), complete("runs/other", "5b1f")
    account = json.loads((other / "run.json").read_text())
    (other / "run.json").write_text(
        json.dumps(account | {"settings": {"pseudonym_check": "of another key"}})
    )

    result = forget(tmp_path / "runs", "--account", "jane", "--pseudonym-key", key)

    assert result.stdout == f"{clear}: removed 3 of exchanges, 1 of accounts\n"
    assert result.stderr == f"{other}: has pseudonyms; give the --pseudonym-key of its scan\n"


@pytest.mark.parametrize("name", ["run", "_archive/run"])
def test_what_a_killed_first_scan_left_goes(
    complete: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    run = complete(name, "jane")
    left = tmp_path / "later.partial" / "_tables" / "exchanges"
    left.mkdir(parents=True)
    (left / "part-00000.parquet").write_text("every text")

    result = forget(tmp_path, "--account", "jane")

    assert result.stdout.splitlines() == [
        f"{tmp_path / 'later'}: removed an unfinished scan",
        f"{run}: removed 3 of exchanges, 1 of accounts",
    ]
    assert [path.name for path in tmp_path.iterdir()] == [name.split("/")[0]]


@pytest.mark.parametrize(
    ("asked", "said", "hint"),
    [
        (("--account", "nobody"), "no account nobody in 1 run", "of a run with pseudonyms, "),
        (("--before", "2020-01-01"), "no exchange before 2020-01-01 00:00:00 in 1 run", "give a"),
    ],
)
def test_nothing_to_forget_is_a_sentence(
    complete: Callable[..., Path], asked: tuple[str, str], said: str, hint: str
) -> None:
    result = forget(complete("run"), *asked)

    assert result.exit_code == 1
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first == f"revenuer: {said}"
    assert second.startswith(f"  try: {hint}")


def test_a_folder_without_a_run_is_a_sentence(tmp_path: Path) -> None:
    result = forget(tmp_path, "--account", "a")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"revenuer: no run at or below {tmp_path}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--account", "a"],
        ["."],
        [".", "--account", "a", "--before", "2026-01-01"],
        [".", "--account", "a", "--account", ""],
        [".", "--before", "yesterday"],
        ["nowhere", "--account", "a"],
    ],
)
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    result = forget(*arguments)

    assert result.exit_code == 2
    assert "Usage: " in result.stderr
