"""Tests of revenuer.lab.traffic.gatherings."""

from __future__ import annotations

import numpy as np

from revenuer.lab.traffic import gatherings
from revenuer.lab.traffic.world import DAY_S, World


def test_a_class_shares_sheet_campus_mail_and_week(stage: World) -> None:
    scene = gatherings.class_assignment(np.random.default_rng(1), stage, 400)
    roster, draft = scene.roster, scene.draft
    first = np.flatnonzero(draft.turn == 1)

    assert set(roster.plan) == {"edu"}
    assert len(set(roster.email_domain)) == 1
    campus = draft.address >> 8
    busiest = np.unique(campus, return_counts=True)
    shared = np.isin(campus, busiest[0][np.argsort(-busiest[1])[:3]])
    assert 0.4 < shared.mean() < 0.8
    heads = [draft.prompt[int(i)].as_py()[:30] for i in first]
    assert np.unique(heads, return_counts=True)[1].max() > 0.15 * len(heads)
    days = np.bincount((draft.at_s // DAY_S).astype(int))
    assert days.max() > 2 * np.median(days)
    weeks = np.percentile(roster.created_s, [20, 70])
    assert np.ptp(weeks) < 14 * DAY_S


def test_an_enterprise_shares_payer_egress_and_batch(stage: World) -> None:
    scene = gatherings.enterprise_nat(np.random.default_rng(2), stage, 500)

    assert len(set(scene.roster.payment)) == 1
    assert np.unique(scene.draft.address, return_counts=True)[1].max() > 0.4 * len(
        scene.draft.owner
    )
    assert np.subtract(*np.percentile(scene.roster.created_s, [70, 30])) < 2 * 7200


def test_strangers_behind_exits_share_addresses_and_nothing_else(stage: World) -> None:
    scene = gatherings.vpn_mobile(np.random.default_rng(3), stage, 2000)

    assert np.unique(scene.roster.signup, return_counts=True)[1].max() >= 4
    assert len(set(scene.roster.ids)) == len(scene.roster)
    assert set(scene.roster.payment) == {None}


def test_families_share_card_and_home(stage: World) -> None:
    scene = gatherings.family_card(np.random.default_rng(4), stage, 500)
    roster = scene.roster

    for family in set(roster.group):
        members = roster.group == family
        assert 2 <= members.sum() <= 5
        assert len(set(roster.payment[members])) == 1
        assert len(set(roster.book[members, 0])) == 1
