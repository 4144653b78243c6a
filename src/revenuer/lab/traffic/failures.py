"""Which requests fail, and which are sent again?

About 4.5 % fail (rate limits, overload, bad requests), four in five during an outage. Client
libraries send most of these again some seconds later, so honest logs hold the same prompt twice.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from revenuer.lab.traffic.exchanges import Draft
from revenuer.lab.traffic.world import BIN_S, World

_FAILED_SHARE = 0.045
_FAILED_IN_OUTAGE = 0.8
_STATUSES = np.array([429, 500, 529, 400, 408])
_STATUS_WEIGHTS = np.array([0.45, 0.15, 0.2, 0.15, 0.05])
#: Share of failed requests that are sent again: by programmes, by people.
_AGAIN_PROGRAMME, _AGAIN_PERSON = 0.6, 0.35


def befall(rng: np.random.Generator, world: World, draft: Draft) -> Draft:
    """Return the draft with the status of each request, and the second attempts appended.

    A bad request (400) is not sent again; a second attempt may fail too and is then given up.
    """
    status = _statuses(rng, world, draft.at_s)
    chance = _AGAIN_PERSON if draft.is_stream else _AGAIN_PROGRAMME
    fails = (status != 200) & (status != 400)
    again = np.flatnonzero(fails & (rng.random(len(status)) < chance))
    rows = np.concatenate([np.arange(len(status)), again])
    at_s = draft.at_s[rows]
    at_s[len(status) :] += 0.5 + rng.exponential(20.0 if draft.is_stream else 4.0, size=len(again))
    second = _statuses(rng, world, at_s[len(status) :])
    return dataclasses.replace(draft.take(rows), at_s=at_s, status=np.concatenate([status, second]))


def _statuses(
    rng: np.random.Generator, world: World, at_s: NDArray[np.float64]
) -> NDArray[np.int64]:
    bins = np.clip((at_s / BIN_S).astype(np.int64), 0, len(world.is_outage) - 1)
    chance = np.where(world.is_outage[bins], _FAILED_IN_OUTAGE, _FAILED_SHARE)
    failed = rng.random(len(at_s)) < chance
    return np.where(failed, rng.choice(_STATUSES, size=len(at_s), p=_STATUS_WEIGHTS), 200)
