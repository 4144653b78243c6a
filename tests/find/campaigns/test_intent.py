"""Tests of revenuer.find.campaigns.intent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from revenuer.find.campaigns import intent, traffic
from revenuer.find.campaigns.exemplars import Rows
from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.traffic import Traffic

MakeGroup = Callable[..., Group]


def ids(verdict: intent.Verdict) -> set[str]:
    return {indicator.rule_id for indicator in verdict.indicators}


def test_a_harvest_is_told_by_what_it_asks_for(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows
) -> None:
    verdict = intent.judge(world.features, seen, group("r"), texts)

    assert verdict.is_harvest
    assert {"I1", "I3"} <= ids(verdict)
    assert verdict.harvested.tolist() == world.rows("r").tolist()
    accused = intent.accused(world.features, verdict, group("r"))
    assert accused.tolist() == world.numbers("r").tolist()


def test_a_job_split_over_accounts_is_no_harvest(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows
) -> None:
    ties = ("F01", "L01", "L02", "L03", "S01", "S02", "P01")

    verdict = intent.judge(world.features, seen, group("f", rules=ties), texts)

    assert not verdict.is_harvest
    assert ids(verdict) <= {"M1", "M2"}
    assert len(verdict.harvested) == 0
    assert len(intent.accused(world.features, verdict, group("f"))) == 0


def test_habits_alone_accuse_nobody(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows
) -> None:
    ties = ("F01", "L01", "L02", "L03", "S01")

    verdict = intent.judge(world.features, seen, group("h-0", rules=ties), texts)

    assert not verdict.is_harvest
    assert ids(verdict) == {"M1", "M2"}


def test_of_carriers_only_the_harvest_counts(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows
) -> None:
    mixed = group("r", "c")

    verdict = intent.judge(world.features, seen, mixed, texts)

    assert verdict.is_harvest
    assert verdict.harvested.tolist() == np.flatnonzero(seen.is_strong).tolist()
    accused = intent.accused(world.features, verdict, mixed)
    assert accused.tolist() == world.numbers("r", "c").tolist()


def test_who_tried_it_once_is_not_accused(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows
) -> None:
    mixed = group("r", "h-0")

    verdict = intent.judge(world.features, seen, mixed, texts)

    accused = intent.accused(world.features, verdict, mixed)
    assert verdict.is_harvest
    assert accused.tolist() == world.numbers("r").tolist()
    tried = np.append(world.rows("r"), world.rows("h-00")[:5])
    accused = intent.accused(world.features, verdict._replace(harvested=tried), mixed)
    assert accused.tolist() == world.numbers("r").tolist()


def test_two_points_do_not_accuse(world: Any, seen: Traffic, group: MakeGroup, texts: Rows) -> None:
    # The words of a harvest, but nothing else of it: completions as long as anybody's.
    plain = seen._replace(is_weak=np.zeros_like(seen.is_weak), length=np.zeros_like(seen.length))

    verdict = intent.judge(world.features, plain, group("r"), texts)

    assert ids(verdict) == {"I1"}
    assert not verdict.is_harvest


def test_refusals_in_numbers_are_an_indicator(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows
) -> None:
    refused = seen.is_refused.copy()
    refused[world.rows("r")[::2]] = 1

    verdict = intent.judge(world.features, seen._replace(is_refused=refused), group("r"), texts)

    assert "I5" in ids(verdict)
    assert "I5" not in ids(intent.judge(world.features, seen, group("r"), texts))


def test_a_sweep_in_many_wordings_is_told_from_one_job(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows
) -> None:
    # Chat in many wordings becomes a sweep when nobody ever follows up.
    single = np.ones_like(seen.is_single)
    busy = world.features.accounts.column("exchanges").to_numpy()[world.numbers("h")].min()

    sweep = intent.judge(world.features, seen._replace(is_single=single), group("h-0"), texts)
    job = intent.judge(world.features, seen._replace(is_single=single), group("f"), texts)

    assert busy >= 10
    assert "I4" in ids(sweep)
    assert "I4" not in ids(job)


def bare(world: Any, group: MakeGroup, *prefixes: str, rules: tuple[str, ...]) -> intent.Verdict:
    seen = traffic.survey(world.features, world.numbers("r", "c", "f"))
    source = Rows(world.work / "exchanges")
    found = intent.judge(world.features, seen, group(*prefixes, rules=rules), source)
    source.close()
    return found


def test_without_text_length_alone_accuses_nobody(bare_world: Any, group: MakeGroup) -> None:
    verdict = bare(bare_world, group, "r", rules=("F01", "L01"))

    assert not verdict.is_harvest
    assert not verdict.unjudged
    assert ids(verdict) == {"I3", "M1"}


def test_without_text_length_batch_and_a_pivot_suffice(bare_world: Any, group: MakeGroup) -> None:
    verdict = bare(bare_world, group, "r", rules=("F01", "L01", "S01"))

    assert verdict.is_harvest
    assert ids(verdict) == {"I3", "M1", "M2"}


def test_without_text_and_tokens_intent_is_unavailable(bare_world: Any, group: MakeGroup) -> None:
    exchanges = bare_world.features.exchanges
    silent = exchanges._replace(output_tokens=np.full_like(exchanges.output_tokens, -1))
    world = bare_world._replace(features=bare_world.features._replace(exchanges=silent))

    assert bare(world, group, "r", rules=("F01",)).unjudged
