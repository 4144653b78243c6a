"""Tests of revenuer.find.campaigns.tables."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from revenuer import tables as contract
from revenuer.find.campaigns import dossier, tables
from revenuer.find.campaigns.exemplars import Rows
from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.intent import Verdict
from revenuer.find.campaigns.traffic import Traffic

MakeGroup = Callable[..., Group]
Judge = Callable[..., Verdict]


@pytest.fixture
def accused(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> tables.Accused:
    """Return the harvest of the made log as a campaign."""
    own = group("r", "c")
    verdict = judge(world.features, seen, own)
    members = dossier.members(world.features, own.members, verdict.harvested)
    made = dossier.write(world.features, seen, own, verdict, members, world.ids, texts)
    return tables.Accused(made, members, verdict.harvested, own)


def test_members_are_sorted_and_carry_the_campaigns_ids(
    world: Any, accused: tables.Accused
) -> None:
    table = tables.members([accused], world.ids)

    assert table.schema.equals(contract.MEMBERS.schema)
    assert table.column("account_id").to_pylist() == sorted(
        [f"r-{i}" for i in range(8)] + [f"c-{i}" for i in range(4)]
    )
    assert set(table.column("campaign_id").to_pylist()) == {accused.campaign.campaign_id}
    assert set(table.column("lineage_id").to_pylist()) == {accused.campaign.lineage_id}
    harvested = sum(table.column("harvested_exchanges").to_pylist())
    assert harvested == accused.campaign.harvested_exchanges


def test_hours_add_up(world: Any, accused: tables.Accused) -> None:
    table = tables.activity([accused], world.features)

    hours = table.column("hour_at").to_pylist()
    assert table.schema.equals(contract.CAMPAIGN_ACTIVITY.schema)
    assert hours == sorted(set(hours))
    assert {(at.minute, at.second) for at in hours} == {(0, 0)}
    assert sum(table.column("exchanges").to_pylist()) == accused.campaign.exchanges
    assert (
        sum(table.column("harvested_exchanges").to_pylist()) == accused.campaign.harvested_exchanges
    )
    for row in table.to_pylist():
        assert 0 <= row["harvested_exchanges"] <= row["exchanges"]
        assert 1 <= row["active_accounts"] <= min(row["exchanges"], 12)


def test_ties_name_each_pair_once_a_family_smaller_id_first(
    world: Any, accused: tables.Accused
) -> None:
    table = tables.ties([accused], world.features, world.ids)

    rows = table.to_pylist()
    keys = [(row["family"], row["account_a"], row["account_b"]) for row in rows]
    assert table.schema.equals(contract.CAMPAIGN_TIES.schema)
    assert len(keys) == len(set(keys))
    assert all(row["account_a"] < row["account_b"] for row in rows)
    assert {family for family, *_ in keys} == {"footprint", "templates"}
    # Twelve accounts on one card: 66 pairs, each as rare as the card.
    card = [row["edge_weight"] for row in rows if row["family"] == "footprint"]
    assert card == pytest.approx([-np.log10(12 / 80)] * 66)


@given(
    st.lists(st.frozensets(st.integers(0, 5), max_size=6), min_size=1, max_size=8),
    st.integers(0, 5),
)
def test_a_tie_is_the_rarest_thing_that_a_pair_shares(
    held: list[frozenset[int]], others: int
) -> None:
    inside = np.zeros((len(held), 6), np.int32)
    for row, accounts in zip(inside, held, strict=True):
        row[list(accounts)] = 1
    # Sets have members outside the campaign, too.
    popularity = (inside.sum(axis=1) + (np.arange(len(held)) + others) % 6 + 1) / 20

    left, right, weight = tables._pairs(sparse.csr_array(inside), popularity)

    expected = {
        pair: max(-np.log10(popularity[[i for i, own in enumerate(held) if {*pair} <= own]]))
        for pair in itertools.combinations(range(6), 2)
        if any({*pair} <= own for own in held)
    }
    found = dict(zip(zip(left.tolist(), right.tolist(), strict=True), weight, strict=True))
    assert found == pytest.approx(expected)
    assert len(left) == len(found)


def test_a_crowd_has_its_rarest_ties_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_TIES", 3)
    inside = sparse.csr_array(np.array([[1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 1, 1]], np.int32))

    left, right, weight = tables._pairs(inside, np.array([0.5, 0.01, 0.001]))

    pairs = list(zip(left.tolist(), right.tolist(), weight.tolist(), strict=True))
    assert pairs == [(0, 1, 2), (0, 2, 2), (2, 3, 3)]


def test_a_campaign_of_thousands_writes_no_more_ties_than_the_bound() -> None:
    inside = sparse.csr_array(np.ones((2, 5_000), np.int32))

    left, right, _ = tables._pairs(inside, np.array([0.5, 0.6]))

    assert len(left) == tables.MOST_TIES
    assert (left < right).all()


def test_groups_that_are_not_accused_are_listed_with_the_reason(
    world: Any, group: MakeGroup
) -> None:
    listed = [(group("f", rules=("F01", "L01")), "no_harvest"), (group("h-0"), "declared")]

    table = tables.coordinated(listed, world.features, world.ids)

    rows = table.to_pylist()
    assert table.schema.equals(contract.COORDINATED.schema)
    assert len({row["group_id"] for row in rows}) == 2
    assert {row["reason"] for row in rows if row["account_id"].startswith("f")} == {"no_harvest"}
    assert {row["reason"] for row in rows if row["account_id"].startswith("h")} == {"declared"}
    assert rows[0]["signals"] == ["footprint", "templates"]
    assert rows == sorted(rows, key=lambda row: (row["group_id"], row["account_id"]))


def test_nothing_accused_gives_empty_tables_of_the_same_schema(world: Any) -> None:
    made = {
        contract.MEMBERS: tables.members([], world.ids),
        contract.COORDINATED: tables.coordinated([], world.features, world.ids),
        contract.CAMPAIGN_ACTIVITY: tables.activity([], world.features),
        contract.CAMPAIGN_TIES: tables.ties([], world.features, world.ids),
    }

    for table, empty in made.items():
        assert empty.num_rows == 0
        assert empty.schema.equals(table.schema)
