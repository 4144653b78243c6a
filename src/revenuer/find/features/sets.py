"""Sets of accounts that have something in common, in one family of ties.

Whatever links accounts (a card, an address on a day, a template) is a token; the accounts that
show it are a set. Two kinds of set are kept: the accounts of one token, and communities of accounts
that share more tokens than their numbers explain (`features.communities`). How a set is made needs
no null model, as long as it is made within one family: the evidence stage asks whether sets of
*different* families hold the same accounts.

Pairs: if account i shows d_i tokens of a kind, and tokens are dealt out at random, i and j share
on average d_i d_j Σ f(f-1) / (Σ f)² of them, f being a token's number of accounts [1]. Pairs are
kept when a Poisson tail leaves less than one chance pair in ten accounts.

[1] Z. Neal. The backbone of bipartite projections. Social Networks 39, 2014.
    https://doi.org/10.1016/j.socnet.2014.06.001
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import poisson

Numbers = NDArray[np.int64]
Ends = Numbers | NDArray[np.int32]
Weights = NDArray[np.float64] | NDArray[np.float32]
#: Accounts of one token from which no pairs are made: a hub says little and costs its square.
HUB = 200
#: Products of entries that are in memory at once, about 50 bytes each.
AT_ONCE = 4_000_000


class Sets(NamedTuple):
    """Sets of accounts of one family.

    Attributes:
        family: footprint, templates, ...
        kinds: (sets,) what each set has in common, in a word.
        tokens: (sets,) token number, -1 for a community.
        members: (sets, accounts) sparse 0/1 matrix, rows sorted.
    """

    family: str
    kinds: NDArray[np.str_]
    tokens: Numbers
    members: sparse.csr_array


class Pairs(NamedTuple):
    """Pairs of accounts, left < right, and -log10 of the chance that strangers share as much."""

    left: Ends
    right: Ends
    weight: Weights


def incidence(tokens: Numbers, accounts: Numbers, shape: tuple[int, int]) -> sparse.csr_array:
    """Return the (tokens, accounts) 0/1 matrix of who shows what; repeats count once."""
    matrix = sparse.csr_array((np.ones(len(tokens), np.int32), (tokens, accounts)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def shared_pairs(shown: sparse.csr_array, *, dealt: int | None = None, hub: int = HUB) -> Pairs:
    """Return the pairs of accounts that share more tokens of one kind than chance explains.

    Args:
        shown: (tokens, accounts) 0/1.
        dealt: Σ f over all tokens, where `shown` lacks those that only one account shows.
        hub: Tokens with more accounts are left out.
    """
    popularity = np.diff(shown.indptr)
    kept = shown[(popularity >= 2) & (popularity <= hub)]
    empty = np.empty(0, np.int64)
    if kept.shape[0] == 0:
        return Pairs(empty, empty, np.empty(0))
    accounts = kept.shape[1]
    popularity = np.diff(kept.indptr).astype(np.float64)
    degrees = np.asarray(kept.sum(axis=0)).ravel().astype(np.float64)
    # Σ f counts tokens that only one account shows, too: they are part of what is dealt out.
    all_dealt = float(shown.nnz if dealt is None else dealt)
    chance = float((popularity * (popularity - 1)).sum()) / all_dealt**2
    parts = []
    for first, shared in products(kept.T.tocsr(), kept):
        left, right = (axis.astype(np.int64) for axis in shared.coords)
        left += first
        weight = np.zeros(len(left))
        ahead = np.flatnonzero(left < right)
        mean = degrees[left[ahead]] * degrees[right[ahead]] * chance
        weight[ahead] = -poisson.logsf(shared.data[ahead] - 1, mean) / math.log(10)
        enough = weight >= math.log10(10 * accounts)
        order = np.lexsort((right[enough], left[enough]))
        parts.append([part[enough][order] for part in (left, right, weight)])
    return Pairs(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def products(left: sparse.csr_array, right: sparse.csr_array) -> Iterator[tuple[int, Any]]:
    """Yield `left @ right` in stretches of rows: (first row, their product as `coo_array`).

    A stretch makes about `AT_ONCE` products or has one row, so memory is bounded where the whole
    product, the square of each token's accounts, is not.
    """
    made = np.cumsum(left @ np.diff(right.indptr))
    edges = np.unique(np.searchsorted(made, np.arange(AT_ONCE, made.max(initial=0), AT_ONCE)))
    for first, last in pairwise([0, *edges[edges > 0].tolist(), left.shape[0]]):
        yield first, (left[first:last] @ right).tocoo()


def merge(pairs: Sequence[Pairs], accounts: int) -> Pairs:
    """Return each pair once, with the largest of its weights: kinds of one family overlap."""
    keys = np.concatenate([p.left * accounts + p.right for p in pairs])
    weights = np.concatenate([p.weight for p in pairs])
    order = np.lexsort((-weights, keys))
    keys, first = np.unique(keys[order], return_index=True)
    return Pairs(keys // accounts, keys % accounts, weights[order][first])


def gather(
    family: str,
    tokens: sparse.csr_array,
    kinds: NDArray[np.str_],
    groups: Sequence[Numbers],
) -> Sets:
    """Return token sets of at least two accounts and communities as one collection.

    Of sets with the same accounts the first is kept, so that one fact is not tested twice.
    """
    popular = np.flatnonzero(np.diff(tokens.indptr) >= 2)
    own = tokens[popular]
    rows = [own.indices[own.indptr[i] : own.indptr[i + 1]] for i in range(len(popular))]
    seen: dict[bytes, int] = {}
    chosen: list[tuple[str, int, Numbers]] = []
    labelled = [
        *zip(kinds[popular].tolist(), popular.tolist(), rows, strict=True),
        *(("community", -1, group) for group in groups),
    ]
    for kind, token, row in labelled:
        members = np.sort(np.asarray(row, np.int64))
        if seen.setdefault(members.tobytes(), len(chosen)) == len(chosen):
            chosen.append((kind, token, members))
    sizes = np.array([len(members) for _, _, members in chosen], np.int64)
    matrix = sparse.csr_array(
        (
            np.ones(int(sizes.sum()), np.int32),
            np.concatenate([m for _, _, m in chosen]) if chosen else np.empty(0, np.int64),
            np.concatenate([[0], np.cumsum(sizes)]),
        ),
        shape=(len(chosen), tokens.shape[1]),
    )
    return Sets(
        family,
        np.array([kind for kind, _, _ in chosen], np.str_),
        np.array([token for _, token, _ in chosen], np.int64),
        matrix,
    )
