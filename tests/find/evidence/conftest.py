"""A made log for the tests of this folder: accounts of all habits, and eight that act as one.

The eight are made in one hour, begin and stop together, turn to a new model together, and one queue
feeds them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import sparse

from revenuer.find.features import Features, Texts
from revenuer.find.features.exchanges import Exchanges
from revenuer.find.features.sets import Sets

OTHERS, RING, DAYS = 200, 8, 7
ACCOUNTS = OTHERS + RING
HOUR_US = 3_600_000_000
START_US = 492_000 * HOUR_US


def exchanges(rng: np.random.Generator) -> Exchanges:
    """Return a week: the others come, go and change models when they like."""
    hours = DAYS * 24
    rate = np.exp(rng.normal(-0.3, 0.7, (ACCOUNTS, 1)))
    come = np.where(rng.random(ACCOUNTS) < 0.5, 0, rng.uniform(24, 80, ACCOUNTS))
    go = np.where(rng.random(ACCOUNTS) < 0.5, hours, rng.uniform(100, 140, ACCOUNTS))
    turn = rng.uniform(85, hours, ACCOUNTS)
    is_busy = np.ones((ACCOUNTS, hours), np.bool_)
    is_busy[OTHERS:] = np.repeat(rng.random(hours // 3) < 0.6, 3)
    is_busy[OTHERS:, 36] = is_busy[OTHERS:, 125] = True
    rate[OTHERS:], come[OTHERS:], go[OTHERS:], turn[OTHERS:] = 3, 36, 126, 96
    hour = np.arange(hours)
    is_here = (hour >= come[:, None]) & (hour < go[:, None])
    counts = rng.poisson(rate * is_busy * is_here)
    account, at_hour = (axis.ravel().repeat(counts.ravel()) for axis in np.indices(counts.shape))
    at_us = START_US + at_hour * HOUR_US + rng.integers(0, HOUR_US, len(account))
    filler: list[Any] = [np.full(len(account), -1) for _ in Exchanges._fields]
    return Exchanges(*filler)._replace(
        account=account.astype(np.int32),
        at_us=at_us,
        model=(at_hour >= turn[account]).astype(np.int32),
        prompt=np.arange(len(account)),
    )


def accounts(made: Exchanges, rng: np.random.Generator) -> pa.Table:
    own = [made.at_us[made.account == number] for number in range(ACCOUNTS)]
    created = START_US - rng.integers(0, 400 * 24, ACCOUNTS) * HOUR_US
    created[OTHERS:] = START_US - 24 * HOUR_US + rng.integers(0, HOUR_US, RING)
    return pa.table(
        {
            "exchanges": [len(at) for at in own],
            "first_us": [at.min() for at in own],
            "last_us": [at.max() for at in own],
            "created_us": created,
            "active_hours": [len(np.unique(at // HOUR_US)) for at in own],
        }
    )


def sets(family: str, kind: str) -> Sets:
    """Return the set of the eight, if it is of this family, and one of eight others."""
    members = np.zeros((2, ACCOUNTS), np.int32)
    members[0, int(family == "footprint") :: 25] = 1
    members[1, OTHERS:] = (kind == "template") == (family == "templates")
    kinds = np.array(["community", kind if members[1].any() else "community"])
    return Sets(family, kinds, np.array([-1, -1]), sparse.csr_array(members))


def made(kind: str, *, asked_twice: float = 0.0) -> Features:
    """Return the log; the eight share something of this kind, and a part of their prompts."""
    rng = np.random.default_rng(85)
    week = exchanges(rng)
    prompt: NDArray[np.int64] = week.prompt.astype(np.int64)
    for number in range(OTHERS, ACCOUNTS):
        own = np.flatnonzero(week.account == number)
        few = own[: round(asked_twice * len(own))]
        prompt[few] = np.arange(len(few))
    texts = Texts(
        np.full((len(prompt), 3), -1, np.int32),
        np.arange(len(prompt), dtype=np.int32),
        np.zeros((len(prompt), 2, 4), np.uint64),
        np.zeros((len(prompt), 2), np.uint64),
    )
    filler: list[Any] = [None] * len(Features._fields)
    return Features(*filler)._replace(
        accounts=accounts(week, rng),
        exchanges=week._replace(prompt=prompt.astype(np.int32)),
        texts=texts,
        models=["old", "new"],
        template_sets=sets("templates", kind),
        footprint_sets=sets("footprint", kind),
    )


@pytest.fixture(scope="session")
def ring() -> Callable[..., Features]:
    """Return the maker of the log."""
    return made
