"""Tests of revenuer.find.evidence.synchrony."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import gamma, norm

from revenuer.find.evidence.synchrony import (
    Tail,
    in_step,
    in_step_with_rest,
    mean_correlation,
    null_tails,
    p_value,
    residuals,
    shifted_tail,
)

LEVELS = (0.1, 0.01, 0.001)
HOURS = 7 * 24
#: A Friday, 13:00 UTC, in hours since 1970.
START = 20_500 * 24 + 24 * 4 + 13
Rates = NDArray[np.float64]


def office(phase: int, rate: float) -> Rates:
    """Return the rates, by the hour, of somebody who works nine hours and keeps the weekend."""
    hour = START + np.arange(HOURS)
    weekday = (hour // 24 + 3) % 7
    open_ = ((hour - phase) % 24 < 9) & (weekday < 5)
    return rate * np.where(open_, 3.0, 0.02)


def crowd(rng: np.random.Generator, accounts: int) -> Rates:
    """Return the rates of accounts with daily shapes of their own."""
    hour = (START + np.arange(HOURS)) % 24
    rows = []
    for i in range(accounts):
        rate, phase = float(np.exp(rng.normal(-0.3, 0.8))), int(rng.integers(24))
        wave = rate * np.exp(1.2 * np.cos(2 * np.pi * (hour - phase) / 24)) / 1.4
        rows.append((wave, office(phase, rate), np.full(HOURS, rate))[i % 3])
    return np.array(rows)


def queue(rng: np.random.Generator, accounts: int) -> Rates:
    """Return the rates of accounts that one queue feeds: busy and idle in the same stretches."""
    is_busy = np.repeat(rng.random(HOURS // 3) < 0.5, 3)
    return np.tile(np.where(is_busy, 1.6, 0.2), (accounts, 1))


def chance(rows: NDArray[np.float32], members: slice, background: int) -> float:
    """Return the p-value of some rows against random sets of the first `background` rows."""
    size = len(rows[members])
    tails = null_tails(rows[:background], [size], np.random.default_rng(1))
    return p_value(mean_correlation(rows[members]), tails[size])


def test_agrees_with_counting_by_hand() -> None:
    # Weekdays and weekends apart, each account is flat but for one hour, and the platform too.
    counts = np.full((3, HOURS), 4)
    counts[0, 30] += 5
    counts[1, 30] += 5
    counts[2, 40] += 5

    rows = residuals(counts, start=START)

    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert rows[0] == pytest.approx(rows[1], abs=1e-5)
    assert rows[0] @ rows[2] < 0


@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_mean_correlation_is_the_mean_over_pairs(accounts: int, seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(accounts, 9)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)

    pairs = [float(a @ b) for a, b in itertools.combinations(rows, 2)]

    assert mean_correlation(rows) == pytest.approx(np.mean(pairs), abs=1e-5)
    assert mean_correlation(rows[::-1]) == pytest.approx(mean_correlation(rows), abs=1e-6)
    assert -1.001 <= mean_correlation(rows) <= 1.001


@pytest.mark.parametrize("accounts", [1, 5, 40])
def test_rows_have_length_one_or_nothing_left(accounts: int) -> None:
    rng = np.random.default_rng(71)
    counts = rng.poisson(crowd(rng, accounts))
    counts[0] = 3

    rows = residuals(counts, start=START)

    length = np.linalg.norm(rows, axis=1)
    assert rows.shape[0] == accounts
    assert length[0] == 0
    assert length[1:] == pytest.approx(np.ones(accounts - 1), abs=1e-5)


def test_rows_follow_the_order_of_accounts() -> None:
    rng = np.random.default_rng(72)
    counts = rng.poisson(crowd(rng, 12))
    order = rng.permutation(12)

    rows = residuals(counts, start=START)

    assert residuals(counts[order], start=START) == pytest.approx(rows[order], abs=1e-5)


@pytest.mark.parametrize("days", [4, 7, 10])
def test_is_what_least_squares_leave_with_or_without_a_weekend(days: int) -> None:
    rng = np.random.default_rng(70)
    monday = START // 24 * 24 - 4 * 24
    hour = monday + np.arange(days * 24)
    counts = rng.poisson(2.0, (6, days * 24))

    rows = residuals(counts, start=monday)

    own = (hour // 24 + 3) % 7 >= 5
    columns = [(hour % 24 == h) & (own == end) for h in range(24) for end in (False, True)]
    design = np.column_stack([*columns, np.sqrt(counts.sum(axis=0))])
    activity = np.sqrt(counts).T
    left = activity - design @ np.linalg.lstsq(design, activity)[0]
    unit = left / np.linalg.norm(left, axis=0)
    assert rows == pytest.approx(unit.T, abs=1e-5)


def test_one_day_leaves_next_to_nothing() -> None:
    rng = np.random.default_rng(73)

    rows = residuals(rng.poisson(crowd(rng, 20))[:, :24], start=START)

    assert (rows == 0).all()
    assert chance(rows, slice(0, 5), 20) == 1


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 8, 20])
def test_random_sets_are_accused_no_more_often_than_promised(size: int) -> None:
    rng = np.random.default_rng(74)
    draws, accounts = 8_000, 300
    rows = residuals(rng.poisson(crowd(rng, accounts)), start=START)
    tail = null_tails(rows, [size], rng)[size]

    pvalues = np.array(
        [
            p_value(mean_correlation(rows[rng.choice(accounts, size, replace=False)]), tail)
            for _ in range(draws)
        ]
    )

    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / draws)
        assert np.mean(pvalues <= level) <= level + noise


def at_a_stretch(rng: np.random.Generator, accounts: int, hours: int) -> Rates:
    """Return the rates of jobs that each run once for some hours at a stretch."""
    starts = rng.integers(0, HOURS, accounts)
    is_on = (np.arange(HOURS) - starts[:, None]) % HOURS < hours
    return np.where(is_on, 4.0, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "hours"), [(3, 12), (8, 24), (20, 36)])
def test_runs_of_hours_at_a_stretch_pass_no_more_often_than_promised(size: int, hours: int) -> None:
    rng = np.random.default_rng(81)
    draws = 250
    background = rng.poisson(crowd(rng, 120))
    pvalues, plain = np.empty(draws), np.empty(draws)
    for draw in range(draws):
        jobs = rng.poisson(at_a_stretch(rng, size, hours))
        rows = residuals(np.vstack([background, jobs]), start=START)[120:]
        if draw == 0:
            usual = null_tails(
                residuals(background, start=START), [size], np.random.default_rng(1)
            )[size]
        correlation = mean_correlation(rows)
        plain[draw] = pvalues[draw] = p_value(correlation, usual)
        if plain[draw] <= max(LEVELS):
            pvalues[draw] = max(plain[draw], p_value(correlation, shifted_tail(rows, rng)))

    # Random accounts are no null for such jobs; their own rows, moved, are.
    assert np.mean(plain <= 0.001) > 0.01
    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / draws)
        assert np.mean(pvalues <= level) <= level + noise


def test_a_queue_is_found_against_its_own_rows_moved() -> None:
    rng = np.random.default_rng(83)
    rates = np.vstack([crowd(rng, 200), queue(rng, 40)])
    rows = residuals(rng.poisson(rates), start=START)[200:]

    few, many = shifted_tail(rows[:8], rng), shifted_tail(rows, rng)

    assert p_value(mean_correlation(rows[:8]), few) < 1e-6
    assert p_value(mean_correlation(rows), many) == 1e-8
    assert abs(few.mean) < 5 * few.deviation / math.sqrt(120)


@pytest.mark.parametrize(("step", "alike"), [(1, 1 / 48), (24, 1 / 2)])
def test_rows_are_moved_by_hours_or_by_whole_days(step: int, alike: float) -> None:
    # Two accounts are busy in one hour of two days: moved they meet in one of 48, or in one of two.
    rows = np.zeros((2, 48), np.float32)
    rows[:, 5] = 1

    tail = shifted_tail(rows, np.random.default_rng(87), shifts=4_000, step=step)

    deviation = math.sqrt(alike * (1 - alike))
    assert tail.mean == pytest.approx(alike, abs=4 * deviation / math.sqrt(4_000))
    assert tail.deviation == pytest.approx(deviation, rel=0.25)


def test_same_dice_same_moves_and_rows_stay_as_they_are() -> None:
    rng = np.random.default_rng(84)
    rows = residuals(rng.poisson(crowd(rng, 40)), start=START)[:6]
    before = rows.copy()

    first, again = (shifted_tail(rows, np.random.default_rng(5)) for _ in range(2))

    assert first == again
    assert (rows == before).all()


def test_colleagues_with_the_same_hours_are_no_queue() -> None:
    rng = np.random.default_rng(75)
    rates = np.vstack([crowd(rng, 200), [office(9, 1.5)] * 20])

    rows = residuals(rng.poisson(rates), start=START)

    assert chance(rows, slice(200, 220), 200) > 0.01


@pytest.mark.parametrize("left_over", [0.0, 0.08])
def test_an_outage_of_the_platform_is_no_queue(left_over: float) -> None:
    rng = np.random.default_rng(76)
    # Steady busy accounts show an outage best, and the others hardly.
    rates = np.vstack([crowd(rng, 200) / 4, np.full((12, HOURS), 12.0)])
    rates[:, 60:69] *= left_over

    rows = residuals(rng.poisson(rates), start=START)

    assert not rows[:, 60:69].any(), "hours of the outage tell nothing, and keep their place"
    assert chance(rows, slice(200, 212), 200) > 0.001


def test_a_rush_on_the_whole_platform_is_no_queue() -> None:
    rng = np.random.default_rng(77)
    rates = np.vstack([crowd(rng, 200), np.full((12, HOURS), 6.0)])
    rates[:, 100:110] *= 4

    rows = residuals(rng.poisson(rates), start=START)

    assert chance(rows, slice(200, 212), 200) > 0.001


def test_finds_a_queue_and_lets_go_who_is_not_fed_by_it() -> None:
    rng = np.random.default_rng(78)
    rates = np.vstack([crowd(rng, 200), queue(rng, 8)])
    rows = residuals(rng.poisson(rates), start=START)
    members = np.append(np.arange(200, 208), [3, 50])

    kept = in_step(rows, members)

    assert chance(rows, slice(200, 208), 200) == 1e-8
    assert kept.tolist() == [True] * 8 + [False] * 2


@given(st.integers(2, 6), st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_with_the_rest_is_better_than_99_of_100_moves(accounts: int, bins: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(accounts, bins)) + rng.normal(size=bins)

    kept = in_step_with_rest(rows.astype(np.float32))

    for i, row in enumerate(rows):
        rest = np.delete(rows, i, axis=0).sum(axis=0)
        moved = np.array([rest @ np.roll(row, k) for k in range(bins)])
        margin = (moved[0] - np.quantile(moved, 0.99)) / np.abs(moved).max()
        assert kept[i] == (margin > 0) or abs(margin) < 1e-5


def test_who_keeps_step_with_the_rest_alone_is_told_without_outsiders() -> None:
    rng = np.random.default_rng(85)
    rates = np.vstack([crowd(rng, 200), queue(rng, 8)])
    rows = residuals(rng.poisson(rates), start=START)

    kept = in_step_with_rest(rows[np.append(np.arange(200, 208), [3, 50])])

    assert kept.tolist() == [True] * 8 + [False] * 2


def test_the_platform_of_everybody_is_taken_out_of_a_few() -> None:
    # Two jobs that follow a rush on the platform, of which they are a small part.
    rng = np.random.default_rng(86)
    rush = np.where(np.arange(HOURS) // 5 % 3 == 0, 4.0, 1.0)
    everybody = rng.poisson(300 * rush)
    everybody[60:69] = 0
    jobs = rng.poisson(np.tile(2 * rush, (8, 1)))
    jobs[:, 60:69] = 0

    rows = residuals(jobs, start=START, platform=everybody)

    assert rows.shape == (8, HOURS)
    assert not rows[:, 60:69].any(), "hours in which the platform was down tell nothing"
    assert abs(mean_correlation(rows)) < 0.05
    usual = np.full(HOURS, 600)
    assert mean_correlation(residuals(jobs, start=START, platform=usual)) > 0.3


@given(st.floats(-1, 1), st.floats(-0.5, 0.5), st.floats(0, 0.5), st.floats(-2, 3))
def test_a_larger_correlation_is_never_less_surprising(
    correlation: float, mean: float, deviation: float, skewness: float
) -> None:
    tail = Tail(mean, deviation, skewness)

    here, above = p_value(correlation, tail), p_value(correlation + 0.05, tail)

    assert 1e-8 <= above <= here <= 1


@pytest.mark.parametrize("skewness", [-0.5, 0.0, 0.5, 1.0])
def test_the_tail_is_that_of_its_three_moments(skewness: float) -> None:
    law = gamma(4 / skewness**2) if skewness > 0 else norm()
    z = (law.ppf([0.5, 0.99, 0.9999]) - law.mean()) / law.std()

    pvalues = [p_value(0.2 + 0.03 * one, Tail(0.2, 0.03, skewness)) for one in z]

    assert pvalues == pytest.approx([0.5, 0.01, 0.0001], rel=1e-6)


def test_same_dice_same_tails() -> None:
    rng = np.random.default_rng(79)
    rows = residuals(rng.poisson(crowd(rng, 40)), start=START)

    first, again = (null_tails(rows, [2, 5], np.random.default_rng(5)) for _ in range(2))

    assert first == again
    assert first[2].deviation > first[5].deviation > 0
