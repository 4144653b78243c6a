"""Tests of revenuer.cli.scan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from revenuer.cli.main import main
from revenuer.lab import traffic


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one simulated day without a campaign."""
    folder = tmp_path_factory.mktemp("logs")
    traffic.simulate(folder, seed=2, days=1, scale=0.05, campaigns=["none"])
    return folder


def scan(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["scan", *map(str, arguments)])


def test_says_what_was_found_and_where_it_lies(logs: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"

    result = scan(logs / "exchanges.parquet", "--accounts", logs / "accounts.parquet", "--out", out)

    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first.startswith("0 campaigns with 0 accounts; ")
    assert first.endswith("coordinated groups are listed without an accusation.")
    assert second == f"Read {out / 'report.html'}, or run `revenuer campaigns {out}`."
    assert result.stderr == "", "no bars when nobody looks at a terminal"
    assert (out / "report.html").is_file()


def test_says_what_the_null_should_find(logs: Path, tmp_path: Path) -> None:
    arguments = ("--null", "--fdr", "0.05", "--seed", "3", "--threads", "1")

    result = scan(logs / "exchanges.parquet", "--out", tmp_path / "run", *arguments)

    account = json.loads((tmp_path / "run" / "run.json").read_text())
    assert result.exit_code == 0
    assert result.stdout.startswith("With every tie broken: 0 campaigns and ")
    assert result.stdout.endswith("Both should be 0 or nearly so.\n")
    assert account["settings"]["fdr"] == 0.05
    assert account["settings"]["seed"] == 3


def test_reads_columns_of_other_names(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(
        "".join(
            json.dumps({"customer": f"c{i % 3}", "when": f"2026-03-02T00:00:{i:02}Z"}) + "\n"
            for i in range(9)
        )
    )
    maps = ("--map", "account_id=customer", "--map", "requested_at=when")

    result = scan(log, "--out", tmp_path / "run", "--retain-text", "none", *maps)

    account = json.loads((tmp_path / "run" / "run.json").read_text())
    assert result.exit_code == 0
    assert account["rows"]["kept"] == 9
    assert account["rows"]["accounts"] == 3
    assert account["settings"]["column_map"] == {"account_id": "customer", "requested_at": "when"}


@pytest.mark.parametrize("pair", ["account_id", "=customer", "account_id=", "="])
def test_a_bad_map_is_a_sentence(tmp_path: Path, pair: str) -> None:
    result = scan("log", "--out", tmp_path / "run", "--map", "model=m", "--map", pair)

    assert result.exit_code == 1
    assert result.stderr == (
        f"revenuer: --map {pair} is not OUR=THEIRS\n  try: write --map account_id=customer\n"
    )
    assert result.stdout == ""
    assert not (tmp_path / "run").exists()


def test_a_log_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    result = scan(tmp_path / "nix.jsonl", "--out", tmp_path / "run")

    assert result.exit_code == 1
    assert result.stderr.startswith("revenuer: ")
    assert str(tmp_path / "nix.jsonl") in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_a_sentence(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")

    result = scan(logs / "exchanges.parquet", "--out", tmp_path)

    assert result.exit_code == 1
    assert result.stderr == (
        f"revenuer: {tmp_path} holds files that are no run of revenuer\n"
        "  try: choose an empty folder for --out\n"
    )


@pytest.mark.parametrize("limit", ["much", "", "-1GB", "50%"])
def test_a_memory_limit_that_is_no_size_is_told_before_anything_is_read(
    tmp_path: Path, limit: str
) -> None:
    result = scan("nowhere", "--out", tmp_path / "run", "--memory-limit", limit)

    assert result.exit_code == 1
    assert result.stderr == f"revenuer: {limit!r} is no size of memory\n  try: write it as 2GB\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["log"],
        ["--out", "run"],
        ["log", "--out", "run", "--fdr", "0"],
        ["log", "--out", "run", "--fdr", "1"],
        ["log", "--out", "run", "--fdr", "nan"],
        ["log", "--out", "run", "--window", "nan"],
        ["log", "--out", "run", "--window", "inf"],
        ["log", "--out", "run", "--retain-text", "some"],
        ["log", "--out", "run", "--known", "nowhere"],
        ["log", "--out", "run", "--seed", "-1"],
    ],
)
def test_wrong_usage_exits_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    result = scan(*arguments)

    assert result.exit_code == 2
    assert "Usage: " in result.stderr
    assert list(tmp_path.iterdir()) == []
