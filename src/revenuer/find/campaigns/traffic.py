"""What the accounts of a group do, beside what everybody else does.

Intent is a comparison: a share of prompts that ask for reasoning means nothing until it is set
against the share among accounts that belong to no group. All shares are taken an account at a
time, so that one busy account does not speak for all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from revenuer.find.features import Exchanges, Features, carried_templates

Numbers = NDArray[np.int64]
Shares = NDArray[np.float64]
#: Returns (rows, 9) templates that some exchanges carry in any field; -1 for none.
Carried = Callable[[Numbers], NDArray[np.int32]]
#: Exchanges that an account needs before its shares mean anything.
FEWEST_EXCHANGES = 10
SMALLEST = 1e-300
#: Accounts of no group that a group is compared with, evenly over all; more decide nothing.
MOST_REFERENCES = 3_000
#: Levels that ranks are put on, and tilts tried in the bound on their sum.
LEVELS, TILTS = 64, np.geomspace(0.002, 4.0, 48)
#: Flags and numbers of `Traffic` that are compared.
COMPARED = ("is_strong", "is_weak", "is_single", "length", "is_refused")
#: Columns of the accounts table that are compared, on a logarithmic scale.
COUNTED = ("addresses", "clients")


class Traffic(NamedTuple):
    """Flags of exchanges, and what is usual.

    Attributes:
        is_strong, is_weak: (exchanges,) a strong, a weak intent rule is met in some field.
        is_single: (exchanges,) alone in its conversation, as far as the log shows.
        length: (exchanges,) log2 of output tokens over the model's median; NaN for unknown.
        is_refused: (exchanges,) 1, 0, or NaN for unknown.
        template: Returns what some exchanges carry; of all at once it would be 36 bytes each.
        reference: (accounts,) whether the account is in no group and busy enough to compare with.
        carriers: (templates,) exchanges of accounts in no group that carry each row of
            `Features.template_ids`.
        usual: Mean of each flag or number, by name, of each account of the reference, sorted.
    """

    is_strong: NDArray[np.bool_]
    is_weak: NDArray[np.bool_]
    is_single: NDArray[np.bool_]
    length: Shares
    is_refused: Shares
    template: Carried
    reference: NDArray[np.bool_]
    carriers: Numbers
    usual: dict[str, Shares]


class Contrast(NamedTuple):
    """A quantity inside a group and outside, by account.

    Attributes:
        inside, outside: Means over accounts.
        p_value: The null is that the group is a random draw from itself and the others. Twice the
            smaller of a bound on the sum of its ranks and of the hypergeometric chance that so
            many of it lie in the top tenth of all: the first has power where all are a little
            above, the second where a few are far above. Both hold at any size, ties or not.
    """

    inside: float
    outside: float
    p_value: float


def survey(features: Features, grouped: Numbers) -> Traffic:
    """Flag all exchanges.

    Args:
        features: What was measured.
        grouped: Accounts that belong to a group, and so are no reference.
    """
    exchanges = features.exchanges
    met = exchanges.hits | exchanges.system_hits
    counts = np.bincount(exchanges.account, minlength=features.accounts.num_rows)
    reference = counts >= FEWEST_EXCHANGES
    reference[grouped] = False
    ungrouped = np.ones(len(counts), np.int64)
    ungrouped[grouped] = 0
    if not reference.any():
        reference = counts >= FEWEST_EXCHANGES
    chosen = np.flatnonzero(reference)
    if len(chosen) > MOST_REFERENCES:
        reference[:] = False
        reference[chosen[np.linspace(0, len(chosen) - 1, MOST_REFERENCES).astype(np.int64)]] = True
    traffic = Traffic(
        (met & features.matcher.mask(weight="strong")) != 0,
        (met & features.matcher.mask(weight="weak")) != 0,
        _alone(exchanges),
        _lengths(exchanges.model, exchanges.output_tokens, len(features.models)),
        np.where(exchanges.refused < 0, np.nan, exchanges.refused),
        partial(carried_templates, exchanges, features.texts),
        reference,
        features.template_use @ ungrouped,
        {},
    )
    outside = np.flatnonzero(reference[exchanges.account])
    for name in COMPARED:
        values = getattr(traffic, name)
        traffic.usual[name] = np.sort(_account_means(exchanges.account[outside], values[outside]))
    for name in COUNTED:
        traffic.usual[name] = np.sort(_doublings(features, name, np.flatnonzero(reference)))
    return traffic


def contrast(features: Features, traffic: Traffic, rows: Numbers, name: str) -> Contrast:
    """Compare the accounts behind some exchanges with accounts of no group.

    Args:
        features: What was measured.
        traffic: From `survey`.
        rows: Exchanges of the group that are looked at.
        name: One of `COMPARED`; unknown values (NaN) are left out.

    Returns:
        p = 1 when either side has no account with `FEWEST_EXCHANGES` known values.
    """
    left = _account_means(features.exchanges.account[rows], getattr(traffic, name)[rows])
    return _compare(left, traffic.usual[name])


def contrast_accounts(
    features: Features, traffic: Traffic, members: Numbers, name: str
) -> Contrast:
    """Compare a column of the accounts table, on a logarithmic scale (doublings).

    Args:
        features: What was measured.
        traffic: From `survey`.
        members: Accounts of the group.
        name: One of `COUNTED`.
    """
    return _compare(_doublings(features, name, members), traffic.usual[name])


def _doublings(features: Features, name: str, accounts: Numbers) -> Shares:
    return np.log2(np.maximum(features.accounts.column(name).to_numpy()[accounts], 1))


def _compare(left: Shares, right: Shares) -> Contrast:
    if len(left) == 0 or len(right) == 0:
        return Contrast(float("nan"), float("nan"), 1.0)
    pooled = np.sort(np.concatenate([left, right]))
    top = pooled[int(0.9 * len(pooled))]
    high, above = int((pooled >= top).sum()), int((left >= top).sum())
    exact = float(hypergeom.sf(above - 1, len(pooled), high, len(left)))
    p_value = 2 * min(_ranked(left, pooled), exact)
    return Contrast(float(left.mean()), float(right.mean()), min(max(p_value, SMALLEST), 1.0))


def _ranked(left: Shares, pooled: Shares) -> float:
    """Bound the chance that a random draw from the sorted pool has ranks as high.

    Drawing without replacement is no more spread out than with it (W. Hoeffding, JASA 58, 1963,
    https://doi.org/10.1080/01621459.1963.10500830), so the exponential bound of the latter holds.
    Mann-Whitney's normal tail is far too small in small groups with ties.
    """
    levels = LEVELS * np.searchsorted(pooled, pooled, "right") // len(pooled)
    own = int((LEVELS * np.searchsorted(pooled, left, "right") // len(pooled)).sum())
    shares = np.bincount(levels, minlength=LEVELS + 1) / len(pooled)
    growth = np.log(np.exp(np.outer(TILTS, np.arange(LEVELS + 1) - LEVELS)) @ shares)
    return float(min(np.exp((len(left) * (growth + LEVELS * TILTS) - own * TILTS).min()), 1.0))


def _account_means(account: NDArray[np.int32], values: NDArray[np.generic]) -> Shares:
    values = values.astype(np.float64)
    known = ~np.isnan(values)
    # By place, not by account number: a group must not cost all accounts.
    _, place = np.unique(account[known], return_inverse=True)
    counts = np.bincount(place)
    sums = np.bincount(place, values[known])
    enough = counts >= FEWEST_EXCHANGES
    return sums[enough] / counts[enough]


def _alone(exchanges: Exchanges) -> NDArray[np.bool_]:
    """Return (exchanges,) whether nobody follows up, told by account and opening question.

    A history whose first turn was never sent is made up: a trace replayed, not a conversation. It
    is alone unless turns of several numbers follow it. Without text every first turn is alone.
    """
    is_first = exchanges.turns <= 1
    opening = np.where(is_first, exchanges.prompt, exchanges.opening).astype(np.int64)
    known = opening >= 0
    key = exchanges.account[known].astype(np.int64) << 32 | opening[known]
    _, place = np.unique(key, return_inverse=True)
    turns = exchanges.turns[known]
    least = np.full(len(place), np.iinfo(np.int32).max)
    most = np.zeros(len(place), np.int32)
    np.minimum.at(least, place, turns)
    np.maximum.at(most, place, turns)
    alone = is_first.copy()
    alone[known] = (least == most)[place]
    return alone


def _lengths(model: NDArray[np.int32], output: Numbers, models: int) -> Shares:
    medians = np.full(models + 1, np.nan)
    for one in range(-1, models):
        own = output[(model == one) & (output > 0)]
        if len(own):
            medians[one] = np.median(own)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(output > 0, np.log2(output / medians[model]), np.nan)
