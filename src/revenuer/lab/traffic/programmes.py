"""What do the programmes of API customers send?

Class `api_client`: lognormal volumes with the log-sd of each model (1.6 to 2.7), one task each with
a prompt frame of its own; 14 % run flat round the clock, 34 % send inputs of nearly one length,
12 % are classifiers with one or two output tokens, a third start after the first day and a
quarter last less than a quarter of the window. Most are active in a small part of the window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from revenuer.lab.traffic import chat, clock, people, wording
from revenuer.lab.traffic.exchanges import AGGREGATOR, CLOUD, FIRST_PARTY, Draft, Scene
from revenuer.lab.traffic.people import Roster
from revenuer.lab.traffic.wording import Texts
from revenuer.lab.traffic.world import LARGE, MID, REASON, SMALL, World

Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: model -> (share of clients, log-sd of their volumes)
MODELS = {LARGE: (0.4, 2.15), MID: (0.25, 2.35), SMALL: (0.15, 2.7), REASON: (0.2, 1.83)}
FLAT_SHARE = 0.14
CONSTANT_SHARE = 0.34
CLASSIFIER_SHARE = 0.12
CLOCKLIKE_SHARE = 0.03
_LARGEST_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Habits:
    """What each of the clients is like, one element a client."""

    model: Indices
    volume: Indices
    is_flat: Flags
    is_constant: Flags
    is_classifier: Flags


def api_client(rng: np.random.Generator, world: World, n: int, exchanges: int) -> Scene:
    """Return n customers whose programmes send about that many exchanges together."""
    habits = draw_habits(rng, n, exchanges)
    roster = people.enrol(rng, world, n, kind="api_client", plan="payg", is_programme=True)
    roster.plan[rng.random(n) < 0.2] = "team"
    roster.plan[habits.volume > 20 * np.median(habits.volume)] = "enterprise"
    people.company_mail(rng, world, roster)
    owner, at_s = _arrivals(rng, world, roster, habits)
    return Scene(roster, _requests(rng, world, roster, habits, owner, at_s))


def draw_habits(rng: np.random.Generator, n: int, exchanges: int) -> Habits:
    """Return the habits of n clients that send `exchanges` together, about."""
    shares = np.array([share for share, _ in MODELS.values()])
    model = rng.choice(np.array(list(MODELS)), size=n, p=shares)
    sigma = np.array([MODELS[int(m)][1] for m in model])
    raw = np.exp(rng.normal(0, 1, size=n) * sigma)
    # The mean of a lognormal grows with its log-sd: bring the models to one mean.
    raw /= np.exp(sigma**2 / 2)
    raw = np.minimum(raw, _LARGEST_SHARE * raw.sum())
    volume = np.maximum(np.round(raw * exchanges / raw.sum()), 1).astype(np.int64)
    is_classifier = (rng.random(n) < CLASSIFIER_SHARE) & (model != REASON)
    near = np.where(model == REASON, 0.12, CONSTANT_SHARE - 0.05)
    return Habits(
        model=model,
        volume=volume,
        is_flat=rng.random(n) < FLAT_SHARE,
        is_constant=(rng.random(n) < near) | (is_classifier & (rng.random(n) < 0.6)),
        is_classifier=is_classifier,
    )


def _arrivals(
    rng: np.random.Generator, world: World, roster: Roster, habits: Habits
) -> tuple[Indices, NDArray[np.float64]]:
    n = len(roster)
    peak = rng.uniform(0, 24, size=n)
    depth = np.where(habits.is_flat, 0.0, rng.beta(2, 1.6, size=n))
    active = np.where(habits.is_flat, 1.0, np.clip(rng.lognormal(-1.3, 1.0, size=n), 0.02, 1.0))
    late = ~habits.is_flat & (rng.random(n) < 0.33)
    short = ~habits.is_flat & (rng.random(n) < 0.25)
    first = np.maximum(
        np.where(late, rng.uniform(0.14, 0.85, size=n) * world.seconds, 0), roster.created_s
    )
    last = np.where(short, first + rng.uniform(0.03, 0.26, size=n) * world.seconds, world.seconds)
    intensity = (
        clock.days_of(world, peak, depth)
        * (0.02 + clock.spells(rng, world, active, 9.0))
        * clock.lifetimes(world, first, last)
    )
    cv = np.clip(rng.lognormal(0.25, 0.6, size=n), 0.7, 9)
    steady = rng.random(n) < CLOCKLIKE_SHARE
    cv = np.where(steady, rng.uniform(0.05, 0.45, size=n), np.where(habits.is_flat, 1.0, cv))
    return clock.arrivals(rng, world, habits.volume, intensity, cv)


def _requests(
    rng: np.random.Generator,
    world: World,
    roster: Roster,
    habits: Habits,
    owner: Indices,
    at_s: NDArray[np.float64],
) -> Draft:
    n, rows = len(roster), len(owner)
    attached, spread = _attached(rng, habits)
    extra = attached[owner] * np.exp(rng.normal(0, 1, size=rows) * spread[owner])
    typical = np.where(
        habits.is_classifier,
        1.5,
        np.where(habits.model == REASON, rng.lognormal(4.6, 0.9, n), rng.lognormal(4.1, 1.1, n)),
    )
    visible = typical[owner] * np.exp(rng.normal(0, 0.35, size=rows))
    visible = np.where(habits.is_classifier[owner], rng.integers(1, 3, size=rows), visible)
    moved = (rng.random(n) < 0.6)[owner]
    model = np.where(moved, chat.tried(rng, world, habits.model[owner], at_s), habits.model[owner])
    return Draft(
        owner=owner,
        at_s=at_s,
        prompt=cases(rng, world, owner, habits.is_constant),
        system=_system(rng, world, owner, n),
        address=roster.book[owner, (rng.random(rows) < 0.3).astype(np.int64)],
        client=roster.client[owner, 0],
        model=model,
        out_tokens=np.clip(visible, 1, 8000).astype(np.int64),
        reason_share=np.clip(rng.beta(3.2, 1.4, size=n), 0.3, 0.985)[owner],
        extra_tokens=extra.astype(np.int64),
        end_user=_end_users(rng, owner, n),
        key=rng.integers(0, 1 + rng.integers(3, size=n)[owner]),
        pathway=rng.choice([FIRST_PARTY, CLOUD, AGGREGATOR], p=[0.7, 0.2, 0.1], size=n)[owner],
        max_tokens=rng.choice([256, 512, 1024, 2048, 4096, 8192, 16384], size=n)[owner],
    )


def cases(rng: np.random.Generator, world: World, owner: Indices, is_constant: Flags) -> Texts:
    """Return (rows,) prompts: the frame of each client before the text of one case.

    `owner` (rows,) is the client of each row; `is_constant` (clients,) whether its cases are all
    about as long.
    """
    frames = world.grammar.make(rng, "apps", len(is_constant))
    steady = is_constant[owner]
    short, free = np.flatnonzero(steady), np.flatnonzero(~steady)
    sizes = np.clip(rng.lognormal(0.7, 0.8, size=len(free)), 1, 30).astype(np.int64)
    body = wording.scatter(
        [
            world.grammar.make(rng, "case", len(short)),
            wording.paragraphs(rng, world.grammar, "case", sizes),
        ],
        [short, free],
        len(owner),
    )
    return wording.joined(frames.take(pa.array(owner)), body)


def _attached(
    rng: np.random.Generator, habits: Habits
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n = len(habits.model)
    attached = rng.lognormal(6.3, 1.1, size=n)
    attached = np.where(habits.is_constant, np.maximum(attached, 250), attached)
    return attached, np.where(habits.is_constant, 0.015, rng.uniform(0.3, 1.0, size=n))


def _system(rng: np.random.Generator, world: World, owner: Indices, n: int) -> Texts:
    texts = world.grammar.make(rng, "system", n)
    texts = pc.if_else(pa.array(rng.random(n) < 0.75), texts, pa.scalar(None, pa.string()))
    return texts.take(pa.array(owner))


def _end_users(rng: np.random.Generator, owner: Indices, n: int) -> Texts:
    names = pa.array([f"u{i}" for i in range(1000)])
    users = np.where(rng.random(n) < 0.25, rng.integers(2, 1000, size=n), 0)
    drawn = (rng.random(len(owner)) ** 2 * users[owner]).astype(np.int64)
    return names.take(pa.array(drawn, mask=users[owner] == 0))


def calls(
    rng: np.random.Generator,
    world: World,
    roster: Roster,
    owner: Indices,
    at_s: NDArray[np.float64],
    prompt: Texts,
    *,
    typical_tokens: float,
) -> Draft:
    """Return plain requests of programmes, the models as API customers choose them.

    `typical_tokens` is the median of visible output tokens.
    """
    rows = len(owner)
    shares = [share for share, _ in MODELS.values()]
    model = rng.choice(np.array(list(MODELS)), p=shares, size=len(roster))
    visible = typical_tokens * rng.lognormal(0, 0.4, size=rows)
    return Draft(
        owner=owner,
        at_s=at_s,
        prompt=prompt,
        address=roster.book[owner, (rng.random(rows) < 0.2).astype(np.int64)],
        client=roster.client[owner, 0],
        model=model[owner],
        out_tokens=np.clip(visible, 1, 8000).astype(np.int64),
        max_tokens=rng.choice([512, 1024, 2048, 4096, 8192], size=len(roster))[owner],
    )
