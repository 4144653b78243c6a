"""Whom a campaign reaches through templates that are its own.

A second tie is proven for some accounts of a campaign; others use the same private template and
left none (a card of their own, made on another day). A template is a campaign's own when most of
the accounts that use it in earnest are accused already; whoever else uses it in earnest is reached,
and only its exchanges with that template are meant. A public template is never a campaign's own,
however many accused accounts use it, since most of its users are elsewhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from revenuer.find.features import Features

Numbers = NDArray[np.int64]
#: Share of a template's accounts that are accused before it is a campaign's own.
OWN = 0.85
#: Exchanges with a template that are use in earnest: as many as make an account guilty.
IN_EARNEST, SMALLEST_SHARE = 20, 0.01
#: Accused accounts that use a template before it says anything of the campaign.
FEWEST_USERS = 10


def others(
    features: Features, carried: Numbers, accused: Numbers, free: NDArray[np.bool_]
) -> Numbers:
    """Return the exchange rows of further accounts that carry a template of the campaign's own.

    Args:
        features: What was measured.
        carried: (exchanges, 9) templates of each exchange (`features.carried_templates`).
        accused: Accounts of the campaign.
        free: (accounts,) whether an account may be reached: in no group, and not vouched for.

    Returns:
        Rows, ascending; each account in them has at least `IN_EARNEST`, and 1 % of its own.
    """
    use = features.template_use
    is_accused = np.zeros(use.shape[1], np.int64)
    is_accused[accused] = 1
    earnest = use.copy()
    earnest.data = (earnest.data >= IN_EARNEST).astype(np.int64)
    users = np.asarray(earnest.sum(axis=1)).ravel()
    inside = earnest @ is_accused
    private = np.flatnonzero((inside >= FEWEST_USERS) & (inside >= OWN * users) & (inside < users))
    if len(private) == 0:
        return np.empty(0, np.int64)
    reached = np.flatnonzero(np.asarray(earnest[private].sum(axis=0)).ravel())
    reached = reached[free[reached] & (is_accused[reached] == 0)]
    rows = features.rows_of(reached)
    rows = rows[np.isin(carried[rows], features.template_ids[private]).any(axis=1)]
    account, place = np.unique(features.exchanges.account[rows], return_inverse=True)
    carrying = np.bincount(place, minlength=len(account))
    own = features.starts[account + 1] - features.starts[account]
    return rows[((carrying >= IN_EARNEST) & (carrying >= SMALLEST_SHARE * own))[place]]
