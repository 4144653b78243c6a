"""A week of made-up API logs, with the truth beside it.

`simulate` writes four files:

* `exchanges.parquet` (`tables.EXCHANGES`, in order of time) and `accounts.parquet`;
* `truth.parquet`, one row an account: its honest class, look-alike class or campaign kind, its
  campaign and role, whether it is guilty (at least 20 and at least 1 % of its exchanges are
  harvest), and the `families` of ties that its campaign leaves by construction;
* `truth_exchanges.parquet`, the harvested exchanges.

Scenes (groups of accounts) are made one after another, each from its own random stream, and cut
into slices on disk, so memory does not grow with the number of exchanges. The same arguments and
library versions give the same bytes. A detector must not import this part of the package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from revenuer.errors import InputError
from revenuer.lab.traffic import campaigns, chat, harvests, lookalikes, programmes, relays, world
from revenuer.lab.traffic.exchanges import Scene
from revenuer.lab.traffic.sink import Sink
from revenuer.lab.traffic.world import World

#: Exchanges and clients of a week at scale 1.
EXCHANGES_A_WEEK = 100_000
_CHAT_PEOPLE = 6_000
_API_CLIENTS = 420
_API_EXCHANGES = 30_000
_CHUNK = 1_500

Maker = Callable[[np.random.Generator], Scene]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was made, in numbers."""

    exchanges: int
    accounts: int
    campaigns: int
    guilty_accounts: int
    harvest_exchanges: int


def simulate(
    out: Path,
    *,
    seed: int,
    days: int = 7,
    scale: float = 1.0,
    campaigns: Sequence[str] | None = None,
) -> Truth:
    """Write a simulated log and its truth into a folder.

    Args:
        out: Folder; made when missing, files in it are replaced.
        seed: Same seed, same files.
        days: Length of the window, at least 1.
        scale: 1 is about 100,000 exchanges of 8,000 accounts a week.
        campaigns: Kinds to include; None for all of them, `["none"]` for an innocent week.

    Raises:
        InputError: An unknown kind, or a number out of range.
    """
    if seed < 0 or days < 1 or not 0 < scale <= 1000:
        raise InputError(
            f"seed={seed}, days={days}, scale={scale:g} cannot be simulated",
            hint="use a seed of 0 or more, at least one day and a scale above 0, up to 1000",
        )
    stage = world.build(seed, days)
    volume = scale * stage.volume
    sink = Sink(out, stage, expected=round(EXCHANGES_A_WEEK * volume))
    for number, maker in enumerate(_makers(stage, campaigns, scale)):
        rng = stage.stream(2, number)
        sink.add(rng, maker(rng))
    truth, taken = sink.close()
    return Truth(
        exchanges=sink.exchanges,
        accounts=truth.num_rows,
        campaigns=len(pc.unique(truth["campaign_id"].drop_null())),
        guilty_accounts=int(pc.sum(truth["is_guilty"]).as_py() or 0),
        harvest_exchanges=taken.num_rows,
    )


def _makers(stage: World, kinds: Sequence[str] | None, scale: float) -> Iterator[Maker]:
    wanted = campaigns.checked(kinds)
    volume = scale * stage.volume
    for n in _chunks(_CHAT_PEOPLE * volume, _CHUNK):
        yield partial(chat.consumer_chat, world=stage, n=n)
    clients = _chunks(_API_CLIENTS * scale, 420)
    for n in clients:
        share = round(_API_EXCHANGES * volume * n / sum(clients))
        yield partial(programmes.api_client, world=stage, n=n, exchanges=share)
    yield from lookalikes.makers(stage, scale=scale)
    dials = campaigns.plan(
        stage.stream(1), wanted, exchanges=EXCHANGES_A_WEEK * volume, scale=scale
    )
    for number, each in enumerate(dials):
        name = f"{each.kind}-{number}"
        stage_one = relays.relay if each.kind == "relay" else harvests.harvest
        yield partial(stage_one, world=stage, dials=each, campaign_id=name)


def _chunks(total: float, size: int) -> list[int]:
    whole = max(1, round(total))
    parts = -(-whole // size)
    return [whole // parts + (i < whole % parts) for i in range(parts)]
