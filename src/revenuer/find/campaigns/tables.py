"""Campaigns and groups as the tables that `revenuer.tables` describes, sorted for equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from revenuer.find.campaigns.dossier import Member, identify
from revenuer.find.campaigns.groups import Group
from revenuer.find.features import Features
from revenuer.records import Campaign
from revenuer.tables import CAMPAIGN_ACTIVITY, CAMPAIGN_TIES, COORDINATED, MEMBERS, Table

Numbers = NDArray[np.int64]
HOUR_US = 3_600_000_000
#: Ties written of one campaign and family; the rarest come first.
MOST_TIES = 20_000


class Accused(NamedTuple):
    """A campaign, its members, the exchange rows of its harvest, and the group it came from."""

    campaign: Campaign
    members: list[Member]
    harvested: Numbers
    group: Group


def members(accused: Sequence[Accused], ids: list[str]) -> pa.Table:
    """Return the accused accounts."""
    rows = [
        (
            one.campaign.campaign_id, one.campaign.lineage_id, ids[member.account], member.role,
            one.campaign.q_value, member.exchanges, member.harvested, member.joined_us,
            member.left_us,
        )
        for one in accused
        for member in one.members
    ]  # fmt: skip
    return _table(MEMBERS, sorted(rows))


def coordinated(
    listed: Sequence[tuple[Group, str]], features: Features, ids: list[str]
) -> pa.Table:
    """Return the accounts of groups that are not accused, with the reason."""
    exchanges = features.accounts.column("exchanges").to_numpy()
    rows = []
    for group, reason in listed:
        name = f"G-{identify([ids[a] for a in group.members])}"
        signals = sorted({family for finding in group.findings for family in finding.families})
        for account in group.members.tolist():
            q_value = float(f"{group.q_value:.12g}")
            rows.append((name, ids[account], q_value, int(exchanges[account]), signals, reason))
    return _table(COORDINATED, sorted(rows))


def activity(accused: Sequence[Accused], features: Features) -> pa.Table:
    """Return each campaign's exchanges by the hour."""
    rows: list[tuple[Any, ...]] = []
    exchanges = features.exchanges
    for one in accused:
        numbers = np.array([member.account for member in one.members], np.int64)
        own = features.rows_of(numbers)
        is_harvest = np.isin(own, one.harvested)
        hours, place = np.unique(exchanges.at_us[own] // HOUR_US, return_inverse=True)
        counts = np.bincount(place)
        harvested = np.bincount(place, is_harvest).astype(np.int64)
        cells = np.unique(np.column_stack([place, exchanges.account[own]]), axis=0)
        active = np.bincount(cells[:, 0], minlength=len(hours))
        rows += [
            (one.campaign.campaign_id, int(h) * HOUR_US, int(n), int(k), int(a))
            for h, n, k, a in zip(hours, counts, harvested, active, strict=True)
        ]
    return _table(CAMPAIGN_ACTIVITY, sorted(rows))


def ties(accused: Sequence[Accused], features: Features, ids: list[str]) -> pa.Table:
    """Return the ties between members, of each family that has sets of accounts.

    Accounts are numbered in the order of their ids, so numbers are sorted in place of names.
    """
    order = sorted(range(len(accused)), key=lambda i: accused[i].campaign.campaign_id)
    families = sorted([features.footprint_sets, features.template_sets], key=lambda s: s.family)
    found = [(*[np.empty(0, np.int64)] * 4, np.empty(0))]
    for family, sets in enumerate(families):
        members = sets.members.tocsc()
        popularity = np.diff(sets.members.indptr) / len(ids)
        for campaign, i in enumerate(order):
            numbers = np.array(sorted(member.account for member in accused[i].members), np.int64)
            left, right, weight = _pairs(members[:, numbers].tocsr(), popularity)
            same = [np.full(len(left), n) for n in (campaign, family)]
            found.append((same[0], numbers[left], numbers[right], same[1], weight))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    rank = np.lexsort(columns[::-1])
    campaign_of, left, right, family_of, weight = (column[rank] for column in columns)
    names = pa.array([accused[i].campaign.campaign_id for i in order], pa.string())
    labels = pa.array([sets.family for sets in families], pa.string())
    known = pa.array(ids, pa.string())
    return pa.table(
        [
            names.take(pa.array(campaign_of)),
            known.take(pa.array(left)),
            known.take(pa.array(right)),
            labels.take(pa.array(family_of)),
            pa.array(weight),
        ],
        schema=CAMPAIGN_TIES.schema,
    )


def _pairs(
    inside: sparse.csr_array, popularity: NDArray[np.float64]
) -> tuple[Numbers, Numbers, NDArray[np.float64]]:
    """Return pairs of members that share a set, with the rarest thing they share.

    Args:
        inside: (sets, members) 0/1.
        popularity: (sets,) share of all accounts that are in each set.
    """
    shared = np.flatnonzero(np.diff(inside.indptr) >= 2)
    keys, weights, found = [np.empty(0, np.int64)], [np.empty(0)], 0
    for row in shared[np.argsort(popularity[shared], kind="stable")]:
        held = np.sort(inside.indices[inside.indptr[row] : inside.indptr[row + 1]]).astype(np.int64)
        # Of a crowd, only as many pairs as are written.
        first = min(len(held), MOST_TIES // (len(held) - 1) + 1)
        a, b = (ends[: MOST_TIES - found] for ends in np.triu_indices(first, 1, len(held)))
        keys.append(held[a] * inside.shape[1] + held[b])
        weights.append(np.full(len(a), -np.log10(popularity[row])))
        found += len(a)
        if found >= MOST_TIES:
            break
    # Rare sets come first, so the first entry of a pair is its rarest.
    pairs, at = np.unique(np.concatenate(keys), return_index=True)
    exact, place = np.unique(np.concatenate(weights)[at], return_inverse=True)
    weight = np.array([float(f"{w:.12g}") for w in exact])[place]
    return pairs // inside.shape[1], pairs % inside.shape[1], weight


def _table(table: Table, rows: Sequence[Sequence[Any]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    return pa.table(
        [
            pa.array(list(values), column.type)
            for values, column in zip(columns, table.columns, strict=True)
        ],
        schema=table.schema,
    )
