"""What a finding is, and what its makers share.

A generator makes the comparisons of one class and yields findings; an integer among them counts
comparisons that found nothing, which the false discovery rate has to know of.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from revenuer.find.features.measured import Features
from revenuer.find.features.sets import Sets

Numbers = NDArray[np.int64]
#: Odds or ratio below which agreement is put down to something both families have in common.
ODDS_FLOOR = 10.0
#: p-value below which a set is tested against a second null, made from its own exchanges.
SECOND_NULL = 0.1
STRATA = 8
#: Accounts of a set above which it is no crowd and no queue, but a public.
LARGEST_SET = 5_000
#: Traits in words.
TRAITS = {
    "template": "a template",
    "payment": "a card or payer",
    "address": "an address on one day",
    "prefix": "a network on one day",
    "mail": "a mail domain and pattern",
    "signup_address": "an address at sign-up",
    "signup_prefix": "a network at sign-up",
    "session": "a session",
}


class Finding(NamedTuple):
    """A set of one family that another family confirms.

    Attributes:
        families: The two families, the one that made the set first.
        rule_id: Stable id of the comparison, such as `F01`.
        subject: What the accounts have in common, in words.
        members: Account numbers, sorted.
        observed, expected: Of the statistic of the comparison, under the null for `expected`.
        effect: Effect size in the unit of the comparison.
        p_value, q_value: In (0, 1].
        token: Token of the first set, -1 for a community.
    """

    families: tuple[str, str]
    rule_id: str
    subject: str
    members: Numbers
    observed: float
    expected: float
    effect: float
    p_value: float
    q_value: float
    token: int


def words(sets: Sets, i: int) -> str:
    """Say what the accounts of a set have in common."""
    kind = str(sets.kinds[i])
    if kind == "community":
        return "several shared templates" if sets.family == "templates" else "several shared traits"
    return TRAITS.get(kind, kind.replace("_", " "))


def row(sets: Sets, i: int) -> Numbers:
    """Return the members of one set."""
    members = sets.members
    return members.indices[members.indptr[i] : members.indptr[i + 1]].astype(np.int64)


def both(left: sparse.csr_array, i: int, right: sparse.csr_array, j: int) -> Numbers:
    """Return the accounts that row i of one set matrix and row j of another have in common."""
    rows = [m.indices[m.indptr[k] : m.indptr[k + 1]] for m, k in ((left, i), (right, j))]
    few, many = sorted(rows, key=len)
    # A set of nine is looked up in one of a hundred thousand, which is not copied.
    place = np.minimum(np.searchsorted(many, few), len(many) - 1)
    return few[many[place] == few].astype(np.int64)


def strata(features: Features) -> Numbers:
    """Put accounts into classes of like activity, by octave of their number of exchanges."""
    exchanges = features.accounts.column("exchanges").to_numpy()
    return np.minimum(np.log2(exchanges).astype(np.int64), STRATA - 1)
