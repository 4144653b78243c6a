"""Tests of revenuer.lab.traffic.week."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from revenuer import tables
from revenuer.errors import InputError
from revenuer.lab import traffic
from revenuer.lab.traffic.campaigns import KINDS
from revenuer.lab.traffic.lookalikes import LOOKALIKES

FILES = ("exchanges", "accounts", "truth", "truth_exchanges")


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        traffic.simulate(tmp_path / name, seed=seed, days=2, scale=0.1)

    for file in FILES:
        first, again, other = (
            (tmp_path / name / f"{file}.parquet").read_bytes() for name in ("a", "b", "c")
        )
        assert first == again
        assert first != other


def test_files_have_the_schemas_and_order_promised(tmp_path: Path) -> None:
    made = traffic.simulate(tmp_path, seed=1, days=2, scale=0.2)

    exchanges = pq.read_table(tmp_path / "exchanges.parquet")
    accounts = pq.read_table(tmp_path / "accounts.parquet")
    assert exchanges.schema.equals(tables.EXCHANGES.schema)
    assert accounts.schema.equals(tables.ACCOUNTS.schema)
    assert exchanges.num_rows == made.exchanges
    assert accounts.num_rows == made.accounts
    at = exchanges["requested_at"].to_pylist()
    assert at == sorted(at)
    assert pc.count_distinct(exchanges["exchange_id"]).as_py() == made.exchanges
    assert pc.all(pc.is_in(exchanges["account_id"], accounts["account_id"])).as_py()


def test_truth_agrees_with_the_exchanges(tmp_path: Path) -> None:
    traffic.simulate(tmp_path, seed=2, days=3, scale=0.3)

    exchanges = pq.read_table(tmp_path / "exchanges.parquet", columns=["exchange_id", "account_id"])
    taken = pq.read_table(tmp_path / "truth_exchanges.parquet")
    truth = pq.read_table(tmp_path / "truth.parquet").to_pylist()
    harvest = exchanges.filter(pc.is_in(exchanges["exchange_id"], taken["exchange_id"]))
    total = _counts(exchanges)
    counted = _counts(harvest)
    assert harvest.num_rows == taken.num_rows
    for row in truth:
        account = row["account_id"]
        assert row["harvest_exchanges"] == counted.get(account, 0)
        assert row["exchanges"] == total.get(account, 0)
        guilty = counted.get(account, 0) >= 20 and counted[account] >= 0.01 * total[account]
        assert row["is_guilty"] == guilty


def test_an_innocent_week_has_no_guilty_account(tmp_path: Path) -> None:
    made = traffic.simulate(tmp_path, seed=3, days=2, scale=0.2, campaigns=["none"])

    truth = pq.read_table(tmp_path / "truth.parquet")
    assert made.guilty_accounts == made.harvest_exchanges == made.campaigns == 0
    assert truth["campaign_id"].null_count == truth.num_rows


def test_an_unknown_kind_is_answered_with_the_kinds(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="kind 'hydro'; the kinds are hydra, failover"):
        traffic.simulate(tmp_path, seed=1, campaigns=["hydro"])


@pytest.mark.parametrize(("seed", "days", "scale"), [(-1, 7, 1.0), (0, 0, 1.0), (0, 7, 0.0)])
def test_impossible_numbers_are_named(tmp_path: Path, seed: int, days: int, scale: float) -> None:
    with pytest.raises(InputError, match=f"seed={seed}, days={days}"):
        traffic.simulate(tmp_path, seed=seed, days=days, scale=scale)


def _counts(table: Any) -> dict[str, int]:
    grouped = table.group_by("account_id").aggregate([([], "count_all")])
    keys, counts = (grouped[name].to_pylist() for name in ("account_id", "count_all"))
    return dict(zip(keys, counts, strict=True))


@pytest.mark.slow
def test_a_week_at_scale_one_holds_every_class_at_the_promised_size(tmp_path: Path) -> None:
    made = traffic.simulate(tmp_path, seed=8)

    truth = pq.read_table(tmp_path / "truth.parquet")
    kinds = set(truth["kind"].to_pylist())
    assert kinds == {"consumer_chat", "api_client", *KINDS, *LOOKALIKES}
    assert 90_000 < made.exchanges < 135_000
    assert 7_500 < made.accounts < 9_000
    assert 0.08 < made.harvest_exchanges / made.exchanges < 0.25
    innocent = truth.filter(pc.invert(pc.is_in(truth["kind"], pa.array(list(KINDS)))))
    assert not pc.any(innocent["is_guilty"]).as_py()
