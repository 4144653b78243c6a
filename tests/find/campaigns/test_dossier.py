"""Tests of revenuer.find.campaigns.dossier."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.compute as pc

from revenuer.find.campaigns import dossier
from revenuer.find.campaigns.exemplars import Rows
from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.intent import Verdict
from revenuer.find.campaigns.traffic import Traffic
from revenuer.records import Campaign

MakeGroup = Callable[..., Group]
Judge = Callable[..., Verdict]


def written(world: Any, seen: Traffic, group: Group, texts: Rows, judge: Judge) -> Campaign:
    verdict = judge(world.features, seen, group)
    members = dossier.members(world.features, group.members, verdict.harvested)
    return dossier.write(world.features, seen, group, verdict, members, world.ids, texts)


def test_says_who_did_what_and_when(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    made = written(world, seen, group("r", rules=("F01", "L01")), texts, judge)

    own = world.rows("r")
    at = world.features.exchanges.at_us[own]
    assert (made.accounts, made.exchanges, made.harvested_exchanges) == (8, 240, 240)
    assert made.input_tokens == 240 * 40
    assert made.output_tokens == world.features.exchanges.output_tokens[own].sum()
    assert made.window_start == dossier.iso(int(at.min()))
    assert made.window_end == dossier.iso(int(at.max()))
    assert made.harvest_kinds[0] == "reasoning_elicitation" or "trace" in made.harvest_kinds[0]
    assert sum(count for _, count in made.models) == 240
    assert made.models[0][1] >= made.models[-1][1]
    assert "reasoning" in made.capabilities


def test_every_item_points_to_exchanges_of_its_own_accounts(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    made = written(world, seen, group("r", rules=("F01", "L01")), texts, judge)

    own = set(texts.take(world.rows("r"), ["exchange_id"]).column(0).to_pylist())
    assert {"F01", "L01", "I1"} <= {item.rule_id for item in made.evidence}
    for item in made.evidence:
        assert item.examples
        assert set(item.examples) <= own


def test_says_what_would_clear_each_signal(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    made = written(world, seen, group("r"), texts, judge)

    assert len(made.would_clear) == 3  # templates, footprint, intent
    assert made.unavailable == world.features.unavailable
    assert Campaign.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_a_carrier_harvests_with_less_than_half_of_its_exchanges(world: Any, seen: Traffic) -> None:
    harvested = np.flatnonzero(seen.is_strong)

    found = dossier.members(world.features, world.numbers("r", "c"), harvested)

    roles = {world.ids[member.account]: member.role for member in found}
    assert {roles[f"r-{i}"] for i in range(8)} == {"member"}
    assert {roles[f"c-{i}"] for i in range(4)} == {"carrier"}
    carrier = next(member for member in found if world.ids[member.account] == "c-0")
    assert (carrier.exchanges, carrier.harvested) == (175, 25)
    assert carrier.joined_us < carrier.left_us


def test_who_comes_after_others_have_left_is_a_replacement(world: Any) -> None:
    exchanges = world.features.exchanges
    start, day = int(exchanges.at_us.min()), 86_400_000_000
    at = exchanges.at_us.copy()
    for i, number in enumerate(world.numbers("r").tolist()):
        own = np.flatnonzero(exchanges.account == number)
        first_day = 0 if i < 6 else 4
        at[own] = start + first_day * day + np.arange(len(own)) * (2 * day // len(own))
    features = world.features._replace(exchanges=exchanges._replace(at_us=at))

    found = dossier.members(features, world.numbers("r"), world.rows("r"))

    assert [member.role for member in found] == ["member"] * 6 + ["replacement"] * 2


def test_an_id_depends_on_the_accounts_alone() -> None:
    assert dossier.identify(["b", "a"]) == dossier.identify(["a", "b"])
    assert dossier.identify(["a", "b"]) != dossier.identify(["a", "c"])
    assert len(dossier.identify(["a"])) == 10


def test_times_are_iso_8601_in_utc() -> None:
    assert dossier.iso(1_772_409_600_000_000) == "2026-03-02T00:00:00+00:00"


def test_the_made_log_is_what_the_tests_take_it_for(world: Any) -> None:
    assert pc.sum(world.features.accounts.column("exchanges")).as_py() == len(
        world.features.exchanges.account
    )
