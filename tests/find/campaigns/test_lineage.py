"""A lineage outlives its accounts, proxies and models, and never swallows another campaign."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from revenuer.find import pipeline
from revenuer.find.campaigns import lineage
from revenuer.find.campaigns.lineage import Trace, recognise
from revenuer.lab import traffic
from revenuer.settings import Settings

#: Columns of accounts and exchanges whose values are replaced from window to window.
REPLACED = (
    "account_id", "credential_id", "end_user_id", "session_id", "ip", "ip_prefix", "user_agent",
    "ja4", "signup_ip", "signup_prefix", "payment_id", "org_id",
)  # fmt: skip


def trace(
    name: str, accounts: str = "", phrases: int = 0, first: int = 0, payers: int = 0
) -> Trace:
    return Trace(
        name,
        np.array(sorted(map(lineage.mark, accounts.split())), np.uint64),
        np.arange(first, first + phrases, dtype=np.uint64),
        np.arange(first, first + payers, dtype=np.uint64),
        0,
    )


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        (trace("x", "a b c d"), trace("y", "c d e f g"), True),
        (trace("x", "a b c d e"), trace("y", "d e f g h"), False),
        (trace("x", "a"), trace("y", "a"), False),
        (trace("x", "a b", 8), trace("y", "c d", 8), True),
        (trace("x", "a b", 7), trace("y", "c d", 7), False),
        # 15 of 25 phrases are in both, then 14 of 26.
        (trace("x", "a b", 20), trace("y", "c d", 20, 5), True),
        (trace("x", "a b", 20), trace("y", "c d", 20, 6), False),
        (trace("x", payers=10), trace("y", payers=10, first=7), True),
        (trace("x", payers=11), trace("y", payers=11, first=8), False),
        (trace("x", payers=2), trace("y", payers=2), False),
        (trace("x"), trace("y"), False),
    ],
)
def test_any_one_likeness_suffices(one: Trace, other: Trace, is_one: bool) -> None:
    assert (lineage.ACCOUNTS, lineage.LIKE, lineage.PAYERS) == (0.5, 0.6, 0.3)
    assert recognise(one, [other]) == ("y" if is_one else None)


def test_the_most_alike_is_continued() -> None:
    known = [trace("far", "a b c d e f", 20, 4), trace("near", "g h", 20, 1), trace("none", "q r")]

    assert recognise(trace("x", "s t", 20), known) == "near"


def test_what_is_not_seen_now_is_remembered(tmp_path: Path) -> None:
    old, again, new = trace("old", "a b", 9, payers=3), trace("again", "c", 8), trace("new", "d e")
    later = again._replace(seen_us=5, phrases=np.arange(50, 60, dtype=np.uint64))

    (tmp_path / "tables").mkdir()
    pq.write_table(lineage.table([later, new], [old, again]), tmp_path / "tables/lineages.parquet")

    found = {one.lineage_id: one for one in lineage.read(tmp_path)}
    assert set(found) == {"old", "again", "new"}
    assert found["old"].phrases.tolist() == old.phrases.tolist()
    assert found["old"].payers.tolist() == old.payers.tolist()
    assert found["old"].accounts.tolist() == old.accounts.tolist(), "also when it was cleared"
    assert (found["again"].phrases.tolist(), found["again"].seen_us) == (list(range(50, 60)), 5)


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return three weeks of one simulation in which nobody and nothing of the week before is left.

    Every account, card, address and client is another; in the third week every model too.
    """
    folder = tmp_path_factory.mktemp("weeks")
    kinds = ["hydra", "template_slots", "injected_prompt", "technique_search"]
    traffic.simulate(folder, seed=11, days=21, scale=0.6, campaigns=kinds)
    rows, accounts = (
        pq.read_table(folder / f"{name}.parquet") for name in ("exchanges", "accounts")
    )
    week = pc.divide(rows.column("requested_at").cast(pa.int64()), 7 * 86_400_000_000)
    found = []
    for k, number in enumerate(pc.unique(week).sort().to_pylist()[-3:]):
        (folder / str(k)).mkdir()
        own = rows.filter(pc.equal(week, number))
        pq.write_table(_replaced(own, k, k == 2), folder / str(k) / "exchanges.parquet")
        pq.write_table(_replaced(accounts, k, False), folder / str(k) / "accounts.parquet")
        found.append(folder / str(k))
    return found


def _replaced(table: pa.Table, k: int, has_new_models: bool) -> pa.Table:
    for name in (*REPLACED, *(["model"] if has_new_models else [])):
        if name in table.column_names:
            place = table.schema.get_field_index(name)
            values = pc.binary_join_element_wise(f"w{k}", table.column(name), "-")
            if name in ("ip", "signup_ip"):
                # Another address for each: the second byte turns.
                values = pc.replace_substring_regex(
                    table.column(name), r"^(\d+)\.\d+\.", rf"\1.{200 + k}."
                )
            table = table.set_column(place, name, values)
    return table


@pytest.mark.slow
def test_a_lineage_survives_when_all_accounts_are_replaced(
    windows: list[Path], tmp_path: Path
) -> None:
    owner = _owners(windows[0].parent)
    lineages: list[dict[str, set[str]]] = []
    since = None
    for k, week in enumerate(windows):
        out = tmp_path / str(k)
        pipeline.scan(
            [str(week / "exchanges.parquet")],
            out=out,
            settings=dataclasses.replace(Settings(threads=1), window_days=7.0),
            accounts=str(week / "accounts.parquet"),
            since=since,
        )
        since = out
        of: dict[str, set[str]] = {}
        for campaign, names in _found(out, owner).items():
            of.setdefault(campaign, set()).update(names)
        lineages.append(of)

    assert min(len(of) for of in lineages) >= 3, "campaigns are found in every week"
    kept = lost = 0
    for before, after in ((0, 1), (1, 2)):
        for campaign in lineages[before].keys() & lineages[after].keys():
            is_kept = bool(lineages[before][campaign] & lineages[after][campaign])
            kept, lost = kept + is_kept, lost + (not is_kept)
    assert kept >= 4
    assert lost == 0
    campaigns_of: dict[str, set[str]] = {}
    for of in lineages:
        for campaign, names in of.items():
            for name in names:
                campaigns_of.setdefault(name, set()).add(campaign)
    assert max(len(owners) for owners in campaigns_of.values()) == 1, "none swallows another"


def _owners(folder: Path) -> dict[str, str]:
    """Return the true campaign of each guilty account."""
    truth = pq.read_table(folder / "truth.parquet").to_pylist()
    return {row["account_id"]: row["campaign_id"] for row in truth if row["campaign_id"]}


def _found(run: Path, owner: dict[str, str]) -> dict[str, set[str]]:
    """Return the lineages of each true campaign that a run found."""
    members: dict[str, Counter[str]] = {}
    for row in pq.read_table(run / "members.parquet").to_pylist():
        name = owner.get(row["account_id"].split("-", 1)[1], "")
        members.setdefault(row["lineage_id"], Counter())[name] += 1
    ids = {c["lineage_id"] for c in json.loads((run / "campaigns.json").read_text())["campaigns"]}
    assert ids == members.keys()
    of: dict[str, set[str]] = {}
    for lineage_id, counts in members.items():
        of.setdefault(counts.most_common(1)[0][0], set()).add(lineage_id)
    return of
