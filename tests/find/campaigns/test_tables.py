"""Tests of revenuer.find.campaigns.tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

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
    verdict = judge(world.features, seen, own, texts)
    members = dossier.members(world.features, own.members, verdict.harvested)
    made = dossier.write(world.features, seen, own, verdict, members, world.ids, texts)
    return tables.Accused(made, members, verdict.harvested)


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
