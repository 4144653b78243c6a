"""What would other choices in the features stage find? The figures behind two decisions.

Five simulated weeks are scanned three times: as the program is; with end users as a footprint
(decision 0008); and with texts that only stand in histories counted and signed. Then one week of a
million exchanges is scanned with end users, to see what names that customers choose tie at scale.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import measure
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import weeks
from bench_quality import TWO
from measure import Figures

from revenuer.find import evidence, features
from revenuer.find.evidence import Finding
from revenuer.find.features import frames, sets
from revenuer.lab import traffic

SEEDS, QUICK_SEEDS = range(9_100, 9_105), range(9_100, 9_101)
SCALE, LARGE_SCALE, QUICK_LARGE_SCALE, LARGE_SEED = 1.0, 10.0, 1.0, 4_242
END_USERS = """
    union all
    select account_id, 'end_user', end_user_id from exchanges where end_user_id is not null
"""
#: The line of footprint.sql that ends what is seen in exchanges.
BEFORE = "from exchanges where session_id is not null\n"


def main() -> None:
    parser = measure.arguments(__doc__ or "")
    chosen = parser.parse_args()
    seeds = QUICK_SEEDS if chosen.quick else SEEDS
    large = QUICK_LARGE_SCALE if chosen.quick else LARGE_SCALE
    measure.heading("Choices in the features stage", weeks=f"{len(seeds)} of scale {SCALE:g}")
    with tempfile.TemporaryDirectory() as scratch:
        figures = compare(Path(scratch), seeds) | at_scale(Path(scratch), large)
    measure.finish(figures, chosen.json)


def compare(scratch: Path, seeds: range) -> Figures:
    """Scan the same weeks under each choice."""
    for seed in seeds:
        traffic.simulate(scratch / f"week-{seed}", seed=seed, scale=SCALE)
    rows: list[tuple[object, ...]] = []
    figures: Figures = {}
    choices = {"as_it_is": _nothing, "end_users_tie": end_users, "histories_count": histories}
    for name, choice in choices.items():
        judged: list[weeks.Judged] = []
        with choice(scratch):
            for seed in seeds:
                week, run = scratch / f"week-{seed}", scratch / "run"
                weeks.scan(week, run)
                judged += weeks.judge(week, run, seed=seed)
        findable = [one for one in judged if len(one.families) >= TWO]
        recall = weeks.ratio(
            findable, lambda one: one.harvest * one.is_accused, lambda one: one.harvest
        )
        precision = weeks.precision(judged)
        wronged = sum(one.is_accused and not one.is_guilty for one in judged)
        listed = sum(one.is_listed for one in judged)
        rows.append((name.replace("_", " "), precision, recall, wronged, listed))
        figures |= {
            f"precision_{name}": precision.share, f"harvest_recall_{name}": recall.share,
            f"innocent_accused_{name}": wronged, f"listed_{name}": listed,
        }  # fmt: skip
    header = ("choice", "precision", "harvest found", "innocent accused", "listed")
    measure.table("The same weeks", header, rows)
    return figures


def at_scale(scratch: Path, scale: float) -> Figures:
    """Count what end users tie in one large week."""
    week = scratch / "large"
    made = traffic.simulate(week, seed=LARGE_SEED, scale=scale)
    held = pq.read_table(week / "exchanges.parquet", columns=["end_user_id", "account_id"])
    named = held.filter(pc.is_valid(held["end_user_id"]))
    pairs = named.group_by(["end_user_id", "account_id"]).aggregate([])
    accounts = pairs.group_by("end_user_id").aggregate([("account_id", "count")])
    shared = accounts["account_id_count"].to_numpy()
    found: list[Finding] = []
    weigh = evidence.weigh

    def weighed(*given: Any, **named: Any) -> list[Finding]:
        found.extend(weigh(*given, **named))
        return list(found)

    with end_users(scratch), mock.patch.object(evidence, "weigh", weighed):
        weeks.scan(week, scratch / "run")
    own = [one for one in found if "end user" in one.subject]
    squares, own_squares = (sum(len(f.members) ** 2 for f in some) for some in (found, own))
    figures = {
        "exchanges_large": float(made.exchanges),
        "names_of_two_accounts_or_more": float((shared > 1).sum()),
        "names_of_more_than_a_hub": float((shared > sets.HUB).sum()),
        "accounts_of_the_commonest_name": float(shared.max()),
        "findings": float(len(found)),
        "findings_by_end_user": float(len(own)),
        "largest_finding_by_end_user": float(max((len(f.members) for f in own), default=0)),
        "share_of_products_by_end_user": own_squares / max(squares, 1),
    }
    measure.table("End users at scale", ("what", "number"), list(figures.items()))
    return figures


@contextmanager
def _nothing(_: Path) -> Iterator[None]:
    yield


@contextmanager
def end_users(scratch: Path) -> Iterator[None]:
    """Let the features stage read SQL in which end users are a footprint."""
    folder = scratch / "sql"
    shutil.copytree(features.HERE, folder, dirs_exist_ok=True)
    sql = (folder / "footprint.sql").read_text(encoding="utf-8")
    if BEFORE not in sql:
        raise SystemExit("footprint.sql has changed: say anew where end users would stand")
    changed = sql.replace(BEFORE, BEFORE.rstrip("\n") + END_USERS, 1)
    (folder / "footprint.sql").write_text(changed, encoding="utf-8")
    with mock.patch.object(features, "HERE", folder):
        yield


@contextmanager
def histories(_: Path) -> Iterator[None]:
    """Count a text that no exchange carries, but histories hold, as carried once."""
    find = frames.find
    with mock.patch.object(
        frames, "find", lambda store, carried: find(store, np.maximum(carried, 1))
    ):
        yield


if __name__ == "__main__":
    main()
