"""Tests of revenuer.find.forget."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from revenuer import report, runs
from revenuer.errors import RunError
from revenuer.find import forget, pipeline, place
from revenuer.find.campaigns import dispositions, lineage
from revenuer.find.forget import Request
from revenuer.lab import traffic
from revenuer.settings import Settings

Change = Callable[[Any], Any]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that keeps all texts, with its report."""
    logs = tmp_path_factory.mktemp("logs")
    traffic.simulate(logs, seed=1, days=3, scale=0.05, campaigns=["hydra"])
    out = tmp_path_factory.mktemp("runs") / "run"
    pipeline.scan(
        [str(logs / "exchanges.parquet")],
        out=out,
        settings=Settings(threads=1, retain_text="all"),
        accounts=str(logs / "accounts.parquet"),
        finish=report.write,
    )
    return out


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    """Return a copy to work on."""
    return Path(shutil.copytree(original, tmp_path / "run"))


def column(path: Path, name: str) -> list[Any]:
    return pq.read_table(path).column(name).to_pylist()


def an_accused(run: Path) -> str:
    return str(column(run / "members.parquet", "account_id")[0])


def change_json(path: Path, change: Change) -> None:
    raw = json.loads(path.read_text())
    path.write_text(json.dumps(change(raw) or raw))


