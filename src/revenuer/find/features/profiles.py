"""Accounts whose requests have the same sizes: what is left of a template when text is not logged.

A job that is split over accounts gives each the same distribution of prompt and completion
lengths. Each account with enough exchanges becomes a point: deciles of the logarithm of input and
of output tokens. Two accounts are a pair when they are nearer to each other than all but one in
`accounts` of all pairs are.

Weaker than templates by far: classifiers, short chats and whatever has a usual size look alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from revenuer.find.features.sets import Pairs

FEWEST_EXCHANGES = 50
DECILES = np.arange(0.1, 0.95, 0.1)
#: Accounts compared, the busiest first: distances are kept for every pair.
MOST_ACCOUNTS = 3_000


def pairs(
    account: NDArray[np.int32],
    input_tokens: NDArray[np.int64],
    output_tokens: NDArray[np.int64],
) -> Pairs:
    """Return pairs of accounts with like lengths; weight is -log10 of the share of nearer pairs.

    Args:
        account: (exchanges,) account number.
        input_tokens: (exchanges,) tokens read, -1 for unknown.
        output_tokens: (exchanges,) tokens written, -1 for unknown.
    """
    known = (input_tokens >= 0) & (output_tokens >= 0)
    account, sizes = account[known], np.column_stack([input_tokens, output_tokens])[known]
    exchanges = np.bincount(account) if len(account) else np.zeros(0, np.int64)
    busiest = np.argsort(-exchanges, kind="stable")[:MOST_ACCOUNTS]
    chosen = np.sort(busiest[exchanges[busiest] >= FEWEST_EXCHANGES])
    empty = np.empty(0, np.int64)
    if len(chosen) < 3:
        return Pairs(empty, empty, np.empty(0))
    order = np.argsort(account, kind="stable")
    starts = np.searchsorted(account[order], chosen, "left")
    ends = np.searchsorted(account[order], chosen, "right")
    logs = np.log1p(sizes[order])
    points = np.array(
        [
            np.quantile(logs[start:end], DECILES, axis=0).ravel()
            for start, end in zip(starts, ends, strict=True)
        ]
    )
    distances = pdist(points, "cityblock")
    kept = np.argsort(distances, kind="stable")[: len(chosen) // 2]
    left, right = np.triu_indices(len(chosen), 1)
    weight = -np.log10(
        (np.searchsorted(np.sort(distances), distances[kept], "right")) / len(distances)
    )
    rank = np.lexsort((right[kept], left[kept]))
    return Pairs(chosen[left[kept]][rank], chosen[right[kept]][rank], weight[rank])
