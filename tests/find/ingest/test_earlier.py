"""A scan that continues an earlier run finds what a scan of all logs finds."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from revenuer.cli.main import main
from revenuer.errors import RunError
from revenuer.find import pipeline, place
from revenuer.lab import traffic
from revenuer.settings import Settings

SAME = ("members.parquet", "coordinated.parquet", "campaigns.json", "rejects.parquet")
Scan = Callable[..., Path]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated week with campaigns, in three files in order of time, one line bad each.

    Some accounts are in the second list of accounts only; a few exchanges are in two files.
    """
    folder = tmp_path_factory.mktemp("logs")
    traffic.simulate(folder, seed=5, scale=0.08, campaigns=["hydra", "template_slots"])
    rows = pq.read_table(folder / "exchanges.parquet").sort_by("requested_at")
    at = rows.column("requested_at").cast(pa.int64()).to_numpy()
    cuts = [0, *np.quantile(np.arange(len(at)), [0.5, 0.8]).astype(int), len(at)]
    for i in range(3):
        again = 20 if i else 0
        part = rows.slice(cuts[i] - again, cuts[i + 1] - cuts[i] + again)
        pq.write_table(part, folder / f"{i}.parquet")
        (folder / f"{i}.jsonl").write_text('{"account_id": "a-1", "requested_at": "never"}\n')
    accounts = pq.read_table(folder / "accounts.parquet")
    pq.write_table(accounts.slice(0, accounts.num_rows // 2), folder / "few.parquet")
    return folder


@pytest.fixture(scope="module")
def scan(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    def run(  # type: ignore[no-untyped-def]
        *files: int,
        accounts: str = "accounts",
        kind_of_list: str = "parquet",
        since: Path | None = None,
        **changes: Any,
    ):
        out = tmp_path_factory.mktemp("runs") / "run"
        pipeline.scan(
            [str(logs / f"{i}.{kind}") for i in files for kind in ("parquet", "jsonl")],
            out=out,
            settings=dataclasses.replace(Settings(threads=1, retain_text="all"), **changes),
            accounts=str(logs / f"{accounts}.{kind_of_list}"),
            since=since,
        )
        return out

    return run


@pytest.fixture(scope="module")
def whole(scan: Scan) -> Path:
    return scan(0, 1, 2)


def differing(one: Path, other: Path) -> list[str]:
    """Return the files in which two runs differ, lineages left out: one of them continues some."""
    return [name for name in SAME if contents(one / name) != contents(other / name)]


def contents(path: Path) -> Any:
    if path.name == "members.parquet":
        return pq.read_table(path).drop(["lineage_id"]).to_pylist()
    if path.name == "campaigns.json":
        raw = json.loads(path.read_text())
        return raw | {"campaigns": [c | {"lineage_id": ""} for c in raw["campaigns"]]}
    return path.read_bytes()


@pytest.mark.slow
def test_a_chain_of_runs_equals_a_scan_of_all_logs(scan: Scan, whole: Path) -> None:
    first = scan(0, accounts="few")
    # A folder of logs grows: what was read before is given again.
    second = scan(0, 1, since=first)
    third = scan(2, since=second)

    assert json.loads((whole / "campaigns.json").read_text())["campaigns"]
    assert differing(third, whole) == []
    rows = [json.loads((run / "run.json").read_text())["rows"] for run in (third, whole)]
    assert rows[0] == rows[1]
    assert rows[0]["duplicates"] == 40


@pytest.mark.slow
def test_a_window_moves_on(scan: Scan) -> None:
    days = 2.5
    chained = scan(2, since=scan(1, since=scan(0, window_days=days)))

    assert differing(chained, scan(0, 1, 2, window_days=days)) == []
    kept = pq.read_table(chained / "tables" / "exchanges.parquet", columns=["requested_at"])
    at = kept.column(0).cast(pa.int64()).to_numpy()
    assert 2e5 < (at.max() - at.min()) / 1e6 <= days * 86_400
    texts = pq.read_table(chained / "tables" / "state" / "texts.parquet").num_rows
    rows = pq.read_table(chained / "tables" / "state" / "rows.parquet")
    used = np.unique(np.concatenate([column.to_numpy() for column in rows.columns]))
    assert texts == len(used[used >= 0]), "texts of exchanges outside the window are forgotten"


@pytest.mark.slow
def test_without_the_old_texts_the_same_accounts_are_found(scan: Scan, whole: Path) -> None:
    first = scan(0, 1, retain_text="evidence")

    assert set(differing(scan(2, since=first), whole)) <= {"campaigns.json"}


@pytest.mark.slow
def test_a_run_that_replaces_itself_goes_on_after_a_kill_between_both_steps(
    scan: Scan, whole: Path, logs: Path, tmp_path: Path
) -> None:
    run, left = tmp_path / "run", tmp_path / "run.partial" / place.OLD
    left.parent.mkdir()
    shutil.copytree(scan(0, 1), left)
    files = [str(logs / f"2.{kind}") for kind in ("parquet", "jsonl")]
    accounts = str(logs / "accounts.parquet")
    given = ("--accounts", accounts, "--since", run, "--out", run, "--retain-text", "all")

    said = CliRunner().invoke(main, ["scan", *files, *map(str, given)])

    assert said.exit_code == 0, said.output
    assert differing(run, whole) == []


@pytest.mark.slow
def test_nothing_new_changes_nothing(scan: Scan, whole: Path) -> None:
    assert differing(scan(0, since=whole), whole) == []


@pytest.mark.slow
def test_what_is_read_each_time_is_rejected_once(scan: Scan, logs: Path) -> None:
    list_, grown = logs / "list.csv", logs / "3.jsonl"
    bad = '{"account_id": "a-9", "requested_at": "never"}\n'
    list_.write_text("account_id,created_at\na-1,soon\na-2,never\na-3,2026-01-01T00:00:00Z\n")
    grown.write_text(bad)
    pq.write_table(pq.read_table(logs / "2.parquet"), logs / "3.parquet", compression="gzip")
    first = scan(0, 3, accounts="list", kind_of_list="csv")
    list_.write_text(list_.read_text().replace("soon", "2026-01-01T00:00:00Z"))
    grown.write_text(bad * 2)

    second = scan(1, 3, accounts="list", kind_of_list="csv", since=first)

    whole = scan(0, 1, 3, accounts="list", kind_of_list="csv")
    assert contents(second / "rejects.parquet") == contents(whole / "rejects.parquet")
    assert len(pq.read_table(whole / "rejects.parquet")) == 4


@pytest.mark.slow
def test_a_window_that_reaches_behind_that_of_the_run_is_refused(scan: Scan) -> None:
    first = scan(0, 1, window_days=2.0)

    with pytest.raises(RunError, match="looked at 2 days and dropped") as refused:
        scan(2, since=first, window_days=2.5)

    assert refused.value.hint == "scan all logs again, without --since"
    scan(2, since=first, window_days=1.0)


@pytest.mark.slow
def test_pseudonyms_stay_the_same(scan: Scan, tmp_path: Path) -> None:
    key, other = tmp_path / "key", tmp_path / "other"
    key.write_bytes(b"k" * 32)
    other.write_bytes(b"o" * 32)
    first = scan(0, 1, pseudonym_key=key)

    assert (
        differing(scan(2, since=first, pseudonym_key=key), scan(0, 1, 2, pseudonym_key=key)) == []
    )
    for wrong in (other, None):
        with pytest.raises(RunError, match="hashed with another key"):
            scan(2, since=first, pseudonym_key=wrong)


def _no_state(run: Path) -> None:
    shutil.rmtree(run / "tables" / "state")


def _other_rules(run: Path) -> None:
    path = run / "tables" / "state" / "rows.parquet"
    pq.write_table(pq.read_table(path).replace_schema_metadata({"made_with": "0.0 x"}), path)


def _change(run: Path, **changes: object) -> None:
    account = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(account | changes))


def _older(run: Path) -> None:
    _change(run, schema_version=0)


def _newer(run: Path) -> None:
    _change(run, schema_version=99)


def _no_settings(run: Path) -> None:
    _change(run, settings=None)


def _no_inputs(run: Path) -> None:
    _change(run, inputs=[{}])


def _no_run(run: Path) -> None:
    (run / "run.json").unlink()


def _other_state(run: Path) -> None:
    path = run / "tables" / "state" / "rows.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)


def _damage(name: str) -> Callable[[Path], None]:
    return lambda run: (run / name).write_bytes(b"PAR1")


def _lose(name: str) -> Callable[[Path], None]:
    return lambda run: (run / name).unlink()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "said", "hint"),
    [
        (_no_state, "is missing or damaged", "scan all logs again"),
        (_other_rules, "made by another version", "scan all logs again"),
        (_older, "has schema version 0", "scan the logs again"),
        (_newer, "has schema version 99", "update revenuer"),
        (_no_settings, "holds no run that", "scan all logs again"),
        (_no_inputs, "holds no run that", "scan all logs again"),
        (_no_run, "no run at", "make one"),
        (_other_state, "the run has", "scan all logs again"),
        *(
            (spoil(name), f"{name} cannot be read", "scan the logs again")
            for spoil in (_damage, _lose)
            for name in (
                "rejects.parquet",
                "tables/exchanges.parquet",
                "tables/accounts.parquet",
                "tables/lineages.parquet",
            )
        ),
    ],
)
def test_what_cannot_be_continued_is_refused(
    scan: Scan, whole: Path, tmp_path: Path, spoil: Callable[[Path], None], said: str, hint: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    spoil(run)

    with pytest.raises(RunError, match=said) as refused:
        scan(2, since=run)

    assert hint in str(refused.value.hint)


@pytest.mark.slow
def test_a_run_that_keeps_no_text_leaves_no_state(scan: Scan) -> None:
    assert not (scan(2, retain_text="none") / "tables" / "state").exists()
    assert not (scan(2, is_null=True) / "tables" / "state").exists()
