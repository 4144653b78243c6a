"""Whom a group reaches through templates that are its own.

A tie in two families is proven for some members; others use the same private template without
leaving a second tie (a card of their own, made on another day). A template is a group's own when
most of the accounts that use it are members; whoever else uses it in earnest is taken in, and
groups that live on the same template are one. A public template is never a group's own, since most
of its users are elsewhere, however many members use it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from revenuer.find.campaigns.groups import Group

Numbers = NDArray[np.int64]
#: Share of a template's accounts that are members before it is a group's own.
OWN = 0.6
#: Exchanges with the template before an account uses it in earnest; fewer may be a trial.
IN_EARNEST = 10
#: Members that use a template before it says anything of the group.
FEWEST_USERS = 3


def extend(groups: Sequence[Group], use: sparse.csr_array) -> list[Group]:
    """Join groups that live on one template, and take in the template's other accounts.

    Args:
        groups: From `groups.merge`.
        use: (templates, accounts) exchanges of each account that carry each template.

    Returns:
        Groups whose members may have grown; an account stays in at most one.
    """
    if not groups:
        return []
    owner = np.full(use.shape[1], -1)
    for number, group in enumerate(groups):
        owner[group.members] = number
    earnest = use.copy()
    earnest.data = (earnest.data >= IN_EARNEST).astype(np.int32)
    earnest.eliminate_zeros()
    joined = _joined([_users(earnest, t) for t in range(earnest.shape[0])], owner, len(groups))
    members: list[list[Numbers]] = [[] for _ in range(int(joined.max()) + 1)]
    for number, group in enumerate(groups):
        members[joined[number]].append(group.members)
    owner = np.where(owner >= 0, joined[owner], -1)
    for template in range(earnest.shape[0]):
        users = _users(earnest, template)
        number = _owner_of(users, owner)
        if number >= 0:
            fresh = users[owner[users] < 0]
            owner[fresh] = number
            members[number].append(fresh)
    extended = []
    for number, parts in enumerate(members):
        own = [groups[g] for g in np.flatnonzero(joined == number).tolist()]
        findings = sorted(
            (f for g in own for f in g.findings), key=lambda f: (f.q_value, f.p_value, f.rule_id)
        )
        extended.append(
            Group(np.unique(np.concatenate(parts)), tuple(findings), min(g.q_value for g in own))
        )
    return sorted(extended, key=lambda g: (g.q_value, g.members.tolist()))


def _users(earnest: sparse.csr_array, template: int) -> Numbers:
    start, end = earnest.indptr[template : template + 2]
    return earnest.indices[start:end].astype(np.int64)


def _owner_of(users: Numbers, owner: Numbers) -> int:
    """Return the group that most of the users belong to, -1 for none."""
    inside = owner[users][owner[users] >= 0]
    if len(inside) < FEWEST_USERS:
        return -1
    number = int(np.bincount(inside).argmax())
    return number if (inside == number).sum() >= OWN * len(users) else -1


def _joined(templates: Sequence[Numbers], owner: Numbers, groups: int) -> Numbers:
    """Return (groups,) a label: groups of which each has most members on one template share it."""
    sizes = np.bincount(owner[owner >= 0], minlength=groups)
    left: list[int] = []
    right: list[int] = []
    for users in templates:
        inside = owner[users][owner[users] >= 0]
        if len(inside) < max(FEWEST_USERS, OWN * len(users)):
            continue
        counts = np.bincount(inside, minlength=groups)
        living = np.flatnonzero((counts >= OWN * sizes) & (counts > 0))
        left += living[:-1].tolist()
        right += living[1:].tolist()
    graph = sparse.csr_array((np.ones(len(left)), (left, right)), shape=(groups, groups))
    return connected_components(graph, directed=False)[1].astype(np.int64)
