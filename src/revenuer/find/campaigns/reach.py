"""Whom a campaign reaches through templates that are its own.

A second tie is proven for some accounts of a campaign; others use the same private template and
left none (a card of their own, made on another day). A template is a campaign's own when most of
the accounts that use it in earnest are accused already; whoever else uses it in earnest is reached,
and only its exchanges with that template are meant. Of several templates each may be less its own:
who uses three that a campaign shares with few others has not met them by chance. A public template
is never a campaign's own, however many accused accounts use it, since most of its users are
elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from revenuer.find.campaigns.traffic import Carried
from revenuer.find.features import Features

Numbers = NDArray[np.int64]
#: Share of a template's accounts that are accused before it is a campaign's own.
OWN = 0.85
#: Share from which on a template is partly a campaign's own, and how many such an account must use.
PARTLY, SEVERAL = 0.35, 3
#: Share of its exchanges that carry them before an account is reached.
MOSTLY = 0.5
#: Exchanges of one account with one of several templates that are no copied prompt.
USES = 3
#: Exchanges with a template that are use in earnest: as many as make an account guilty.
IN_EARNEST = 20
#: Accused accounts that use a template before it says anything of the campaign.
FEWEST_USERS = 10


class Uses(NamedTuple):
    """(templates, accounts) who uses what in earnest, and who several times: 0/1, no zero held."""

    earnest: sparse.csr_array
    several: sparse.csr_array


def uses(features: Features) -> Uses:
    """Return who uses what; once for all campaigns, since most templates are no campaign's."""
    return Uses(*(_at_least(features.template_use, least) for least in (IN_EARNEST, USES)))


def others(
    features: Features, carried: Carried, used: Uses, accused: Numbers, free: NDArray[np.bool_]
) -> Numbers:
    """Return the exchange rows of further accounts that carry a template of the campaign's own.

    Args:
        features: What was measured.
        carried: Gives the templates of exchanges.
        used: From `uses`.
        accused: Accounts of the campaign.
        free: (accounts,) whether an account may be reached: in no group, and not vouched for.

    Returns:
        Rows, ascending; each account in them has at least `IN_EARNEST`, and half of its own.
    """
    earnest, several = used
    is_accused = np.zeros(earnest.shape[1], np.int64)
    is_accused[accused] = 1
    own = _shared(earnest, is_accused, OWN)
    by_one = np.asarray(earnest[own].sum(axis=0)).ravel() > 0
    partly = _shared(several, is_accused, PARTLY)
    by_several = np.zeros(len(free), np.bool_)
    # The layers of one text have a template each: what counts is the layer with most.
    layer = features.template_ids[partly] // max(len(features.texts.templates), 1)
    for one in np.unique(layer):
        by_several |= np.asarray(several[partly[layer == one]].sum(axis=0)).ravel() >= SEVERAL
    is_free = free & (is_accused == 0)
    return np.union1d(
        _carrying(features, carried, by_one & is_free, own),
        _carrying(features, carried, by_several & is_free, partly),
    )


def _carrying(
    features: Features,
    carried: Carried,
    is_reached: NDArray[np.bool_],
    templates: Numbers,
) -> Numbers:
    """Return the rows that carry some templates, of accounts with enough and mostly such."""
    rows = features.rows_of(np.flatnonzero(is_reached))
    rows = rows[np.isin(carried(rows), features.template_ids[templates]).any(axis=1)]
    account, place = np.unique(features.exchanges.account[rows], return_inverse=True)
    carrying = np.bincount(place, minlength=len(account))
    exchanges = features.starts[account + 1] - features.starts[account]
    return rows[((carrying >= IN_EARNEST) & (carrying >= MOSTLY * exchanges))[place]]


def _at_least(use: sparse.csr_array, least: int) -> sparse.csr_array:
    often = use.copy()
    often.data = (often.data >= least).astype(np.int64)
    often.eliminate_zeros()
    return often


def _shared(users: sparse.csr_array, is_accused: Numbers, share: float) -> Numbers:
    """Return the templates that enough accused accounts use, and few others."""
    inside, all_users = users @ is_accused, np.asarray(users.sum(axis=1)).ravel()
    return np.flatnonzero(
        (inside >= FEWEST_USERS) & (inside >= share * all_users) & (inside < all_users)
    )
