"""The same logs with every tie broken: what a scan finds here, it finds by chance.

Four things are shuffled, each on its own: who left which footprint, who was made when, when each
account's clock runs (its exchanges are shifted around the window by a random time), and what stands
in each slot of a template. Every
account keeps its prompts, its volume and its rhythm, so all that makes honest traffic lumpy is
still there; only the agreement between families is gone.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.find.features.exchanges import Exchanges
from revenuer.find.features.sets import Sets


def shift_clocks(
    exchanges: Exchanges, accounts: int, rng: np.random.Generator, *, step_us: int = 1
) -> Exchanges:
    """Return the exchanges with each account's times moved around the window by one offset.

    Offsets are whole steps, and the window is rounded up to whole steps.
    """
    start = exchanges.at_us.min()
    steps = (int(exchanges.at_us.max() - start) + step_us) // step_us
    span = steps * step_us
    offsets = rng.integers(0, steps, accounts) * step_us
    moved = start + (exchanges.at_us - start + offsets[exchanges.account]) % span
    return exchanges._replace(at_us=moved)


def reseat(sets: Sets, rng: np.random.Generator) -> Sets:
    """Return the sets with accounts exchanged at random, the same way in every set."""
    order = rng.permutation(sets.members.shape[1])
    members = sets.members[:, order]
    members.sort_indices()
    return sets._replace(members=members)


def redate(accounts: pa.Table, exchanges: Exchanges, rng: np.random.Generator) -> pa.Table:
    """Return the accounts with creation dates dealt out anew, first and last use remeasured."""
    first = np.full(accounts.num_rows, np.iinfo(np.int64).max)
    last = np.full(accounts.num_rows, np.iinfo(np.int64).min)
    np.minimum.at(first, exchanges.account, exchanges.at_us)
    np.maximum.at(last, exchanges.account, exchanges.at_us)
    made = (
        accounts.column("created_us")
        .combine_chunks()
        .take(pa.array(rng.permutation(accounts.num_rows)))
    )
    for name, values in (("first_us", first), ("last_us", last), ("created_us", made)):
        place = accounts.schema.get_field_index(name)
        accounts = accounts.set_column(place, name, pa.array(values, pa.int64()))
    return accounts


def refill(
    slots: NDArray[np.uint64],
    template: NDArray[np.int32],
    layout: NDArray[np.uint64],
    rng: np.random.Generator,
) -> NDArray[np.uint64]:
    """Return (texts, slots) values dealt out anew within each template and layout, slot by slot."""
    filled = slots.copy()
    order = np.lexsort((layout, template))
    for slot in range(slots.shape[1]):
        dealt = np.lexsort((rng.random(len(template)), layout, template))
        filled[order, slot] = slots[dealt, slot]
    return filled
