"""The honest classes that resemble a campaign, by name, and how much of each a week holds.

Fourteen classes, each with the ties it shares with campaigns in the docstring of its maker
(`gatherings`, `harnesses`, `operators`). None may be accused. Groups of a class are made apart, so
a week holds several courses, firms and benchmarks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from revenuer.lab.traffic import gatherings, harnesses, operators
from revenuer.lab.traffic.exchanges import Scene
from revenuer.lab.traffic.world import World

Maker = Callable[[np.random.Generator, World, int], Scene]


@dataclass(frozen=True, slots=True)
class Lookalike:
    """One class: its maker, groups and exchanges of a week at scale 1."""

    make: Maker
    groups: int
    exchanges: int


LOOKALIKES: dict[str, Lookalike] = {
    "class_assignment": Lookalike(gatherings.class_assignment, 4, 1_000),
    "evaluator_harness": Lookalike(harnesses.evaluator_harness, 4, 2_800),
    "agent_product": Lookalike(harnesses.agent_product, 3, 2_700),
    "note_app": Lookalike(harnesses.note_app, 3, 1_300),
    "enterprise_nat": Lookalike(gatherings.enterprise_nat, 3, 1_100),
    "ci_suite": Lookalike(harnesses.ci_suite, 3, 1_500),
    "retrieval_backfill": Lookalike(operators.retrieval_backfill, 1, 1_600),
    "reseller": Lookalike(operators.reseller, 3, 1_600),
    "vpn_mobile": Lookalike(gatherings.vpn_mobile, 1, 700),
    "split_job_firm": Lookalike(operators.split_job_firm, 5, 2_200),
    "family_card": Lookalike(gatherings.family_card, 1, 550),
    "day_one_benchmark": Lookalike(harnesses.day_one_benchmark, 2, 900),
    "authorised_synthetic": Lookalike(operators.authorised_synthetic, 2, 1_200),
    "audit_reasoning": Lookalike(operators.audit_reasoning, 5, 1_100),
}


def makers(world: World, *, scale: float) -> Iterator[Callable[[np.random.Generator], Scene]]:
    """Yield what makes each group of a run; more scale means more and somewhat larger groups."""
    growth = max(scale, 1.0) ** 0.75
    for name, each in LOOKALIKES.items():
        groups = round(each.groups * growth)
        size = max(20, round(each.exchanges * world.volume * scale / groups))
        for number in range(groups):
            yield partial(_make, world=world, name=name, number=number, size=size)


def _make(rng: np.random.Generator, *, world: World, name: str, number: int, size: int) -> Scene:
    scene = LOOKALIKES[name].make(rng, world, size)
    if scene.roster.group[0] is None:
        scene.roster.group[:] = f"{name}-{number}"
    return scene
