"""Tests of revenuer.lab.traffic.dispatch."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.lab.traffic import dispatch
from revenuer.lab.traffic.stealth import Dials
from revenuer.lab.traffic.world import DAY_S, World


def _dials(**settings: object) -> Dials:
    return Dials(**({"kind": "x", "stealth": 0.0, "seats": 20, "each": 100} | settings))  # type: ignore[arg-type]  # settings are named in each test


def test_a_common_ban_is_followed_by_a_new_pool_within_hours(stage: World) -> None:
    rng = np.random.default_rng(1)
    dials = _dials(has_common_ban=True, timing="bursts", made="batch")
    seats = dispatch.seat(rng, stage, dials)
    owner, at_s = dispatch.jobs(rng, stage, dials, seats)

    old = np.isin(owner, seats.first)
    assert seats.accounts == 40
    assert (seats.resume_s - seats.handover_s).max() < 8 * 3600
    assert at_s[old].max() < seats.handover_s.max() + 600
    assert at_s[~old].min() > seats.handover_s.min()
    made = dispatch.fresh_pool(rng, seats, dials)
    assert (made[20:] > 0).all()
    assert (seats.resume_s - made[20:]).max() < 6 * 3600


def test_round_robin_takes_turns(stage: World) -> None:
    rng = np.random.default_rng(2)
    dials = _dials(timing="round_robin", volumes="even")
    seats = dispatch.seat(rng, stage, dials)
    owner, at_s = dispatch.jobs(rng, stage, dials, seats)

    volume = np.bincount(owner)
    assert volume.std() / volume.mean() < 0.25
    in_time = owner[np.argsort(at_s)]
    again = np.mean(in_time[1:] == in_time[:-1])
    assert again < 0.02


def test_bursts_are_common_and_flat_seats_are_not(stage: World) -> None:
    agreement = {}
    for timing in ("bursts", "flat"):
        rng = np.random.default_rng(3)
        dials = _dials(timing=timing, each=300)
        owner, at_s = dispatch.jobs(rng, stage, dials, dispatch.seat(rng, stage, dials))
        counts = np.zeros((20, 7 * 48))
        np.add.at(counts, (owner, (at_s // 1800).astype(int)), 1)
        agreement[timing] = np.corrcoef(np.sqrt(counts))[np.triu_indices(20, 1)].mean()

    assert agreement["bursts"] > 0.4
    assert agreement["flat"] < 0.25


@pytest.mark.parametrize(("volumes", "least", "most"), [("even", 0, 0.12), ("uneven", 0.4, 3)])
def test_volumes(stage: World, volumes: str, least: float, most: float) -> None:
    rng = np.random.default_rng(4)
    dials = _dials(volumes=volumes, seats=40, each=200)
    owner, _ = dispatch.jobs(rng, stage, dials, dispatch.seat(rng, stage, dials))

    counts = np.bincount(owner)
    assert least <= counts.std() / counts.mean() <= most


def test_a_batch_is_made_together_and_before_it_works(stage: World) -> None:
    rng = np.random.default_rng(5)
    for made, widest in (("batch", 0.6 * DAY_S), ("spread", 90 * DAY_S)):
        dials = _dials(made=made, replaced_share=0.8)
        seats = dispatch.seat(rng, stage, dials)
        created = dispatch.fresh_pool(rng, seats, dials)
        assert np.ptp(created[:20]) <= widest
        assert (created[:20] < seats.begin_s).all()
        taken = seats.second >= 0
        assert (created[seats.second[taken]] < seats.resume_s[taken]).all()
