"""What is seen in the traffic of a group: the indicators of intent, each by its stable id.

`intent` says what each id means and which of them together accuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.identity import Disclosure
from revenuer.find.campaigns.traffic import Contrast, Traffic, contrast, contrast_accounts
from revenuer.find.features import Features

Numbers = NDArray[np.int64]
#: p-value above which a contrast is no indicator, after at most a few hundred groups.
ALPHA = 1e-3
STRONG_SHARE, WEAK_SHARE = 0.15, 0.35
STRONG_LIFT, WEAK_LIFT = 4.0, 1.8
#: Length above the model's usual one, in octaves: 0.3 is a quarter longer.
LONGER = 0.3
SINGLE, NEW = 0.8, 0.5
#: Share of exchanges refused, and how many times the usual one.
REFUSED, REFUSED_LIFT = 0.1, 5.0
#: Share of new prompts below which words are those of a public question set.
MOSTLY_NEW = 0.15
#: Accounts that work through a list, and end users of an account from which on it serves others.
FEWEST_SWEEPERS, SERVES = 6, 3
#: Share of exchanges in wordings that nobody else uses from which on the group has its own.
OWN_WORDING = 0.3
#: Doublings above the usual number of addresses or clients of an account; and the least number, or
#: a smaller one where it is so large a share of the exchanges.
ROTATES, MANY, SOME, OFTEN = 1.5, 4.0, 3.0, 0.3
#: Ties that speak for each indicator drawn from ties.
MADE_FOR_IT, MOVED, QUEUED = ("L01", "L02", "L03"), ("S01",), ("S02", "S03", "P01")


class Indicator(NamedTuple):
    """One thing seen: its id, its points, inside and outside, its p-value (None: not a test)."""

    rule_id: str
    points: int
    contrast: Contrast


def look(
    features: Features,
    traffic: Traffic,
    group: Group,
    rows: Numbers,
    private: Numbers | None,
    told: Disclosure,
) -> tuple[Indicator, ...]:
    """Return what is seen.

    Args:
        features: What was measured.
        traffic: From `traffic.survey`.
        group: The group.
        rows: Its exchanges that are looked at.
        private: Those of them in wordings of its own; None when only such are looked at.
        told: How its accounts are registered.
    """
    return tuple(
        [
            *_asked(features, traffic, rows, private),
            *_worked(features, traffic, rows, serves=SERVES if private is not None else np.inf),
            *_hidden(features, traffic, group, told),
            *_tied(group),
        ]
    )


def _asked(
    features: Features, traffic: Traffic, rows: Numbers, private: Numbers | None
) -> Iterator[Indicator]:
    """Yield what the words say, unless everybody repeats the same ones."""
    if new_share(features, rows) < MOSTLY_NEW:
        return
    strong = contrast(features, traffic, rows, "is_strong")
    if strong.inside >= max(STRONG_SHARE, STRONG_LIFT * strong.outside):
        yield from _tested("I1", 2, strong)
    weak = contrast(features, traffic, rows, "is_weak")
    if weak.inside >= max(WEAK_SHARE, WEAK_LIFT * weak.outside):
        yield from _tested("I2", 1, weak)
    own = 0.0 if private is None else len(private) / max(len(rows), 1)
    if own >= OWN_WORDING:
        yield _counted("I7", own)


def _worked(
    features: Features, traffic: Traffic, rows: Numbers, *, serves: float
) -> Iterator[Indicator]:
    """Yield what the shape of the work says."""
    length = contrast(features, traffic, rows, "length")
    if length.inside >= length.outside + LONGER:
        yield from _tested("I3", 1, length)
    single = contrast(features, traffic, rows, "is_single")
    if single.inside >= SINGLE and _is_list(features, rows, serves=serves):
        yield Indicator("I4", 1, single)
    refused = contrast(features, traffic, rows, "is_refused")
    if refused.inside >= max(REFUSED, REFUSED_LIFT * refused.outside):
        yield from _tested("I5", 1, refused)


def _hidden(
    features: Features, traffic: Traffic, group: Group, told: Disclosure
) -> Iterator[Indicator]:
    """Yield how the accounts hide whose they are."""
    exchanges = features.accounts.column("exchanges").to_numpy()[group.members]
    for rule_id, column in (("C1", "addresses"), ("C2", "clients")):
        many = contrast_accounts(features, traffic, group.members, column)
        each = features.accounts.column(column).to_numpy()[group.members] / exchanges
        least = SOME if np.median(each) >= OFTEN else MANY
        if many.inside >= max(least, many.outside + ROTATES):
            yield from _tested(rule_id, 1, many)
    if told.is_hidden:
        yield _counted("C3", told.names)


def _tied(group: Group) -> Iterator[Indicator]:
    """Yield what the ties themselves say of the purpose."""
    best = {finding.rule_id: finding.p_value for finding in reversed(group.findings)}
    for rule_id, ties in (("M1", MADE_FOR_IT), ("M2", MOVED), ("M3", QUEUED)):
        own = [best[tie] for tie in ties if tie in best]
        if own:
            yield Indicator(rule_id, 1, Contrast(float(len(own)), 0.0, min(own)))


def _tested(rule_id: str, points: int, found: Contrast) -> Iterator[Indicator]:
    if found.p_value <= ALPHA:
        yield Indicator(rule_id, points, found)


def _counted(rule_id: str, share: float) -> Indicator:
    return Indicator(rule_id, 1, Contrast(share, float("nan"), 1.0))


def new_share(features: Features, rows: Numbers) -> float:
    """Return the share of prompts that are asked for the first time, in [0, 1]."""
    prompts = features.exchanges.prompt[rows]
    prompts = prompts[prompts >= 0]
    return len(np.unique(prompts)) / max(len(prompts), 1)


def _is_list(features: Features, rows: Numbers, *, serves: float) -> bool:
    """Whether many accounts, of which the usual one has few end users, ask new questions."""
    rows = rows[features.exchanges.prompt[rows] >= 0]
    accounts = np.unique(features.exchanges.account[rows])
    if len(accounts) < FEWEST_SWEEPERS:
        return False
    users = features.accounts.column("end_users").to_numpy()[accounts]
    return float(np.median(users)) <= serves and new_share(features, rows) >= NEW
