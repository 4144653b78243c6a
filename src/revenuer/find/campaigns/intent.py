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
| I7 | the group has wordings of its own, which nobody else uses |
| M1 | identities made for the purpose: accounts made, started or stopped together |
| M2 | a move to a new model together, soon after it appeared |
| M3 | one queue or one list feeds the accounts |
| C1 | each account acts from many addresses |
| C2 | each account acts through many clients |
| C3 | one operator under many names: unrelated payers and mail domains (`identity`) |

Each counts one point but I1; three accuse, on one of these conditions, so that habits alone accuse
nobody:

* I1;
* I4 with C1, C2 or I5: a list is worked through by accounts that hide whose they are, or that are
  refused often;
* I4 with C3 and I2, I3 or ten accounts: a few freelancers with cards of their own are many names;
* I4 with two of I2, I3, I7 and M3, by ten accounts, or with I3 and M1 by twenty;
* I3 and M1, with C1, C2, C3, I5 or M2, and a q-value of 1e-4: what is left where text is not
  logged, and I1, I2, I4 and I7 cannot be seen.

A day on which something is news brings strangers together. Where nothing but dates ties the
accounts, I1 needs I4, and C3 needs I4 with I2 or I3, however many they are.

An honest job that is split over accounts is a list too. Its firm has no reason to hide, so accounts
that are openly one customer (`identity`) are listed and never accused, and those of one institution
are accused on I1, I5, C1 or C2 only. I4 is not asked of accounts that serve users of their own,
whose prompts are many people's, unless only what runs through the group's own wordings is looked
at. Prompts that everybody in the group repeats are a public question set and count for nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.find.campaigns import identity
from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.identity import Disclosure
from revenuer.find.campaigns.indicators import SINGLE, Indicator, look
from revenuer.find.campaigns.traffic import Traffic
from revenuer.find.features import Features

Numbers = NDArray[np.int64]
#: Share of a group's accounts that must harvest in earnest: else a few busy members are accused
#: for what a class or an office does.
EARNEST = 0.5
#: Accounts from which on a weakly worded list is no team's own work any more.
MANY = 10
#: Accounts made in a batch from which on a list with long completions is no team's own work.
VERY_MANY = 20
#: Times the expected number of accounts made at one time that only a batch reaches, not a launch.
BATCH = 50.0
#: Exchanges by which a harvest is more than a trial (guilt, as the design defines it).
FEWEST_HARVESTED, SMALLEST_SHARE = 20, 0.01
#: Share of an account's exchanges that tell from which on it does little else; share of the usual
#: account's from which on nothing but what tells is meant.
TELLS, TELLS_ALL = 0.2, 0.8
#: Share of the median account's weak words from which on an account speaks like its group.
SPEAKS = 0.5
FEWEST_ACCOUNTS = 3
ACCUSES = 3
#: Share of the median member's findings, and of the zeros of its best p-value, below both of which
#: a member is not accused.
NAMED, BOUND = 0.25, 0.5
#: q-value that a group needs when no words speak for harvest: less of one evidence, more of other.
WORDLESS_Q = 1e-4
#: Ties that a day on which something is news makes, too.
OCCASIONS = {"L01", "L02", "L03", "S01"}


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
    features: Features, traffic: Traffic, group: Group, private: Numbers, names: Numbers
) -> Verdict:
    """Judge the whole traffic of a group; failing that, only what runs through its own templates.

    The second look finds carriers, whose harvest is a small part of other people's traffic.

    Args:
        features: What was measured.
        traffic: From `traffic.survey`.
        group: The group.
        private: From `private_rows`.
        names: From `identity.names`.
    """
    rows = features.rows_of(group.members)
    told = identity.disclosure(names, group.members)
    first = look(features, traffic, group, rows, private, told)
    has_text = bool((features.exchanges.prompt[rows] >= 0).any())
    if _accuses(first, group, told, has_text=has_text):
        return _verdict(features, traffic, first, rows, private)
    for job in (private[traffic.is_strong[private]], private):
        if len(job) >= FEWEST_HARVESTED:
            again = look(features, traffic, group, job, None, told)
            if _accuses(again, group, told, has_text=has_text):
                return Verdict(True, again, job, False)
    unjudged = not has_text and bool(np.isnan(traffic.length[rows]).all())
    return Verdict(False, first, np.empty(0, np.int64), unjudged)


def accused(features: Features, verdict: Verdict, group: Group) -> Numbers:
    """Return the members with enough harvested exchanges: at least 20, and 1 % of their own.

    A member that findings name far less often than the others, and none as surely, is not accused
    either: it may have been swept in by one weak tie.
    """
    size = len(group.members)
    taken = _places(group.members, features.exchanges.account[verdict.harvested])
    harvested = np.bincount(taken, minlength=size)
    exchanges = features.accounts.column("exchanges").to_numpy()[group.members]
    named, bound = np.zeros(size, np.int64), np.zeros(size)
    for finding in group.findings:
        own = _places(group.members, finding.members)
        named[own] += 1
        bound[own] = np.maximum(bound[own], -np.log10(finding.p_value))
    is_tied = (named >= NAMED * np.median(named)) | (bound >= BOUND * np.median(bound))
    enough = (harvested >= FEWEST_HARVESTED) & (harvested >= SMALLEST_SHARE * exchanges)
    # Where most traffic is the harvest, most members must take part, if only with a few exchanges
    # that are most of their own; carriers are judged singly.
    is_main = 2 * harvested.sum() > exchanges.sum()
    takes_part = enough | (2 * harvested > exchanges)
    if is_main and takes_part.sum() < EARNEST * len(group.members):
        return np.empty(0, np.int64)
    return group.members[enough & is_tied]


