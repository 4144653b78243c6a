"""Tests of revenuer.find.pipeline."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from revenuer import runs
from revenuer.errors import InputError, RunError
from revenuer.find import campaigns, features, pipeline
from revenuer.find.ingest import files, pseudonym
from revenuer.lab import traffic
from revenuer.records import Campaign
from revenuer.settings import Settings
from revenuer.tables import COORDINATED, EXCHANGES, MEMBERS, REJECTS

SAME = ("members.parquet", "campaigns.json", "coordinated.parquet", "rejects.parquet")
TEXTS = ("system_prompt", "prompt", "history", "completion", "reasoning")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return three simulated days with campaigns of one kind among honest accounts."""
    folder = tmp_path_factory.mktemp("logs")
    traffic.simulate(folder, seed=1, days=3, scale=0.05, campaigns=["hydra"])
    with (folder / "exchanges.jsonl").open("w") as broken:
        broken.write('{"account_id": "a-1", "requested_at": "yesterday"}\n{broken\n')
    return folder


def scanned(logs: Path, out: Path, *, known: Path | None = None, **changes: Any) -> Any:
    return pipeline.scan(
        [str(logs / "exchanges.parquet"), str(logs / "exchanges.jsonl")],
        out=out,
        settings=dataclasses.replace(Settings(threads=1), **changes),
        accounts=str(logs / "accounts.parquet"),
        known=known,
    )


