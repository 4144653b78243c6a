"""From findings to groups: accounts that findings keep naming together.

Findings come with overlapping members: a card, an address and a template may each hold part of one
group, and one proxy may serve two. Two accounts are as close as the share of their findings that
name both, each finding weighing as much as its p-value has zeros (a cosine); groups are
communities of that graph (`features.communities`). A finding that straddles two groups counts
little against the many that do not, so one reseller or proxy does not weld two campaigns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from revenuer.find.evidence import Finding
from revenuer.find.features import communities, sets

Numbers = NDArray[np.int64]
#: Mean closeness inside a group below which it is split.
CLOSENESS = 0.2
#: Pairs named by findings from which on accounts that the same findings name are one node.
MOST_PAIRS = 5_000_000
#: -log10 of the p-value at which a finding's weight ends.
STRONGEST = 100.0


class Group(NamedTuple):
    """Accounts that act as one.

    Attributes:
        members: Account numbers, sorted.
        findings: What binds them, strongest first.
        q_value: Of the strongest finding.
    """

    members: Numbers
    findings: tuple[Finding, ...]
    q_value: float


def merge(findings: Sequence[Finding], accounts: int, *, seed: int) -> list[Group]:
    """Return the groups, by q-value and first member; each account is in at most one.

    Args:
        findings: What passed the false discovery rate.
        accounts: Number of accounts in all.
        seed: Of the community search.
    """
    if not findings:
        return []
    sizes = np.array([len(f.members) for f in findings])
    rows = np.repeat(np.arange(len(findings)), sizes)
    columns = np.concatenate([f.members for f in findings])
    holds = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(findings), accounts))
    strength = np.minimum([-np.log10(f.p_value) for f in findings], STRONGEST)
    weighted = sparse.csr_array(holds * strength[:, None])
    named: NDArray[np.float64] = np.asarray(weighted.sum(axis=0), np.float64).ravel()
    is_crowded = int((sizes * (sizes - 1)).sum()) > 2 * MOST_PAIRS
    twins = _twins(holds, seed, is_crowded=is_crowded)
    pairs = _closeness(weighted[:, twins.first], named[twins.first], twins)
    parts = [
        np.sort(np.concatenate([twins.accounts[twin] for twin in part.tolist()]))
        for part in communities.find(
            pairs,
            seed=seed,
            resolution=CLOSENESS,
            is_weighted=True,
            sizes=twins.sizes if is_crowded else None,
        )
    ]
    # A finding belongs to the group that holds most of its members, if one does.
    inside = sparse.csr_array(
        (
            np.ones(sum(len(part) for part in parts)),
            (
                np.concatenate([*parts, np.empty(0, np.int64)]),
                np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
            ),
        ),
        shape=(accounts, len(parts)),
    )
    shared = (holds @ inside).tocoo()
    most = 2 * shared.data > sizes[shared.coords[0]]
    owned: list[list[Finding]] = [[] for _ in parts]
    for finding, part in sorted(zip(*(axis[most] for axis in shared.coords), strict=True)):
        owned[part].append(findings[finding])
    groups = [
        Group(members, tuple(own), min(f.q_value for f in own))
        for members, own in zip(parts, owned, strict=True)
        if own
    ]
    return sorted(groups, key=lambda g: (g.q_value, g.members.tolist()))


def _closeness(weighted: sparse.csr_array, named: NDArray[np.float64], twins: Twins) -> sets.Pairs:
    """Return pairs of classes, and how close their accounts are, times the pairs of these.

    Args:
        weighted: (findings, classes) weight of each finding in the classes that it names.
        named: (classes,) weight of all findings that name one.
        twins: The classes.
    """
    once = weighted.copy()
    once.data[:] = 1.0
    parts = []
    for first, common in sets.products(weighted.T.tocsr(), once):
        left, right = common.coords
        ahead = np.flatnonzero(left + first < right)
        left, right = (left[ahead] + first).astype(np.int32), right[ahead].astype(np.int32)
        closeness = common.data[ahead] / np.sqrt(named[left] * named[right])
        order = np.lexsort((right, left))
        weight = (closeness * twins.sizes[left] * twins.sizes[right]).astype(np.float32)
        parts.append((left[order], right[order], weight[order]))
    return sets.Pairs(*(np.concatenate(part) for part in zip(*parts, strict=True)))


class Twins(NamedTuple):
    """Accounts that the same findings name, by class.

    Attributes:
        first: (classes,) one account of each.
        sizes: (classes,) how many accounts there are.
        accounts: All of them, class by class.
    """

    first: Numbers
    sizes: Numbers
    accounts: list[Numbers]


def _twins(holds: sparse.csr_array, seed: int, *, is_crowded: bool) -> Twins:
    """Put accounts that the same findings name into one class, or each into one of its own.

    Twins are as close as can be, so no search would part them; a finding of thousands then costs
    its classes, not the square of its accounts.

    Args:
        holds: (findings, accounts) 0/1.
        seed: Of the marks that tell findings apart.
        is_crowded: Whether twins share a class.
    """
    marks = np.random.default_rng(seed).integers(1, 1 << 62, holds.shape[0])
    sums = np.zeros(holds.shape[1], np.int64)
    np.add.at(sums, holds.indices, np.repeat(marks, np.diff(holds.indptr)))
    named = np.unique(holds.indices).astype(np.int64)
    _, first, place, sizes = np.unique(
        sums[named] if is_crowded else named,
        return_index=True,
        return_inverse=True,
        return_counts=True,
    )
    order = named[np.argsort(place, kind="stable")]
    return Twins(named[first], sizes, np.split(order, np.cumsum(sizes)[:-1]))
