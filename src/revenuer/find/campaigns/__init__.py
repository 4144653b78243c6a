"""Findings -> groups -> campaigns.

A finding ties accounts in two families; accounts that findings keep naming together are a group; a
group whose traffic looks like the making of training data is a campaign (`intent`). Groups that
are not accused are listed with the reason. The verb is `find`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.find.campaigns import (
    dossier,
    exemplars,
    groups,
    identity,
    intent,
    reach,
    tables,
    traffic,
)
from revenuer.find.campaigns.dispositions import Cleared
from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.past import NOTHING, Past
from revenuer.find.evidence import Finding
from revenuer.find.features import Features
from revenuer.records import Campaign

__all__ = ["Outcome", "Past", "find"]

Numbers = NDArray[np.int64]
#: Share of a group's accounts in named organisations that makes it declared, if half are verified.
DECLARED = 0.8
#: Exchanges of one group, of each sort, whose text is read again; and of all groups together, since
#: texts are held at once: a scan of 11 million exchanges finds some six hundred harvests.
EXCERPT, MOST_READ = 250, 72_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a scan reports.

    Attributes:
        campaigns: Strongest first.
        members, coordinated, activity, ties: Arrow tables, as `revenuer.tables` describes them.
        examples: Ids of exchanges that evidence points to, sorted.
        coordinated_groups: Groups listed without an accusation.
        lineages: Arrow table of what lineages are recognised by.
        cleared: Decisions of analysts that still hold, by lineage.
    """

    campaigns: tuple[Campaign, ...]
    members: pa.Table
    coordinated: pa.Table
    activity: pa.Table
    ties: pa.Table
    examples: tuple[str, ...]
    coordinated_groups: int
    lineages: pa.Table
    cleared: dict[str, Cleared]


def find(
    features: Features,
    findings: Sequence[Finding],
    *,
    work: Path,
    known: frozenset[str],
    seed: int,
    past: Past = NOTHING,
) -> Outcome:
    """Return campaigns and coordinated groups.

    Args:
        features: What was measured.
        findings: What ties accounts, strongest first.
        work: Holds the ingested `exchanges/`, for the texts that a person needs to see.
        known: Accounts that are never accused (`--known`).
        seed: Of the community search.
        past: What an earlier run knew.
    """
    ids: list[str] = features.accounts.column("account_id").to_pylist()
    found = groups.merge(findings, len(ids), seed=seed)
    grouped = np.concatenate([g.members for g in found]) if found else np.empty(0, np.int64)
    seen = traffic.survey(features, grouped)
    vouched = np.array([account in known for account in ids], np.bool_)
    free = ~vouched
    free[grouped] = False
    names = identity.names(features)
    private = [intent.private_rows(features, seen, features.rows_of(g.members)) for g in found]
    verdicts = [
        intent.judge(features, seen, group, telling, names)
        for group, telling in zip(found, private, strict=True)
    ]
    used = reach.uses(features)
    rows = exemplars.Rows(work / "exchanges")
    harvests = [i for i, verdict in enumerate(verdicts) if verdict.is_harvest]
    rows.hold(_worth_reading(features, seen, [(found[i], private[i]) for i in harvests]))
    accused: list[tables.Accused] = []
    listed: list[tuple[Group, str]] = []
    for group, verdict in zip(found, verdicts, strict=True):
        reason = _excused(features, group, verdict, vouched)
        chosen = intent.accused(features, verdict, group)
        chosen = chosen[~vouched[chosen]]
        if reason or len(chosen) < intent.FEWEST_ACCOUNTS:
            listed.append((group, reason or "no_harvest"))
            continue
        rest = np.setdiff1d(group.members, chosen)
        further = reach.others(features, seen.template, used, chosen, free)
        widened = verdict._replace(harvested=np.union1d(verdict.harvested, further))
        chosen = np.union1d(chosen, features.exchanges.account[further])
        free[chosen] = False
        members = dossier.members(features, chosen, widened.harvested)
        campaign = dossier.write(features, seen, group, widened, members, ids, rows)
        accused.append(tables.Accused(campaign, members, widened.harvested, group))
        if len(rest):
            listed.append((group._replace(members=rest), "no_harvest"))
    rows.close()
    accused, told = past.follow(features, accused, work / "state")
    listed += [(one.group._replace(members=_numbers(one)), "cleared") for one in told.innocent]
    return Outcome(
        campaigns=tuple(one.campaign for one in accused),
        members=tables.members(accused, ids),
        coordinated=tables.coordinated(listed, features, ids),
        activity=tables.activity(accused, features),
        ties=tables.ties(accused, features, ids),
        examples=_examples([one.campaign for one in accused]),
        coordinated_groups=len(listed),
        lineages=told.lineages,
        cleared=told.cleared,
    )


def _numbers(one: tables.Accused) -> Numbers:
    return np.array([member.account for member in one.members], np.int64)


def _worth_reading(
    features: Features,
    seen: traffic.Traffic,
    harvests: Sequence[tuple[Group, Numbers]],
) -> Numbers:
    """Return a sample of each group's exchanges, of its telling ones, and of its private ones."""
    chosen = [np.empty(0, np.int64)]
    most = min(EXCERPT, max(MOST_READ // (3 * max(len(harvests), 1)), exemplars.SAMPLE))
    for group, telling in harvests:
        own = features.rows_of(group.members)
        for rows in (own, own[seen.is_strong[own]], telling):
            if len(rows):
                few = np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64)
                chosen.append(rows[few])
    return np.concatenate(chosen)


def _excused(
    features: Features, group: Group, verdict: intent.Verdict, vouched: NDArray[np.bool_]
) -> str:
    """Return why the group is not accused; "" when it is."""
    if vouched[group.members].mean() > 0.5:
        return "known"
    if _is_declared(features, group):
        return "declared"
    if verdict.is_harvest:
        return ""
    return "intent_unavailable" if verdict.unjudged else "no_harvest"


def _is_declared(features: Features, group: Group) -> bool:
    """Whether the accounts say openly whose they are, and the provider has checked.

    A group may hold several customers that do the same work; each must be there with two accounts.
    """
    rows = features.accounts.take(pa.array(group.members))
    counts = Counter(org for org in rows.column("org_id").to_pylist() if org)
    openly = sum(count for count in counts.values() if count >= 2)
    verified = sum(bool(v) for v in rows.column("is_verified").to_pylist())
    return openly >= DECLARED * len(group.members) and 2 * verified >= len(group.members)


def _examples(campaigns: Sequence[Campaign]) -> tuple[str, ...]:
    return tuple(sorted({e for c in campaigns for item in c.evidence for e in item.examples}))
