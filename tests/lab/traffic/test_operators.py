"""Tests of revenuer.lab.traffic.operators."""

from __future__ import annotations

import numpy as np

from revenuer.lab.traffic import operators
from revenuer.lab.traffic.world import DAY_S, World


def test_a_split_job_asks_nothing_twice_and_is_even(stage: World) -> None:
    scene = operators.split_job_firm(np.random.default_rng(1), stage, 600)
    prompts = scene.draft.prompt.to_pylist()

    assert 3 <= len(scene.roster) <= 8
    assert len(set(prompts)) == len(prompts)
    assert len({text[:15] for text in prompts}) == 1
    volume = np.bincount(scene.draft.owner)
    assert volume.std() / volume.mean() < 0.15


def test_firms_that_split_are_not_always_verified_or_named(stage: World) -> None:
    made = [
        operators.split_job_firm(np.random.default_rng(s), stage, 200).roster for s in range(40)
    ]

    named = np.mean([roster.org[0] is not None for roster in made])
    verified = np.mean([roster.verified.all() for roster in made])
    one_card = np.mean([len(set(roster.payment)) == 1 for roster in made])
    assert 0.25 < named < 0.75
    assert 0.15 < verified < 0.7
    assert 0.35 < one_card < 0.85


def test_a_backfill_is_new_and_at_full_use_at_once(stage: World) -> None:
    scene = operators.retrieval_backfill(np.random.default_rng(2), stage, 1500)

    begin = [scene.draft.at_s[scene.draft.owner == i].min() for i in range(len(scene.roster))]
    assert (np.array(begin) - np.maximum(scene.roster.created_s, 0) < 0.5 * DAY_S).all()
    assert len(set(scene.roster.payment)) == len(scene.roster)


def test_a_reseller_passes_on_what_many_write(stage: World) -> None:
    scene = operators.reseller(np.random.default_rng(3), stage, 1500)
    prompts = scene.draft.prompt.to_pylist()

    assert scene.draft.is_harvest is None
    assert len(set(prompts)) > 0.97 * len(prompts)


def test_authorised_makers_are_verified_organisations(stage: World) -> None:
    for seed in range(6):
        roster = operators.authorised_synthetic(np.random.default_rng(seed), stage, 300).roster
        assert roster.verified.all()
        assert set(roster.plan) == {"enterprise"}
        assert len(set(roster.org)) == 1
        assert roster.org[0] is not None


def test_audited_decisions_ask_for_the_grounds(stage: World) -> None:
    for seed in range(6):
        draft = operators.audit_reasoning(np.random.default_rng(seed), stage, 200).draft
        (system,) = set(draft.system.to_pylist())
        assert any(word in system for word in ("reasoning", "Explain each step", "Think aloud"))
