"""Do links, hashtags and images point to the same groups of accounts?

The shares of CooRTweet's german_elections, one channel at a time: a token is one object within one
window of half a minute, and accounts that show more of the same tokens than chance explains are
grouped by the machinery that the scan uses for footprints and templates. The set has no labels, so
what can be measured is whether channels agree: of the pairs of accounts that both channels saw and
one grouped, how many the other grouped too, beside the number expected if the two were unrelated.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import measure
import numpy as np
import pyarrow.parquet as pq
from measure import Figures
from numpy.typing import NDArray

from revenuer.find.features import communities, sets

SEED = 77
CHANNELS = {"links": "url_id", "hashtags": "hashtag_id", "images": "phash_id"}
WINDOW_S, CONTROL_WINDOW_S = 30, 60


def agreement(data: Path) -> Figures:
    """Group accounts by each channel and compare the channels."""
    folder = data / "coordination" / "coortweet"
    posts = pq.read_table(folder / "german_elections.parquet")
    ids = posts["account_id"].combine_chunks().dictionary_encode()
    account = ids.indices.to_numpy().astype(np.int64)
    grouped: dict[str, set[tuple[int, int]]] = {}
    used: dict[str, set[int]] = {}
    lines = []
    for channel, column in CHANNELS.items():
        shared = posts[column].combine_chunks()
        has = shared.is_valid().to_numpy(zero_copy_only=False)
        objects = shared.dictionary_encode().indices.to_numpy(zero_copy_only=False)
        seconds = posts["timestamp"].to_numpy()
        groups = _groups(account[has], objects[has], seconds[has], len(ids.dictionary), WINDOW_S)
        grouped[channel] = {p for group in groups for p in combinations(group.tolist(), 2)}
        used[channel] = set(np.unique(account[has]).tolist())
        sizes = [len(group) for group in groups]
        lines.append(
            (
                channel,
                int(has.sum()),
                len(used[channel]),
                sum(sizes),
                len(sizes),
                max(sizes, default=0),
            )
        )
    lines.append(_control(folder))
    header = ("channel", "shares", "accounts", "grouped", "groups", "largest")
    measure.table(
        "CooRTweet: groups by channel; last, a set that is hardly coordinated", header, lines
    )
    figures: Figures = {}
    agreements = []
    for one, other in combinations(CHANNELS, 2):
        both = used[one] & used[other]
        left, right = (
            {pair for pair in grouped[channel] if both.issuperset(pair)} for channel in (one, other)
        )
        chance = len(left) * len(right) / max(len(both) * (len(both) - 1) / 2, 1)
        agreed = len(left & right)
        smaller = agreed / max(min(len(left), len(right)), 1)
        agreements.append(
            (f"{one}, {other}", len(both), len(left), len(right), agreed, chance, smaller)
        )
        figures[f"coaction_{one}_{other}_confirmed_share"] = smaller
    measure.table(
        "CooRTweet: pairs of accounts in one group by both channels",
        ("channels", "accounts in both", "pairs by first", "by second", "by both", "by chance",
         "share of the fewer"),
        agreements,
    )  # fmt: skip
    return figures


def _groups(
    account: NDArray[np.int64], objects: Any, seconds: Any, accounts: int, window_s: int
) -> list[NDArray[np.int64]]:
    """Return groups of accounts that share more (object, window) tokens than chance explains."""
    windows = (seconds // window_s).astype(np.int64)
    cells = objects.astype(np.int64) * (int(windows.max()) + 1) + windows
    _, tokens = np.unique(cells, return_inverse=True)
    shown = sets.incidence(tokens, account, (int(tokens.max()) + 1, accounts))
    return communities.find(sets.shared_pairs(shown), seed=SEED)


def _control(folder: Path) -> tuple[str, int, int, int, int, int]:
    posts = pq.read_table(folder / "russian_coord_tweets.parquet")
    ids = posts["account_id"].combine_chunks().dictionary_encode()
    objects = posts["object_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    seconds = posts["timestamp_share"].to_numpy().astype(np.float64)
    account = ids.indices.to_numpy().astype(np.int64)
    sizes = [
        len(group)
        for group in _groups(account, objects, seconds, len(ids.dictionary), CONTROL_WINDOW_S)
    ]
    return ("russian_coord_tweets", posts.num_rows, len(ids.dictionary), *_summary(sizes))


def _summary(sizes: list[int]) -> tuple[int, int, int]:
    return sum(sizes), len(sizes), max(sizes, default=0)
