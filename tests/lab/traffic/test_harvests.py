"""Tests of revenuer.lab.traffic.harvests."""

from __future__ import annotations

import re

import numpy as np
import pytest

from revenuer.lab.traffic import harvests, stealth
from revenuer.lab.traffic.campaigns import KINDS
from revenuer.lab.traffic.exchanges import Scene, finish
from revenuer.lab.traffic.world import DAY_S, NEXT, World

SIGNATURE = re.compile(r"sig_[0-9a-f]{96}")


def _made(
    stage: World, kind: str, *, level: float = 0.5, seed: int = 1, seats: int = 20
) -> tuple[Scene, stealth.Dials]:
    rng = np.random.default_rng(seed)
    dials = stealth.draw(rng, kind, KINDS[kind][1], stealth=level, seats=seats, each=60)
    return harvests.harvest(rng, stage, dials, f"{kind}-0"), dials


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "relay"])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_every_kind_is_made_and_marked(stage: World, kind: str, level: float) -> None:
    scene, dials = _made(stage, kind, level=level)
    roster, draft = scene.roster, scene.draft

    assert draft.is_harvest is not None
    assert draft.is_harvest.mean() > 0.8
    assert set(roster.role) <= {"member", "replacement"}
    assert set(roster.campaign) == {f"{kind}-0"}
    assert all(set(f) == set(dials.families) for f in roster.families)
    assert (np.bincount(draft.owner, minlength=len(roster)) > 0).mean() > 0.95
    assert (draft.at_s >= roster.created_s[draft.owner]).mean() > 0.99


def test_load_balance_shares_cards_and_volumes(stage: World) -> None:
    scene, _ = _made(stage, "load_balance", level=1.0)
    cards = np.unique(scene.roster.payment, return_counts=True)[1]
    volume = np.bincount(scene.draft.owner[scene.draft.is_harvest])

    assert (cards >= 3).sum() >= len(cards) - 1
    assert len(set(scene.roster.email_domain)) <= 2
    assert len(volume) >= 20


def test_hydra_shares_a_pool_and_uses_several_pathways(stage: World) -> None:
    scene, _ = _made(stage, "hydra", level=1.0, seats=40)
    pairs = {(a, o) for a, o in zip(scene.draft.address >> 8, scene.draft.owner, strict=True)}
    prefixes = {a for a, _ in pairs}

    assert len(pairs) / len(prefixes) > 3
    assert scene.draft.pathway is not None
    assert len(np.unique(scene.draft.pathway)) == 3


def test_an_injected_prompt_is_the_same_in_every_request(stage: World) -> None:
    scene, _ = _made(stage, "injected_prompt", level=0.0)

    assert len(set(scene.draft.system.to_pylist()) - {None}) == 1


def test_a_pivot_moves_half_within_a_day_of_the_release(stage: World) -> None:
    scene, _ = _made(stage, "model_pivot")
    at_s, model = scene.draft.at_s, scene.draft.model

    assert not (model[at_s < stage.release_s] == NEXT).any()
    after = at_s > stage.release_s + DAY_S
    assert (model[after] == NEXT).mean() == pytest.approx(0.48, abs=0.08)


def test_a_search_is_mostly_refused_and_ends_in_volume(stage: World) -> None:
    scene, _ = _made(stage, "technique_search")
    table = finish(np.random.default_rng(2), stage, scene)
    order = np.argsort(scene.draft.at_s)
    refused = np.asarray(table["refused"])[order]
    early = order[:60]

    assert refused[:60].mean() > 0.6
    assert refused[-300:].mean() < 0.3
    assert len(np.unique(scene.draft.owner[early])) <= 5
    assert len({scene.draft.prompt[int(i)].as_py()[:40] for i in early}) > 40


def test_a_trace_is_replayed_later_and_by_another_account(stage: World) -> None:
    scene, _ = _made(stage, "trace_replay", level=0.0)
    draft = scene.draft
    asked, told = draft.prompt.to_pylist(), draft.completion.to_pylist()
    source = {m[0]: i for i, text in enumerate(told) if (m := SIGNATURE.search(text))}
    replays = [(source[m[0]], i) for i, text in enumerate(asked) if (m := SIGNATURE.search(text))]

    assert len(replays) > 0.4 * len(asked)
    assert all(draft.at_s[i] >= draft.at_s[first] for first, i in replays)
    assert np.mean([draft.owner[first] != draft.owner[i] for first, i in replays]) > 0.6


def test_subscriptions_are_small_and_worked_round_the_clock(stage: World) -> None:
    scene, _ = _made(stage, "subscription_abuse", level=1.0)
    at_s = scene.draft.at_s[scene.draft.owner == 0]

    assert set(scene.roster.plan) <= {"plus", "pro"}
    assert np.diff(at_s).max() < DAY_S
    assert len(np.unique(scene.draft.client[scene.draft.owner == 0])) > 5
    assert len(np.unique(scene.draft.address[scene.draft.owner == 0])) > 8


def test_the_stealthiest_shares_nothing(stage: World) -> None:
    scene, dials = _made(stage, "no_frame")
    homes = np.unique(scene.draft.address)
    owners = {int(a): set(scene.draft.owner[scene.draft.address == a].tolist()) for a in homes}

    assert dials.families == ()
    assert len(set(scene.roster.payment)) == len(scene.roster)
    assert np.mean([len(o) > 1 for o in owners.values()]) < 0.05
    assert len(set(scene.draft.prompt.to_pylist())) > 0.95 * len(scene.draft.owner)
