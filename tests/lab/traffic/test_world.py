"""Tests of revenuer.lab.traffic.world."""

from __future__ import annotations

import numpy as np

from revenuer.lab.traffic import world
from revenuer.lab.traffic.world import BINS_A_DAY, World


def test_an_outage_takes_everybody_down(stage: World) -> None:
    assert stage.is_outage.any()
    assert stage.is_outage.mean() < 0.1
    assert stage.platform[stage.is_outage].max() < 0.2 * np.median(stage.platform)


def test_the_new_model_comes_out_within_the_window() -> None:
    for seed in range(20):
        made = world.build(seed, 3)
        assert 0.25 * made.seconds < made.release_s < 0.75 * made.seconds


def test_streams_are_the_same_again_and_differ_between_places(stage: World) -> None:
    assert stage.stream(2, 5).integers(1 << 60) == stage.stream(2, 5).integers(1 << 60)
    assert stage.stream(2, 5).integers(1 << 60) != stage.stream(2, 6).integers(1 << 60)


def test_times_are_utc_microseconds_from_the_start(stage: World) -> None:
    (at,) = stage.times(np.array([1.5])).cast("int64").to_pylist()

    assert at == round((stage.start_s + 1.5) * 1e6)
    assert len(stage.platform) == stage.days * BINS_A_DAY
