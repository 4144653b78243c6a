"""Does a coordinated group harvest?

Coordination is not theft, so a group is accused only when its traffic also looks like the making
of training data. Indicators are counted, not weighed by a trained model: each is a comparison with
accounts of no group, has a stable id, and can be read by an account holder.

| id | what is seen |
|---|---|
| I1 | many prompts ask for training signal in so many words (strong rules); two points |
| I2 | many prompts use words that ordinary users use less often (weak rules) |
| I3 | completions longer than the model's usual ones |
| I4 | a list is worked through: new questions, asked once each, never followed up |
| I5 | refusals in bursts: a search for wordings that get through |
| I6 | with I4: many wordings or many subjects, not one job's wording |
| M1 | identities made for the purpose: accounts made, started or stopped together |
| M2 | a move to a new model together, soon after it appeared |
| C1 | each account acts from many addresses |
| C2 | each account acts through many clients |

Each counts one point but I1; three accuse, on one of these conditions, so that habits alone accuse
nobody:

* I1;
* I4 with I6, C1 or C2; or I4 with I2 and I3 by ten accounts, or with I3 and M1 by twenty. An
  honest job that is split over accounts is a list too, but it has one wording (`wording`), few
  accounts, and no need to rotate addresses. I4 is not asked of accounts that serve users of their
  own, whose prompts are many people's;
* I3 and M1, with I5, M2, C1 or C2: what is left where text is not logged, and I1, I2, I4 and I6
  cannot be seen.

Without I1 there must be a footprint among the ties, a third family, C1 or C2, or twenty accounts
with a q-value of 1e-15; without I1 and I2 the ties must be stronger, with a q-value of 1e-4. Ties
by first and last use alone need twenty accounts, C1 or C2. Prompts that everybody in the group
repeats are a public question set and count for nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.find.campaigns import wording
from revenuer.find.campaigns.exemplars import Rows
from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.traffic import Contrast, Traffic, contrast, contrast_accounts
from revenuer.find.features import Features

Numbers = NDArray[np.int64]
#: p-value above which a contrast is no indicator, after at most a few hundred groups.
ALPHA = 1e-3
STRONG_SHARE, WEAK_SHARE = 0.15, 0.35
STRONG_LIFT, WEAK_LIFT = 4.0, 1.8
#: Length above the model's usual one, in octaves: 0.3 is a quarter longer.
LONGER = 0.3
SINGLE, NEW = 0.9, 0.5
#: Share of new prompts below which words are those of a public question set.
MOSTLY_NEW = 0.15
#: Share of a group's accounts that must harvest in earnest: else a few busy members are accused
#: for what a class or an office does.
EARNEST = 0.5
#: Share of prompts with one wording from which on they are one job.
ONE_JOB = 0.8
#: Accounts that work through a list, and end users of an account from which on it serves others.
FEWEST_SWEEPERS, SERVES = 6, 3
#: Accounts from which on one job in one wording, weakly worded, is no team's own any more.
MANY = 10
#: Accounts from which on one job that draws long completions out of accounts made in a batch is no
#: firm's own either: an honest firm needs a handful.
VERY_MANY = 20
#: Doublings above the usual number of addresses or clients of an account, and the least number.
ROTATES, MANY_ADDRESSES = 1.5, 3.0
#: Exchanges by which a harvest is more than a trial (guilt, as the design defines it).
FEWEST_HARVESTED, SMALLEST_SHARE = 20, 0.01
FEWEST_ACCOUNTS = 3
ACCUSES = 3
#: Share of the median member's findings, and of the zeros of its best p-value, below both of which
#: a member is not accused.
NAMED, BOUND = 0.25, 0.5
#: q-value that a group needs when no words speak for harvest: less of one evidence, more of other.
WORDLESS_Q = 1e-4
#: q-value that only a batch made for the purpose reaches, not the growth of a product.
TIGHT_Q = 1e-15
#: Ties by first and last use alone.
SEEN_TOGETHER = {"L02", "L03"}


class Indicator(NamedTuple):
    """One thing seen: its id, its points, inside and outside, its p-value (None: not a test)."""

    rule_id: str
    points: int
    contrast: Contrast


class Verdict(NamedTuple):
    """What the traffic of a group says.

    Attributes:
        is_harvest: Whether the points suffice.
        indicators: What was seen.
        harvested: Exchange rows that belong to the harvest.
        unjudged: Whether text and output tokens were both missing.
    """

    is_harvest: bool
    indicators: tuple[Indicator, ...]
    harvested: Numbers
    unjudged: bool


def judge(
    features: Features, traffic: Traffic, group: Group, private: Numbers, source: Rows
) -> Verdict:
    """Judge the whole traffic of a group; failing that, only what runs through its own templates.

    The second look finds carriers, whose harvest is a small part of other people's traffic.

    Args:
        features: What was measured.
        traffic: From `traffic.survey`.
        group: The group.
        private: From `private_rows`.
        source: Gives texts.
    """
    rows = features.rows_of(group.members)
    first = _look(features, traffic, group, rows, source)
    if _accuses(first, group):
        return _verdict(features, traffic, first, rows, private)
    for job in (private, private[traffic.is_strong[private]]):
        if len(job) >= FEWEST_HARVESTED:
            again = _look(features, traffic, group, job, source)
            if _accuses(again, group):
                return Verdict(True, again, job, False)
    blind = bool(
        (features.exchanges.prompt[rows] < 0).all() and np.isnan(traffic.length[rows]).all()
    )
    return Verdict(False, first, np.empty(0, np.int64), blind)


def accused(features: Features, verdict: Verdict, group: Group) -> Numbers:
    """Return the members with enough harvested exchanges: at least 20, and 1 % of their own.

    A member that findings name far less often than the others, and none as surely, is not accused
    either: it may have been swept in by one weak tie.
    """
    account = features.exchanges.account
    accounts = features.accounts.num_rows
    harvested = np.bincount(account[verdict.harvested], minlength=accounts)[group.members]
    exchanges = features.accounts.column("exchanges").to_numpy()[group.members]
    named, bound = np.zeros(accounts, np.int64), np.zeros(accounts)
    for finding in group.findings:
        named[finding.members] += 1
        bound[finding.members] = np.maximum(bound[finding.members], -np.log10(finding.p_value))
    named, bound = named[group.members], bound[group.members]
    is_tied = (named >= NAMED * np.median(named)) | (bound >= BOUND * np.median(bound))
    enough = (harvested >= FEWEST_HARVESTED) & (harvested >= SMALLEST_SHARE * exchanges)
    # Where most traffic is the harvest, most members must take part; carriers are judged singly.
    is_main = 2 * harvested.sum() > exchanges.sum()
    if is_main and enough.sum() < EARNEST * len(group.members):
        return np.empty(0, np.int64)
    return group.members[enough & is_tied]


def _look(
    features: Features, traffic: Traffic, group: Group, rows: Numbers, source: Rows
) -> tuple[Indicator, ...]:
    seen: list[Indicator] = []

    def add(rule_id: str, points: int, found: Contrast, is_seen: bool) -> None:
        if is_seen and found.p_value <= ALPHA:
            seen.append(Indicator(rule_id, points, found))

    is_own = _new_share(features, rows) >= MOSTLY_NEW
    strong = contrast(features, traffic, rows, "is_strong")
    asked = strong.inside >= max(STRONG_SHARE, STRONG_LIFT * strong.outside)
    add("I1", 2, strong, asked and is_own)
    weak = contrast(features, traffic, rows, "is_weak")
    asked = weak.inside >= max(WEAK_SHARE, WEAK_LIFT * weak.outside)
    add("I2", 1, weak, asked and is_own)
    length = contrast(features, traffic, rows, "length")
    add("I3", 1, length, length.inside >= length.outside + LONGER)
    single = contrast(features, traffic, rows, "is_single")
    if single.inside >= SINGLE and _is_list(features, rows):
        seen.append(Indicator("I4", 1, single))
        one = wording.one_wording(source, rows)
        if one < ONE_JOB:
            seen.append(Indicator("I6", 1, Contrast(1 - one, float("nan"), 1.0)))
    refused = contrast(features, traffic, rows, "is_refused")
    add("I5", 1, refused, refused.inside >= max(0.1, 5 * refused.outside))
    for rule_id, column in (("C1", "addresses"), ("C2", "clients")):
        many = contrast_accounts(features, traffic, group.members, column)
        add(rule_id, 1, many, many.inside >= max(MANY_ADDRESSES, many.outside + ROTATES))
    rules = {finding.rule_id: finding for finding in group.findings}
    for rule_id, finding_ids in (("M1", ("L01", "L02", "L03")), ("M2", ("S01",))):
        own = [rules[one] for one in finding_ids if one in rules]
        if own:
            chance = min(f.p_value for f in own)
            seen.append(Indicator(rule_id, 1, Contrast(float(len(own)), 0.0, chance)))
    return tuple(seen)


def _accuses(seen: tuple[Indicator, ...], group: Group) -> bool:
    ids = {indicator.rule_id for indicator in seen}
    if sum(indicator.points for indicator in seen) < ACCUSES:
        return False
    hides = bool(ids & {"C1", "C2"})
    many = len(group.members) >= MANY
    worded = "I1" in ids or ({"I2", "I3", "I4"} <= ids and many)
    mass = {"I3", "I4", "M1"} <= ids and len(group.members) >= VERY_MANY
    works = mass or ("I4" in ids and (hides or "I6" in ids))
    blind = {"I3", "M1"} <= ids and (hides or bool(ids & {"I5", "M2"}))
    strength = 1.0 if ids & {"I1", "I2"} else WORDLESS_Q
    # Users of one new product are made together, too: without strong words or a shared footprint,
    # a third family must speak, or a batch larger and tighter than a product's growth.
    families = {family for finding in group.findings for family in finding.families}
    is_mass = len(group.members) >= VERY_MANY
    is_bound = "I1" in ids or hides or "footprint" in families or len(families) > 2
    is_bound |= is_mass and group.q_value <= TIGHT_Q
    # Coming and going with a template is what users of a public one do on the day it is news.
    is_bound &= is_mass or hides or not {f.rule_id for f in group.findings} <= SEEN_TOGETHER
    return is_bound and (worded or ((works or blind) and group.q_value <= strength))


def _new_share(features: Features, rows: Numbers) -> float:
    """Return the share of prompts that are asked for the first time, in [0, 1]."""
    prompts = features.exchanges.prompt[rows]
    prompts = prompts[prompts >= 0]
    return len(np.unique(prompts)) / max(len(prompts), 1)


def _is_list(features: Features, rows: Numbers) -> bool:
    """Whether many accounts that serve nobody else ask new questions."""
    rows = rows[features.exchanges.prompt[rows] >= 0]
    accounts = np.unique(features.exchanges.account[rows])
    if len(accounts) < FEWEST_SWEEPERS:
        return False
    users = features.accounts.column("end_users").to_numpy()[accounts]
    return float(np.median(users)) <= SERVES and _new_share(features, rows) >= NEW


def private_rows(features: Features, traffic: Traffic, rows: Numbers) -> Numbers:
    """Return rows whose prompt has a template that mostly this group uses, three accounts of it."""
    # A template in two fields of one exchange counts once, as in `Features.template_use`.
    own = np.sort(traffic.template[rows], axis=1)
    own[:, 1:][own[:, 1:] == own[:, :-1]] = -1
    ids, where = np.unique(own, return_inverse=True)
    where = where.reshape(own.shape)
    inside = np.bincount(where.ravel(), minlength=len(ids))
    known = features.template_ids
    place = np.minimum(np.searchsorted(known, ids), max(len(known) - 1, 0))
    is_known = known[place] == ids if len(known) else np.zeros(len(ids), np.bool_)
    everywhere = np.where(is_known, traffic.carriers[place] if len(known) else 0, inside)
    account = np.broadcast_to(features.exchanges.account[rows][:, None], own.shape)
    cells = np.unique(np.column_stack([where.ravel(), account.ravel()]), axis=0)
    users = np.bincount(cells[:, 0], minlength=len(ids))
    is_private = (
        (ids >= 0)
        & (users >= FEWEST_ACCOUNTS)
        & (inside >= FEWEST_HARVESTED)
        & (2 * inside > everywhere)
    )
    return rows[is_private[where].any(axis=1)]


def _verdict(
    features: Features,
    traffic: Traffic,
    seen: tuple[Indicator, ...],
    rows: Numbers,
    private: Numbers,
) -> Verdict:
    """Take all exchanges of accounts that do little else, and only the telling ones of others."""
    _, account = np.unique(features.exchanges.account[rows], return_inverse=True)
    telling = traffic.is_strong[rows] | np.isin(rows, private)
    exchanges = np.bincount(account)
    single = np.bincount(account, traffic.is_single[rows]) / exchanges
    told = np.bincount(account, telling) / exchanges
    is_dedicated = (single >= SINGLE) | (told >= 0.2)
    return Verdict(True, seen, rows[telling | is_dedicated[account]], False)
