"""Campaigns and groups as the tables that `revenuer.tables` describes, sorted for equal bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.find.campaigns.dossier import Member, identify
from revenuer.find.campaigns.groups import Group
from revenuer.find.features import Features, Sets
from revenuer.records import Campaign
from revenuer.tables import CAMPAIGN_ACTIVITY, CAMPAIGN_TIES, COORDINATED, MEMBERS, Table

Numbers = NDArray[np.int64]
HOUR_US = 3_600_000_000
#: Ties written of one campaign; the rarest come first.
MOST_TIES = 20_000


class Accused(NamedTuple):
    """A campaign, its members, and the exchange rows of its harvest."""

    campaign: Campaign
    members: list[Member]
    harvested: Numbers


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
    """Return the ties between members, of each family that has sets of accounts."""
    rows: list[tuple[Any, ...]] = []
    for one in accused:
        numbers = np.array(sorted(member.account for member in one.members), np.int64)
        for sets in (features.footprint_sets, features.template_sets):
            rows += [
                (one.campaign.campaign_id, *sorted((ids[a], ids[b])), sets.family, weight)
                for a, b, weight in _pairs(sets, numbers)
            ]
    return _table(CAMPAIGN_TIES, sorted(rows))


def _pairs(sets: Sets, numbers: Numbers) -> list[tuple[int, int, float]]:
    """Return pairs of accounts that share a set, with the rarest thing they share."""
    inside = sets.members[:, numbers]
    popularity = np.diff(sets.members.indptr)
    accounts = sets.members.shape[1]
    best: dict[tuple[int, int], float] = {}
    rare_first = np.argsort(popularity, kind="stable")
    for row in rare_first:
        held = np.sort(inside.indices[inside.indptr[row] : inside.indptr[row + 1]])
        weight = float(f"{-np.log10(popularity[row] / accounts):.12g}")
        for i, a in enumerate(held.tolist()):
            for b in held[i + 1 :].tolist():
                best.setdefault((int(numbers[a]), int(numbers[b])), weight)
        if len(best) >= MOST_TIES:
            break
    return [(a, b, weight) for (a, b), weight in best.items()]


def _table(table: Table, rows: Sequence[Sequence[Any]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    return pa.table(
        [
            pa.array(list(values), column.type)
            for values, column in zip(columns, table.columns, strict=True)
        ],
        schema=table.schema,
    )
