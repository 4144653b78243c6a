"""Tests of revenuer.lab.traffic.stealth."""

from __future__ import annotations

import numpy as np

from revenuer.lab.traffic import stealth
from revenuer.lab.traffic.campaigns import KINDS


def _drawn(kind: str, level: float, n: int = 200) -> list[stealth.Dials]:
    rng = np.random.default_rng(1)
    return [
        stealth.draw(rng, kind, KINDS[kind][1], stealth=level, seats=10, each=50) for _ in range(n)
    ]


def test_less_stealth_leaves_more_families() -> None:
    loud, silent = (
        np.array([np.mean([len(d.families) for d in _drawn(kind, level)]) for kind in KINDS])
        for level in (0.0, 1.0)
    )

    assert (loud >= silent - 0.2).all()
    assert loud.mean() > silent.mean() + 1


def test_fixed_dials_stay_whatever_the_stealth() -> None:
    for level in (0.0, 1.0):
        for dials in _drawn("load_balance", level):
            assert (dials.cards, dials.timing, dials.volumes) == ("shared", "round_robin", "even")
        assert {d.pool for d in _drawn("hydra", level)} == {"datacentre", "residential"}


def test_families_follow_from_the_dials() -> None:
    silent = stealth.Dials(kind="x", stealth=1.0, seats=8, each=40)

    assert silent.families == ()
    loud = stealth.Dials(
        kind="x", stealth=0.0, seats=8, each=40, cards="few", text="slots", is_swept=True,
        has_search=True, made="batch",
    )  # fmt: skip
    assert loud.families == stealth.FAMILIES