@pytest.fixture(scope="module")
def run(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run folder of a scan with one thread."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    scanned(logs, folder)
    return folder


def old_run(folder: Path) -> dict[str, bytes]:
    """Write what counts as a run, and return its files."""
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    (folder / "campaigns.json").write_text("{}")
    (folder / "members.parquet").write_bytes(b"old")
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_writes_the_files_promised(logs: Path, run: Path) -> None:
    raw = json.loads((run / "campaigns.json").read_text())
    account = json.loads((run / "run.json").read_text())

    found = [Campaign.from_json(one) for one in raw["campaigns"]]
    members = pq.read_table(run / "members.parquet")
    assert found
    assert members.schema.equals(MEMBERS.schema)
    assert members.num_rows == sum(campaign.accounts for campaign in found)
    assert pq.read_schema(run / "coordinated.parquet").equals(COORDINATED.schema)
    rejects = pq.read_table(run / "rejects.parquet")
    assert rejects.schema.equals(REJECTS.schema)
    assert rejects.num_rows == raw["rejects"] == account["rows"]["rejects"] == 2
    kept = pq.read_table(run / "tables" / "exchanges.parquet")
    assert kept.num_rows == raw["exchanges"] == account["rows"]["kept"]
    assert list(account["measured"]["stages"]) == [*pipeline.STAGES, "writing"]
    digest = hashlib.sha256((logs / "exchanges.parquet").read_bytes()).hexdigest()
    assert digest in {file["digest"] for file in account["inputs"]}


@pytest.mark.slow
def test_leaves_nothing_half_written(run: Path) -> None:
    assert [path.name for path in run.parent.iterdir()] == ["run"]
    assert {path.name for path in run.iterdir()} == {*SAME, "run.json", "tables"}


@pytest.mark.slow
def test_accuses_the_guilty(logs: Path, run: Path) -> None:
    truth = pq.read_table(logs / "truth.parquet").to_pylist()
    guilty = {row["account_id"] for row in truth if row["is_guilty"]}

    accused = set(pq.read_table(run / "members.parquet").column("account_id").to_pylist())

    assert len(accused & guilty) >= 0.8 * len(guilty)
    assert len(accused & guilty) >= 0.8 * len(accused)


@pytest.mark.slow
@pytest.mark.parametrize(("threads", "retain_text"), [(1, "none"), (2, "all")])
def test_a_rerun_gives_the_same_bytes_at_any_number_of_threads(
    logs: Path, run: Path, tmp_path: Path, threads: int, retain_text: str
) -> None:
    scanned(logs, tmp_path / "run", threads=threads, retain_text=retain_text)

    for name in SAME:
        assert (tmp_path / "run" / name).read_bytes() == (run / name).read_bytes(), name
    kept = pq.read_table(tmp_path / "run" / "tables" / "exchanges.parquet")
    assert kept.schema.equals(EXCHANGES.schema)
    assert any(kept.column(name).null_count < kept.num_rows for name in TEXTS) is (
        retain_text == "all"
    )


@pytest.mark.slow
def test_only_the_exchanges_of_evidence_keep_their_text(run: Path) -> None:
    raw = json.loads((run / "campaigns.json").read_text())
    examples = {
        example
        for campaign in raw["campaigns"]
        for item in campaign["evidence"]
        for example in item["examples"]
    }

    kept = pq.read_table(run / "tables" / "exchanges.parquet").to_pylist()

    with_text = {row["exchange_id"] for row in kept if any(row[name] for name in TEXTS)}
    assert with_text == examples


@pytest.mark.slow
@pytest.mark.parametrize("has_pseudonyms", [False, True])
def test_known_accounts_are_never_accused(
    logs: Path, run: Path, tmp_path: Path, has_pseudonyms: bool
) -> None:
    accused = set(pq.read_table(run / "members.parquet").column("account_id").to_pylist())
    (tmp_path / "known").write_text("\n".join(sorted(accused)))
    key = None
    if has_pseudonyms:
        key = tmp_path / "key"
        key.write_text("0123456789abcdef")
        accused = {pseudonym.load(key).value("account_id", account) for account in accused}

    scanned(logs, tmp_path / "run", known=tmp_path / "known", pseudonym_key=key)

    members = pq.read_table(tmp_path / "run" / "members.parquet")
    listed = pq.read_table(tmp_path / "run" / "coordinated.parquet").to_pylist()
    assert accused
    assert not accused & set(members.column("account_id").to_pylist())
    reasons = {row["reason"] for row in listed if row["account_id"] in accused}
    assert "known" in reasons


@pytest.mark.slow
def test_a_known_account_among_others_is_spared_alone(
    logs: Path, run: Path, tmp_path: Path
) -> None:
    accused = pq.read_table(run / "members.parquet").column("account_id").to_pylist()
    (tmp_path / "known").write_text(f"{accused[0]}\n")

    scanned(logs, tmp_path / "run", known=tmp_path / "known")

    members = pq.read_table(tmp_path / "run" / "members.parquet")
    assert sorted(members.column("account_id").to_pylist()) == sorted(accused[1:])


@pytest.mark.slow
def test_with_every_tie_broken_there_is_no_campaign(logs: Path, tmp_path: Path) -> None:
    outcome = scanned(logs, tmp_path / "run", is_null=True)

    assert outcome.campaigns == ()
    assert pq.read_table(tmp_path / "run" / "members.parquet").num_rows == 0
    assert json.loads((tmp_path / "run" / "run.json").read_text())["settings"]["is_null"] is True


@pytest.mark.slow
def test_a_new_run_replaces_the_old_one_whole(logs: Path, tmp_path: Path) -> None:
    old_run(tmp_path / "run")
    (tmp_path / "run" / "leftover").write_text("of the old run")

    scanned(logs, tmp_path / "run")

    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert {path.name for path in (tmp_path / "run").iterdir()} == {*SAME, "run.json", "tables"}


def test_a_folder_with_other_files_is_refused(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")

    with pytest.raises(RunError) as caught:
        scanned(logs, tmp_path)

    assert caught.value.message == f"{tmp_path} holds files that are no run of revenuer"
    assert caught.value.hint == "choose an empty folder for --out"
    assert contents(tmp_path) == {"thesis.tex": b"years of work"}


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_a_folder_that_cannot_be_renamed_is_refused(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")

    with pytest.raises(RunError, match="cannot be replaced by a run") as caught:
        scanned(logs, Path(name))

    assert caught.value.hint == "call it by its name from the folder above, such as run"
    assert [path.name for path in tmp_path.rglob("*")] == ["inside"]


def test_a_log_that_cannot_be_opened_stops_the_scan_before_anything_is_read(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = files.LogFile.open

    def forbidden(file: files.LogFile) -> Any:
        if file.name.endswith(".jsonl"):
            raise PermissionError(errno.EACCES, "Permission denied", file.name)
        return real(file)

    before = old_run(tmp_path / "run")
    monkeypatch.setattr(files.LogFile, "open", forbidden)

    with pytest.raises(InputError) as caught:
        scanned(logs, tmp_path / "run")

    broken = logs / "exchanges.jsonl"
    assert caught.value.message == f"{broken} cannot be read: Permission denied"
    assert caught.value.hint == "mend its permissions, or leave it out"
    assert contents(tmp_path / "run") == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("change", ["appended", "replaced", "removed"])
def test_a_log_that_changes_while_it_is_read_stops_the_scan(tmp_path: Path, change: str) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"account_id": "a-1", "requested_at": "2026-03-02T00:00:00Z"}\n')
    before = old_run(tmp_path / "run")

    def progress(stage: str, done: int, total: int | None) -> None:
        if change == "removed":
            log.unlink(missing_ok=True)
        elif change == "replaced":
            os.utime(log, ns=(1, 1))
        else:
            with log.open("a") as open_:
                open_.write("{}\n")

    with pytest.raises(InputError) as caught:
        pipeline.scan(
            [str(log)], out=tmp_path / "run", settings=Settings(threads=1), progress=progress
        )

    assert caught.value.message == f"{log} changed while it was read"
    assert caught.value.hint == "scan files that are written no more, or a copy"
    assert contents(tmp_path / "run") == before
    assert {path.name for path in tmp_path.iterdir()} <= {"run", "log.jsonl"}


def test_a_log_without_exchanges_leaves_the_old_run_untouched(tmp_path: Path) -> None:
    before = old_run(tmp_path / "run")
    (tmp_path / "log.jsonl").write_text("{broken\n")

    with pytest.raises(InputError, match="no exchange could be read"):
        pipeline.scan(
            [str(tmp_path / "log.jsonl")], out=tmp_path / "run", settings=Settings(threads=1)
        )

    assert contents(tmp_path / "run") == before
    assert {path.name for path in tmp_path.iterdir()} == {"run", "log.jsonl"}


@pytest.mark.parametrize(
    ("stage", "verb"), [(features, "measure"), (campaigns, "find"), (runs, "save")]
)
def test_a_scan_that_breaks_at_any_stage_leaves_the_old_run_untouched(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Any, verb: str
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise MemoryError

    before = old_run(tmp_path / "run")
    monkeypatch.setattr(stage, verb, breaks)

    with pytest.raises(MemoryError):
        scanned(logs, tmp_path / "run")

    assert contents(tmp_path / "run") == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_the_caller_adds_comes_with_the_run_or_not_at_all(logs: Path, tmp_path: Path) -> None:
    def finish(made: Path) -> None:
        assert (made / "campaigns.json").is_file()
        assert not (tmp_path / "run").exists()
        (made / "page").write_text("all of it")

    pipeline.scan(
        [str(logs / "exchanges.parquet")],
        out=tmp_path / "run",
        settings=Settings(threads=1),
        finish=finish,
    )

    assert (tmp_path / "run" / "page").read_text() == "all of it"


def test_progress_is_told_stage_by_stage(logs: Path, tmp_path: Path) -> None:
    told: list[str] = []

    pipeline.scan(
        [str(logs / "exchanges.parquet")],
        out=tmp_path / "run",
        settings=Settings(threads=1),
        progress=lambda stage, done, total: told.append(stage),
    )

    assert list(dict.fromkeys(told)) == [
        "ingest", "reading text", "tying accounts", "weighing ties", "finding campaigns",
        "writing the report",
    ]  # fmt: skip