def holding(folder: Path, word: str) -> set[str]:
    """Return the files in which a word stands, as bytes or in a cell."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            held = word.encode() in path.read_bytes()
            if path.suffix == ".parquet":
                cells = json.dumps(pq.read_table(path).to_pylist(), default=str)
                held = held or word in cells
            if held:
                found.add(path.relative_to(folder).as_posix())
    return found


def mention(run: Path, account: str) -> None:
    """Put the account where only a text or a name can hold it."""

    def template(raw: Any) -> None:
        raw["campaigns"][0]["templates"][0]["text"] = f"I am {account}. ⟨…⟩"

    def name(raw: Any) -> None:
        raw["inputs"][0]["name"] = f"logs/{account}/a.jsonl"

    change_json(run / "campaigns.json", template)
    change_json(run / "run.json", name)
    pq.write_table(
        pa.table({"file": [f"{account}.jsonl"], "line": [7], "reason": ["no account_id"]}),
        run / "rejects.parquet",
    )
    path = run / "tables" / "exchanges.parquet"
    table = pq.read_table(path)
    others = pc.not_equal(table.column("account_id"), account)
    told = pc.if_else(others, pa.scalar(f"Ask {account}, not {account}x."), table.column("prompt"))
    place_ = table.schema.get_field_index("prompt")
    pq.write_table(table.set_column(place_, table.schema.field(place_), told), path)
    lineage = json.loads((run / "campaigns.json").read_text())["campaigns"][0]["lineage_id"]
    cleared = dispositions.Cleared(lineage, 3, (), f"{account} wrote to us")
    dispositions.write(run, {lineage: cleared})
    report.write(run)


@pytest.mark.slow
def test_no_byte_of_the_account_is_left(run: Path) -> None:
    account = an_accused(run)
    mention(run, account)
    (run / "notes.txt").write_text("mine")
    before = {path: pq.read_table(path).num_rows for path in run.rglob("*.parquet")}
    lineage = column(run / "members.parquet", "lineage_id")[0]
    assert holding(run, account) >= {
        "campaigns.json", "run.json", "dispositions.json", "report.html", "members.parquet",
        "rejects.parquet", "tables/exchanges.parquet", "tables/campaign_ties.parquet",
    }  # fmt: skip

    removed = forget.forget(run, Request(accounts=frozenset([account])), finish=report.write)

    assert holding(run, f"{account}x") == {"tables/exchanges.parquet"}, "another word stays"
    path = run / "tables" / "exchanges.parquet"
    table = pq.read_table(path)
    assert f"Ask {forget.GONE}, not {account}x." in table.column("prompt").to_pylist()
    pq.write_table(table.drop_columns(["prompt"]), path)
    assert holding(run, account) == set()
    assert removed.rows["members"] == 1
    for path, rows in before.items():
        if "state" not in path.parts:
            gone = removed.rows.get(path.stem, 0)
            assert pq.read_metadata(path).num_rows == rows - gone
    assert removed.rows["exchanges"] > 0
    assert lineage not in column(run / "tables" / "lineages.parquet", "lineage_id")
    (cleared,) = dispositions.read(run).values()
    assert cleared.note == f"{forget.GONE} wrote to us"
    assert (removed.lost_state, removed.carried) == (True, ("notes.txt",))
    assert not (run / "tables" / "state").exists()
    assert (run / "notes.txt").read_text() == "mine"
    assert [p.name for p in run.parent.iterdir()] == ["run"]


@pytest.mark.slow
def test_an_id_goes_where_only_a_note_holds_it(run: Path) -> None:
    lineage_id = column(run / "members.parquet", "lineage_id")[0]
    cleared = dispositions.Cleared(lineage_id, 3, (), "as jane told us")
    dispositions.write(run, {lineage_id: cleared})

    removed = forget.forget(run, Request(accounts=frozenset(["jane"])), finish=report.write)

    assert (removed.rows, removed.mentions, removed.lost_state) == ({}, 1, False)
    assert (run / "tables" / "state" / "texts.parquet").exists()
    assert holding(run, "jane") == set()


@pytest.mark.slow
def test_marks_of_a_lineage_that_is_seen_no_more_go_with_its_account(run: Path) -> None:
    path = run / "tables" / "lineages.parquet"
    old = lineage.Trace("L-old", marks("gone", "other"), marks("a phrase"), marks(), 0)
    pq.write_table(lineage.table([old], lineage.read(run)), path)

    removed = forget.forget(run, Request(accounts=frozenset(["gone"])), finish=report.write)

    assert removed.rows == {"lineages": 4}
    assert "L-old" not in column(path, "lineage_id")
    assert pq.read_metadata(path).num_rows > 0


def marks(*values: str) -> Any:
    return np.array(sorted(map(lineage.mark, values)), np.uint64)


@pytest.mark.slow
def test_a_link_to_a_run_leads_to_the_run(run: Path) -> None:
    account, link = an_accused(run), run.with_name("latest")
    link.symlink_to(run, target_is_directory=True)

    forget.forget(link, Request(accounts=frozenset([account])), finish=report.write)

    assert link.is_symlink()
    assert account not in column(run / "members.parquet", "account_id")


@pytest.mark.slow
def test_what_is_left_is_a_run_that_says_so(run: Path) -> None:
    account = an_accused(run)
    ids = pq.read_table(run / "tables" / "exchanges.parquet").filter(
        pc.field("account_id") == account
    )
    own = set(ids.column("exchange_id").to_pylist())
    was = report.load(run)

    forget.forget(run, Request(accounts=frozenset([account])), finish=report.write)
    forget.forget(run, Request(accounts=frozenset([an_accused(run)])), finish=report.write)

    now = report.load(run)
    shown = {e for c in now.campaigns for item in c.evidence for e in item.examples}
    assert own & {e for c in was.campaigns for item in c.evidence for e in item.examples}
    assert not own & shown
    assert now.unavailable == (*was.unavailable, forget.REMARK)
    assert [c.campaign_id for c in now.campaigns] == [c.campaign_id for c in was.campaigns]
    assert now.campaigns[0].accounts == was.campaigns[0].accounts
    assert forget.REMARK in (run / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_campaign_without_accounts_goes_whole(run: Path) -> None:
    members = pq.read_table(run / "members.parquet").to_pylist()
    campaign = members[0]["campaign_id"]
    accounts = frozenset(m["account_id"] for m in members if m["campaign_id"] == campaign)

    removed = forget.forget(run, Request(accounts=accounts), finish=report.write)

    assert removed.campaigns == (campaign,)
    assert holding(run, campaign) == set()


@pytest.mark.slow
def test_exchanges_before_a_date_go(run: Path) -> None:
    path = run / "tables" / "exchanges.parquet"
    middle = sorted(column(path, "requested_at"))[1000]
    accused = column(run / "members.parquet", "account_id")

    removed = forget.forget(run, Request(before=middle), finish=report.write)

    assert min(column(path, "requested_at")) == middle
    assert set(removed.rows) == {"exchanges"}
    assert column(run / "members.parquet", "account_id") == accused
    raw = json.loads((run / "campaigns.json").read_text())
    examples = {e for c in raw["campaigns"] for item in c["evidence"] for e in item["examples"]}
    assert examples
    assert examples <= set(column(path, "exchange_id"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "request_",
    [Request(accounts=frozenset(["acct-none"])), Request(before=datetime(1999, 1, 1, tzinfo=UTC))],
)
def test_without_anything_to_forget_the_run_is_untouched(run: Path, request_: Request) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*.*")}

    assert forget.forget(run, request_, finish=report.write).rows == {}

    assert {path: path.read_bytes() for path in run.rglob("*.*")} == before


@pytest.mark.slow
def test_what_a_killed_scan_left_goes_too(run: Path) -> None:
    left = run.with_name("run.partial") / place.TABLES / "exchanges"
    left.mkdir(parents=True)
    (left / "part-00000.parquet").write_text("every text")

    forget.forget(run, Request(accounts=frozenset([an_accused(run)])), finish=report.write)

    assert [p.name for p in run.parent.iterdir()] == ["run"]


def newer(run: Path) -> None:
    change_json(run / "run.json", lambda raw: raw | {"schema_version": 99})


def damaged(run: Path) -> None:
    (run / "members.parquet").write_bytes(b"PAR1")


def without_campaigns(run: Path) -> None:
    (run / "campaigns.json").write_text('{"schema_version": 1}')


def without_lineages(run: Path) -> None:
    (run / "tables" / "lineages.parquet").unlink()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (newer, r"run\.json has schema version 99"),
        (damaged, r"members\.parquet cannot be read"),
        (without_campaigns, r"campaigns\.json cannot be read"),
        (without_lineages, r"lineages\.parquet cannot be read"),
    ],
)
def test_a_run_that_cannot_be_read_is_refused_and_stays(
    run: Path, spoil: Callable[[Path], None], said: str
) -> None:
    account = an_accused(run)
    spoil(run)
    before = {path: path.read_bytes() for path in run.rglob("*.*")}

    with pytest.raises(RunError, match=said):
        forget.forget(run, Request(accounts=frozenset([account])), finish=report.write)

    assert {path: path.read_bytes() for path in run.rglob("*.*")} == before
    assert [p.name for p in run.parent.iterdir()] == ["run"]


def test_ids_go_as_whole_words_and_in_any_spelling() -> None:
    request = Request(accounts=frozenset(["a-1", "a-1.b", "jane+x"]))

    assert request.cleaned("a-1 a-1.b a-12 ba-1 (a-1) jane+x.") == (
        f"{forget.GONE} {forget.GONE} a-12 ba-1 ({forget.GONE}) {forget.GONE}."
    )
    assert Request().cleaned("a-1") == "a-1"


@pytest.mark.slow
def test_every_file_of_a_run_is_known(original: Path) -> None:
    names = {path.relative_to(original).as_posix() for path in original.rglob("*.*")}
    known = {runs.FINDINGS, runs.ACCOUNT, forget.PAGE, *map(forget._path, forget._ALL)}

    assert {name for name in names if not name.startswith(forget.STATE)} == known
