"""How does a campaign hand its jobs to its accounts?

A campaign has seats, each held by one account after another. Jobs reach the seats round-robin from
one queue, or in common bursts, or each seat works by itself around the clock with jitter. A seat
whose account is banned is silent until the replacement takes over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from revenuer.lab.traffic import clock
from revenuer.lab.traffic.stealth import Dials
from revenuer.lab.traffic.world import BIN_S, BINS_A_DAY, DAY_S, World

Indices = NDArray[np.int64]
Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Who holds which seat from when.

    Attributes:
        first: (seats,) account that holds each seat first.
        second: (seats,) account that takes over, or -1.
        handover_s: (seats,) second at which the first account falls silent; end of the window if
            nobody takes over.
        resume_s: (seats,) second at which the second account begins.
        begin_s: (seats,) second at which the seat starts to work.
        accounts: Number of accounts.
        banned_s: When a common ban fell, or None.
    """

    first: Indices
    second: Indices
    handover_s: Seconds
    resume_s: Seconds
    begin_s: Seconds
    accounts: int


def seat(rng: np.random.Generator, world: World, dials: Dials) -> Seats:
    """Return the seats of a campaign."""
    n, end = dials.seats, world.seconds
    begin = np.full(n, rng.uniform(0, 0.15) * end)
    if dials.made == "spread":
        begin = rng.uniform(0, 0.35, size=n) * end
    if dials.has_common_ban:
        ban = rng.uniform(0.4, 0.6) * end
        handover = ban + rng.uniform(0, 900, size=n)
        resume = ban + rng.uniform(0.8, 5.0) * 3600 + rng.exponential(900, size=n)
        replaced = np.ones(n, dtype=bool)
    else:
        replaced = rng.random(n) < dials.replaced_share
        handover = begin + rng.uniform(0.3, 0.7, size=n) * (end - begin)
        resume = handover + rng.lognormal(np.log(2 * 3600), 0.8, size=n)
    resume = np.minimum(resume, end * 0.97)
    second = np.where(replaced, n + np.cumsum(replaced) - 1, -1)
    return Seats(
        first=np.arange(n),
        second=second.astype(np.int64),
        handover_s=np.where(replaced, handover, end),
        resume_s=np.where(replaced, resume, end),
        begin_s=begin,
        accounts=n + int(replaced.sum()),
    )


def jobs(
    rng: np.random.Generator, world: World, dials: Dials, seats: Seats
) -> tuple[Indices, Seconds]:
    """Return the account and second of each job of a campaign."""
    n = dials.seats
    mean = dials.each * np.where(seats.second >= 0, 2, 1)
    spread = rng.normal(1, 0.04, size=n) if dials.volumes == "even" else rng.lognormal(-0.3, 0.8, n)
    counts = np.maximum(np.round(mean * spread), 24).astype(np.int64)
    if dials.timing == "round_robin":
        place, at_s = _round_robin(rng, world, seats, int(counts.sum()))
    else:
        work = _alive(world, seats) * _rhythm(rng, world, dials, n)
        cv = rng.uniform(0.5, 1.1, size=n)
        place, at_s = clock.arrivals(rng, world, counts, work, cv)
    is_second = (at_s >= seats.handover_s[place]) & (seats.second[place] >= 0)
    return np.where(is_second, seats.second[place], seats.first[place]), at_s


def _rhythm(rng: np.random.Generator, world: World, dials: Dials, n: int) -> NDArray[np.float64]:
    if dials.timing == "bursts":
        # One queue: all seats work while it holds jobs, a burst lasting one to three hours.
        share = np.full(1, rng.uniform(0.2, 0.5))
        return 0.03 + clock.spells(rng, world, share, float(rng.uniform(6, 14))).repeat(n, axis=0)
    depth = np.full(n, 0.0 if rng.random() < 0.6 else 0.35)
    return clock.days_of(world, rng.uniform(0, 24, size=n), depth)


def _alive(world: World, seats: Seats) -> NDArray[np.float64]:
    middle = (np.arange(world.days * BINS_A_DAY) + 0.5) * BIN_S
    works = (middle >= seats.begin_s[:, None]) & (
        (middle < seats.handover_s[:, None]) | (middle >= seats.resume_s[:, None])
    )
    return works.astype(np.float64)


def _round_robin(
    rng: np.random.Generator, world: World, seats: Seats, total: int
) -> tuple[Indices, Seconds]:
    n = len(seats.first)
    alive = _alive(world, seats)
    queue = alive.mean(axis=0, keepdims=True) * (
        0.15 + clock.spells(rng, world, np.full(1, 0.5), 12.0)
    )
    _, at_s = clock.arrivals(rng, world, np.array([total]), queue, np.array([1.0]))
    # Turn by turn, with a tenth of the jobs going to a random seat (retries, slow workers).
    order = rng.permutation(n)
    place = order[np.arange(total) % n]
    stray = rng.random(total) < 0.1
    place[stray] = rng.integers(n, size=int(stray.sum()))
    bins = np.clip((at_s / BIN_S).astype(np.int64), 0, alive.shape[1] - 1)
    for _ in range(n):
        idle = alive[place, bins] == 0
        if not idle.any():
            break
        place[idle] = (place[idle] + 1) % n
    return place, at_s


def fresh_pool(rng: np.random.Generator, seats: Seats, dials: Dials) -> Seconds:
    """Return when each account was made, seconds from the start of the window.

    A batch is made within half a day, shortly before work begins; a replacement hours before it
    takes over. Otherwise accounts are one to nine weeks old.
    """
    made = np.empty(seats.accounts)
    n = len(seats.first)
    if dials.made == "batch":
        made[:n] = seats.begin_s.min() - rng.uniform(0.05, 1.5) * DAY_S
        made[:n] += rng.uniform(0, 0.04, size=n) * DAY_S * 12
        made[:n] = np.minimum(made[:n], seats.begin_s - 600)
    else:
        made[:n] = seats.begin_s - rng.uniform(7, 63, size=n) * DAY_S
    late = np.flatnonzero(seats.second >= 0)
    lead = (
        rng.uniform(600, 5 * 3600, size=len(late))
        if dials.made == "batch" or dials.has_common_ban
        else rng.uniform(2, 30, size=len(late)) * DAY_S
    )
    made[seats.second[late]] = seats.resume_s[late] - lead
    return made