def _places(members: Numbers, accounts: NDArray[np.integer]) -> Numbers:
    """Return where those of the accounts that are members stand among them."""
    at = np.minimum(np.searchsorted(members, accounts), len(members) - 1)
    return at[members[at] == accounts]


def _accuses(
    seen: tuple[Indicator, ...], group: Group, told: Disclosure, *, has_text: bool
) -> bool:
    ids = {indicator.rule_id for indicator in seen}
    if sum(indicator.points for indicator in seen) < ACCUSES:
        return False
    if told.is_open or (told.is_institution and not ids & {"C1", "C2", "I1", "I5"}):
        return False
    is_occasion = _is_occasion(group)
    if "I1" in ids and ("I4" in ids or not is_occasion):
        return True
    hides = bool(ids & {"C1", "C2", "I5"})
    if not has_text:
        hides |= "M2" in ids or ("C3" in ids and not is_occasion)
        return {"I3", "M1"} <= ids and hides and group.q_value <= WORDLESS_Q
    if "I4" not in ids:
        return False
    size = len(group.members)
    if "C3" in ids:  # so is a firm of a few freelancers, each with a card
        hides |= bool(ids & {"I2", "I3"}) or (size >= MANY and not is_occasion)
    is_mass = size >= MANY and len(ids & {"I2", "I3", "I7", "M3"}) > 1
    is_mass |= size >= VERY_MANY and {"I3", "M1"} <= ids
    return hides or is_mass


def _is_occasion(group: Group) -> bool:
    """Whether all that ties the group is what a day brings on which something is news."""
    if not {finding.rule_id for finding in group.findings} <= OCCASIONS:
        return False
    batches = [f for f in group.findings if f.rule_id == "L01" and f.effect >= BATCH]
    return all(2 * len(batch.members) < len(group.members) for batch in batches)


def private_rows(features: Features, traffic: Traffic, rows: Numbers) -> Numbers:
    """Return rows with a template that three accounts of the group use, and few of no group."""
    # A template in two fields of one exchange counts once, as in `Features.template_use`.
    own = np.sort(traffic.template(rows), axis=1)
    own[:, 1:][own[:, 1:] == own[:, :-1]] = -1
    ids, where = np.unique(own, return_inverse=True)
    where = where.reshape(own.shape)
    inside = np.bincount(where.ravel(), minlength=len(ids))
    known = features.template_ids
    place = np.minimum(np.searchsorted(known, ids), max(len(known) - 1, 0))
    is_known = known[place] == ids if len(known) else np.zeros(len(ids), np.bool_)
    elsewhere = np.where(is_known, traffic.carriers[place] if len(known) else 0, 0)
    account = np.broadcast_to(features.exchanges.account[rows][:, None], own.shape)
    accounts = features.accounts.num_rows
    cells = np.unique(where.ravel() * accounts + account.ravel())
    users = np.bincount(cells // accounts, minlength=len(ids))
    is_private = (
        (ids >= 0)
        & (users >= FEWEST_ACCOUNTS)
        & (inside >= FEWEST_HARVESTED)
        & (inside > elsewhere)
    )
    return rows[is_private[where].any(axis=1)]


def _verdict(
    features: Features,
    traffic: Traffic,
    seen: tuple[Indicator, ...],
    rows: Numbers,
    private: Numbers,
) -> Verdict:
    """Take the telling exchanges, and all others of accounts that do little else.

    Wordings are never all known, so an account that sends telling ones is taken whole, unless
    nearly all of the group's exchanges tell: what does not is cover then. Where no words made the
    case, an account whose conversations have one turn is taken whole, if it uses the weak words
    that the case rests on at least half as often as the median account; without any text, all are.
    """
    _, account = np.unique(features.exchanges.account[rows], return_inverse=True)
    telling = traffic.is_strong[rows] | np.isin(rows, private)
    exchanges = np.bincount(account)
    single = np.bincount(account, traffic.is_single[rows]) / exchanges
    told = np.bincount(account, telling) / exchanges
    ids = {indicator.rule_id for indicator in seen}
    is_dedicated = told >= TELLS
    if not ids & {"I1", "I7"}:
        weak = np.bincount(account, traffic.is_weak[rows]) / exchanges
        speaks = weak >= SPEAKS * np.median(weak) if "I2" in ids else True
        is_dedicated |= (single >= SINGLE) & speaks
    is_dedicated |= not (features.exchanges.prompt[rows] >= 0).any()
    if np.median(told) >= TELLS_ALL:
        is_dedicated[:] = False
    return Verdict(True, seen, rows[telling | is_dedicated[account]], False)
