"""Who sent the same message within a minute of whom, at least twice?

An edge from one account to another weighs as many messages of the first as the second matched
within the window, after case, @mentions and doubled white space are taken away: the `co_tweet`
network of the coordination-network-toolkit. This is a short use of the scan's pieces (its
characters and hashes, sorted arrays) made for `peers_toolkit.py`, which compares costs and edges; a
scan itself asks for more than this rule. White space is ASCII's here.

    python peers_coaction.py EVENTS EDGES

reads and writes CSV and prints the CPU seconds of that, after one event has loaded the compiled
kernels.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from revenuer.find.features import words

WINDOW_S, FEWEST = 60, 2
TYPES = {
    "user_id": pa.int32(),
    "message": pa.large_string(),
    "timestamp": pa.int64(),
}
ONE = {"user_id": 0, "message": "one", "timestamp": 0}
Numbers = NDArray[np.int64]


def coaction(events: Any) -> Any:
    """Return the edges of a table of events: source, target, weight."""
    keys = np.concatenate([plain_keys(chunk) for chunk in events["message"].chunks])
    ids = events["user_id"].to_numpy()
    event, other = within(keys, ids, events["timestamp"].to_numpy())
    most = int(ids.max()) + 1
    edges, weight = np.unique(ids[event].astype(np.int64) * most + other, return_counts=True)
    kept = weight >= FEWEST
    source, target = edges[kept] // most, edges[kept] % most
    return pa.table({"source": source, "target": target, "weight": weight[kept]})


def plain_keys(messages: Any) -> NDArray[np.uint64]:
    """Return (messages,) a hash of each as the toolkit compares them: case, spaces, mentions."""
    _, starts, data = messages.buffers()
    bounds = np.frombuffer(starts, np.int64)[messages.offset :][: len(messages) + 1]
    _, lowers = words.character_tables()
    return _plain_keys(np.frombuffer(data, np.uint8), bounds, lowers)


def within(
    keys: NDArray[np.uint64], accounts: NDArray[np.int32], at_s: Numbers
) -> tuple[Numbers, NDArray[np.int32]]:
    """Return which event was matched by which other account within the window, each pair once."""
    order = np.argsort(keys)
    group = np.empty(len(keys), np.int64)
    group[order] = np.cumsum(np.diff(keys[order], prepend=keys[order[0]]) != 0)
    # Groups stand on one line, further apart than a window reaches.
    place = group * (int(np.ptp(at_s)) + WINDOW_S + 1) + (at_s - at_s.min())
    order = np.argsort(place)
    place = place[order]
    low = np.searchsorted(place, place - WINDOW_S, "left")
    high = np.searchsorted(place, place + WINDOW_S, "right")
    return _within(order, low, high, accounts, np.full(int(accounts.max()) + 1, -1))


@numba.njit(cache=True)
def _plain_keys(
    raw: NDArray[np.uint8], bounds: Numbers, lowers: NDArray[np.uint32]
) -> NDArray[np.uint64]:
    keys = np.empty(len(bounds) - 1, np.uint64)
    for text in range(len(keys)):
        at, end = bounds[text], bounds[text + 1]
        value, is_empty, is_apart, is_mention = words._FNV_START, True, False, False
        while at < end:
            point, step = np.int64(raw[at]), 1
            if point >= 128:
                point, step = words._decode(raw, at, end)
            at += step
            if point == 32 or 9 <= point <= 13:
                is_apart, is_mention = not is_empty, False
            elif point == 64 or is_mention:
                is_mention = True
            else:
                if is_apart:
                    value = (value ^ np.uint64(32)) * words._FNV_PRIME
                lower = lowers[point] if point < len(lowers) else point
                value = (value ^ np.uint64(lower)) * words._FNV_PRIME
                is_empty = is_apart = False
        keys[text] = value
    return keys


@numba.njit(cache=True)
def _within(
    order: Numbers, low: Numbers, high: Numbers, accounts: NDArray[np.int32], seen: Numbers
) -> tuple[Numbers, NDArray[np.int32]]:
    events = np.empty((high - low).sum(), np.int64)
    others = np.empty(len(events), np.int32)
    used = 0
    for i in range(len(order)):
        event = order[i]
        seen[accounts[event]] = event
        for j in range(low[i], high[i]):
            other = accounts[order[j]]
            if seen[other] != event:
                seen[other] = event
                events[used], others[used] = event, other
                used += 1
    return events[:used], others[:used]


def main() -> None:
    source, target = sys.argv[1:]
    options = csv.ConvertOptions(column_types=TYPES, include_columns=list(TYPES))
    one = pa.table({name: pa.array([value], TYPES[name]) for name, value in ONE.items()})
    coaction(one)
    begin = time.process_time()
    csv.write_csv(coaction(csv.read_csv(source, convert_options=options)), target)
    print(time.process_time() - begin)


if __name__ == "__main__":
    main()
