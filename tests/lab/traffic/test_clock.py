"""Tests of revenuer.lab.traffic.clock."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.lab.traffic import clock
from revenuer.lab.traffic.world import DAY_S, World


def _flat(stage: World, n: int) -> clock.Intensity:
    return np.ones((n, len(stage.platform))) / np.maximum(stage.platform, 1e-9)


def test_counts_order_and_bounds(stage: World) -> None:
    counts = np.array([0, 1, 5, 0, 300, 0])

    owner, at_s = clock.arrivals(
        np.random.default_rng(1), stage, counts, _flat(stage, 6), np.full(6, 1.0)
    )

    assert np.bincount(owner, minlength=6).tolist() == counts.tolist()
    assert ((at_s >= 0) & (at_s < stage.seconds)).all()
    for client in (2, 4):
        assert (np.diff(at_s[owner == client]) >= 0).all()


@pytest.mark.parametrize("cv", [0.2, 1.0, 3.0])
def test_gaps_vary_as_told(stage: World, cv: float) -> None:
    _, at_s = clock.arrivals(
        np.random.default_rng(2), stage, np.array([6000]), _flat(stage, 1), np.array([cv])
    )

    gaps = np.diff(at_s)

    assert gaps.std() / gaps.mean() == pytest.approx(cv, rel=0.15)


def test_no_part_of_the_window_is_favoured_by_small_clients(stage: World) -> None:
    counts = np.full(4000, 2)

    _, at_s = clock.arrivals(
        np.random.default_rng(3), stage, counts, _flat(stage, 4000), np.full(4000, 3.0)
    )

    days = np.bincount((at_s // DAY_S).astype(int), minlength=7)
    assert days.min() > 0.9 * days.mean()


def test_a_day_has_its_peak_where_told(stage: World) -> None:
    shape = clock.days_of(stage, np.array([6.0, 18.0]), np.array([0.9, 0.0]))

    assert np.argmax(shape[0][:144]) == pytest.approx(36, abs=1)
    assert shape[1].max() == pytest.approx(shape[1].min())
    assert shape.mean(axis=1) == pytest.approx([1.0, 1.0])


def test_spells_fill_their_share(stage: World) -> None:
    share = np.array([0.05, 0.5, 1.0])

    work = clock.spells(np.random.default_rng(4), stage, share, 9.0)

    assert work.mean(axis=1) == pytest.approx(share, abs=0.01)
    assert (np.diff(work[1]) != 0).sum() < 200


def test_lifetimes_and_office_hours(stage: World) -> None:
    alive = clock.lifetimes(stage, np.array([DAY_S]), np.array([2 * DAY_S]))
    office = clock.office(stage, 0, begin_h=9, end_h=17)

    assert alive.sum() == pytest.approx(144, abs=1)
    assert office.sum() == 5 * 8 * 6


def test_turns_follow_their_conversation() -> None:
    turns = np.array([1, 4, 2])

    which, turn, at_s = clock.turns_after(np.random.default_rng(5), np.array([10.0, 5, 7]), turns)

    assert which.tolist() == [0, 1, 1, 1, 1, 2, 2]
    assert turn.tolist() == [1, 1, 2, 3, 4, 1, 2]
    assert at_s[[0, 1, 5]] == pytest.approx([10.0, 5.0, 7.0])
    assert (np.diff(at_s[1:5]) > 0).all()


def test_the_median_gap_between_turns_is_two_minutes() -> None:
    which, _, at_s = clock.turns_after(
        np.random.default_rng(6), np.zeros(4000), np.full(4000, 2, dtype=np.int64)
    )

    assert len(which) == 8000
    assert np.median(at_s[1::2]) == pytest.approx(126, rel=0.08)
