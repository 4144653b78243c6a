"""When do requests arrive?

Each client has an intensity in ten-minute bins: its day, its working spells, its first and last
day, times what the platform imposes on everyone. Arrivals are a renewal process in operational
time (Gamma or Weibull gaps [1]), mapped through the inverse of the integrated intensity, so that
one client may be clock-like, bursty or flat whatever its volume.

[1] Y. Xiang et al. ServeGen: workload characterization and generation of large language model
    serving in production. 2025. https://arxiv.org/abs/2505.09999
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from revenuer.lab.traffic.world import BIN_S, BINS_A_DAY, DAY_S, World

Intensity = NDArray[np.float64]
Seconds = NDArray[np.float64]
Indices = NDArray[np.int64]


def days_of(world: World, peak_h: NDArray[np.float64], depth: NDArray[np.float64]) -> Intensity:
    """Return (clients, bins) daily shapes with mean 1.

    `peak_h` (clients,) is the hour of the peak, UTC; `depth` (clients,) is 0 for a flat day and
    near 1 for an empty night.
    """
    hours = np.arange(BINS_A_DAY) * BIN_S / 3600
    angle = 2 * np.pi * (hours[None, :] - peak_h[:, None]) / 24
    shape = np.exp(1.3 * np.cos(angle) + 0.35 * np.cos(2 * angle))
    shape /= shape.mean(axis=1, keepdims=True)
    day = 1 - depth[:, None] + depth[:, None] * shape
    return np.tile(day, (1, world.days))


def spells(
    rng: np.random.Generator, world: World, active_share: NDArray[np.float64], mean_bins: float
) -> Intensity:
    """Return (clients, bins) of 0 and 1: working spells that fill `active_share` of the window."""
    n, bins = len(active_share), world.days * BINS_A_DAY
    position = np.arange(bins) / mean_bins
    # A smooth random wave, cut at the quantile that leaves the wanted share: spells of the
    # wanted length at no cost in loops.
    waves = np.zeros((n, bins))
    for harmonic in (0.5, 0.23, 0.11):
        speed = rng.uniform(0.6, 1.4, size=(n, 1)) * harmonic
        waves += np.sin(2 * np.pi * (position[None, :] * speed + rng.random((n, 1))))
    rank = np.argsort(np.argsort(waves, axis=1), axis=1) / bins
    return (rank >= 1 - active_share[:, None]).astype(np.float64)


def lifetimes(world: World, first_s: NDArray[np.float64], last_s: NDArray[np.float64]) -> Intensity:
    """Return (clients, bins) of 0 and 1: between the first and the last second of each client."""
    middle = (np.arange(world.days * BINS_A_DAY) + 0.5) * BIN_S
    return ((middle >= first_s[:, None]) & (middle <= last_s[:, None])).astype(np.float64)


def arrivals(
    rng: np.random.Generator,
    world: World,
    counts: Indices,
    intensity: Intensity,
    cv: NDArray[np.float64],
) -> tuple[Indices, Seconds]:
    """Return who sends and when, client by client and in order of time within each.

    Args:
        rng: Random stream.
        world: The stage.
        counts: (clients,) exchanges of each.
        intensity: (clients, bins) own intensity; the platform's factor is applied here.
        cv: (clients,) coefficient of variation of the gaps in operational time. Above 1.5 gaps
            are Weibull for every other client, otherwise Gamma.

    Returns:
        owner (exchanges,) and seconds from the start (exchanges,).
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    lived = intensity * world.platform[None, :]
    cumulative = np.cumsum(lived, axis=1)
    total = cumulative[:, -1:]
    cumulative = np.where(total > 0, cumulative / np.where(total > 0, total, 1), 1.0)
    units = _operational(rng, counts, owner, cv)
    # Rows are laid end to end, row i covering (i, i + 1], so that one search serves all clients.
    flat = (cumulative + np.arange(len(counts))[:, None]).ravel()
    place = np.searchsorted(flat, units + owner, side="left")
    bins = intensity.shape[1]
    column = np.clip(place - owner * bins, 0, bins - 1)
    upper = cumulative[owner, column]
    lower = np.where(column > 0, cumulative[owner, np.maximum(column - 1, 0)], 0.0)
    inside = np.clip((units - lower) / np.maximum(upper - lower, 1e-12), 0, 1 - 1e-9)
    return owner, (column + inside) * BIN_S


def _operational(
    rng: np.random.Generator, counts: Indices, owner: Indices, cv: NDArray[np.float64]
) -> NDArray[np.float64]:
    shape = 1 / np.maximum(cv, 0.05) ** 2
    gaps = rng.gamma(shape[owner]) / shape[owner]
    heavy = (cv[owner] > 1.5) & (owner % 2 == 1)
    # Weibull shape from the CV: k = cv ** -1.086 is within 4 % for CVs of 1 to 10.
    gaps[heavy] = rng.weibull(cv[owner[heavy]] ** -1.086)
    gaps = np.maximum(gaps, 1e-9)
    begins = np.cumsum(counts) - counts
    held = np.minimum(begins, max(len(gaps) - 1, 0))
    running = np.cumsum(gaps)
    since = running - running[held][owner] if len(gaps) else gaps
    last = since[np.maximum(begins + counts - 1, 0)] if len(gaps) else np.zeros(len(counts))
    # One more gap closes the circle, which is cut at a random place: no edge is favoured.
    span = last + np.maximum(rng.gamma(shape) / shape, 1e-9)
    units = ((since / span[owner]) + rng.random(len(counts))[owner]) % 1.0
    units = np.clip(units, 1e-9, 1 - 1e-9)
    return np.sort(units + owner) - owner


def turns_after(
    rng: np.random.Generator, begins: Seconds, turns: Indices, *, median_s: float = 126.0
) -> tuple[Indices, Indices, Seconds]:
    """Return the turns of conversations: index of the conversation, turn from 1, and second.

    Gaps between turns are lognormal with the median given and a log-sd of 1.05.
    """
    which = np.repeat(np.arange(len(begins)), turns)
    turn = np.arange(len(which)) - np.repeat(np.cumsum(turns) - turns, turns) + 1
    gaps = np.where(turn > 1, rng.lognormal(np.log(median_s), 1.05, size=len(which)), 0.0)
    running = np.cumsum(gaps)
    base = running[np.cumsum(turns) - turns] if len(turns) else running
    return which, turn, begins[which] + running - base[which]


def office(world: World, offset_h: float, *, begin_h: float, end_h: float) -> NDArray[np.float64]:
    """Return (bins,) of 0 and 1: working hours on weekdays at a place `offset_h` east of UTC."""
    second = world.start_s + (np.arange(world.days * BINS_A_DAY) + 0.5) * BIN_S + offset_h * 3600
    hour = (second % DAY_S) / 3600
    weekday = (second // DAY_S + 3) % 7  # 1970-01-01 was a Thursday
    return ((hour >= begin_h) & (hour < end_h) & (weekday < 5)).astype(np.float64)
