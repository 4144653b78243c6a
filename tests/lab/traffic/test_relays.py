"""Tests of revenuer.lab.traffic.relays."""

from __future__ import annotations

import numpy as np

from revenuer.lab.traffic import relays, stealth
from revenuer.lab.traffic.campaigns import KINDS
from revenuer.lab.traffic.world import World


def test_carriers_mix_a_harvest_into_their_customers_traffic(stage: World) -> None:
    rng = np.random.default_rng(1)
    dials = stealth.draw(rng, "relay", KINDS["relay"][1], stealth=0.7, seats=12, each=60)
    scene = relays.relay(rng, stage, dials, "relay-0")
    draft, roster = scene.draft, scene.roster

    assert set(roster.role) == {"carrier"}
    assert len(set(roster.payment)) == 12
    assert draft.is_harvest is not None
    taken = np.bincount(draft.owner[draft.is_harvest], minlength=12)
    share = taken / np.bincount(draft.owner, minlength=12)
    assert (taken >= 20).all()
    assert share.min() > 0.02
    assert share.mean() < 0.35
    prompts = np.array(draft.prompt.to_pylist(), dtype=object)
    frames = [text[:25] for text in prompts[draft.is_harvest]] + [
        text[-25:] for text in prompts[draft.is_harvest]
    ]
    assert np.unique(frames, return_counts=True)[1].max() == draft.is_harvest.sum()
    assert len(set(prompts[~draft.is_harvest])) > 0.95 * (~draft.is_harvest).sum()
