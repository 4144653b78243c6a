"""Tests of revenuer.lab.traffic.lookalikes."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.lab.traffic import lookalikes
from revenuer.lab.traffic.world import World

NAMES = {
    "class_assignment", "evaluator_harness", "agent_product", "note_app", "enterprise_nat",
    "ci_suite", "retrieval_backfill", "reseller", "vpn_mobile", "split_job_firm", "family_card",
    "day_one_benchmark", "authorised_synthetic", "audit_reasoning",
}  # fmt: skip


def test_all_fourteen_classes_are_there() -> None:
    assert set(lookalikes.LOOKALIKES) == NAMES


@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_every_group_is_innocent_and_named(stage: World, scale: float) -> None:
    kinds: dict[str, int] = {}
    for number, make in enumerate(lookalikes.makers(stage, scale=scale)):
        scene = make(np.random.default_rng(number))
        (kind,) = set(scene.roster.kind)
        kinds[kind] = kinds.get(kind, 0) + len(scene.draft.owner)
        assert scene.draft.is_harvest is None
        assert set(scene.roster.role) == {"none"}
        assert set(scene.roster.campaign) == {None}
        assert all(group.startswith(kind) for group in scene.roster.group)

    assert set(kinds) == NAMES
    total = sum(kinds.values())
    assert 0.5 < total / (20_000 * scale) < 2.2
