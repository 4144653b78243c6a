"""Groups of accounts that hang together in a graph of pairs.

Leiden with the constant Potts objective [1], since modularity merges small groups (resolution
limit). The resolution is the mean edge, over all pairs of a group, below which it is split.

[1] V. Traag, L. Waltman, N. J. van Eck. From Louvain to Leiden. Scientific Reports 9, 2019.
    https://doi.org/10.1038/s41598-019-41695-z
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import igraph
import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from revenuer.find.features.sets import Ends, Numbers, Pairs, Weights

RESOLUTION = 0.05
#: Edges that are searched at once, about 180 bytes each; a component may have more.
MOST_EDGES = 2_000_000


def find(
    pairs: Pairs,
    *,
    seed: int,
    resolution: float = RESOLUTION,
    is_weighted: bool = False,
    sizes: Numbers | None = None,
) -> list[Numbers]:
    """Return groups of at least two accounts that hang together in the graph of pairs, sorted.

    Args:
        pairs: Edges.
        seed: Of the search.
        resolution: Density of edges below which a group is split.
        is_weighted: Whether edges count by their weight.
        sizes: Accounts that each node stands for, also those without an edge; missing: one.
    """
    left, right = pairs.left, pairs.right
    if sizes is None:
        nodes, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
        left, right = np.split(ends, 2)
        sizes = np.ones(len(nodes), np.int64)
    else:
        nodes = np.arange(len(sizes))
    weight = pairs.weight if is_weighted else np.ones(len(left))
    igraph.set_random_number_generator(_Dice(seed))
    found: list[Numbers] = []
    for own, graph, weights in _pieces(left, right, weight, sizes, resolution):
        parts = graph.community_leiden(
            objective_function="CPM",
            resolution=resolution,
            weights=weights,
            node_weights=sizes[own].tolist(),
            n_iterations=4,
        )
        found += [nodes[np.sort(own[part])] for part in parts if sizes[own[part]].sum() >= 2]
    return sorted(found, key=lambda part: (int(part[0]), len(part)))


def _pieces(
    left: Ends,
    right: Ends,
    weight: Weights,
    sizes: Numbers,
    resolution: float,
) -> Iterator[tuple[Numbers, Any, Weights]]:
    """Yield nodes, their graph and the weights of its edges, that no community can reach out of.

    Leiden's communities are built of parts whose mean edge is at least the resolution [1], so the
    edges of at least that weight connect each of them. Components of those edges are searched a
    few at a time, which bounds memory by the largest.

    Args:
        left: (edges,) one end of each.
        right: (edges,) the other.
        weight: (edges,) times the accounts that its ends stand for.
        sizes: (nodes,) accounts that each stands for.
        resolution: Density of edges below which a group is split.

    Yields:
        (nodes,) numbers; the graph of these; (edges,) weights.
    """
    firm = np.flatnonzero(weight >= resolution * sizes[left] * sizes[right])
    joined = sparse.coo_array(
        (np.ones(len(firm), np.int8), (left[firm], right[firm])), shape=(len(sizes), len(sizes))
    )
    count, component = connected_components(joined, directed=False)
    is_inside = component[left] == component[right]
    held = np.bincount(component[left[is_inside]], minlength=count)
    piece = ((np.cumsum(held) - held) // MOST_EDGES).astype(np.int32)[component]
    del firm, joined
    place = np.empty(len(sizes), np.int32)
    for number in np.unique(piece):
        own = np.flatnonzero(piece == number)
        place[own] = np.arange(len(own), dtype=np.int32)
        edges = np.flatnonzero(is_inside & (piece[left] == number))
        # Nothing is kept while the piece is searched but what the search needs.
        ends = np.column_stack([place[left[edges]], place[right[edges]]])
        graph, weights = igraph.Graph(n=len(own), edges=ends), weight[edges]
        del edges, ends
        yield own, graph, weights


class _Dice:
    """What igraph asks of a source of random numbers, from a numpy generator."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def random(self) -> float:
        return float(self._rng.random())

    def randint(self, low: int, high: int) -> int:
        return int(self._rng.integers(low, high, endpoint=True))

    def gauss(self, mean: float, deviation: float) -> float:
        return float(self._rng.normal(mean, deviation))
