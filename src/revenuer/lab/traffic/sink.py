"""How does a million exchanges get sorted without holding them all?

Scenes arrive in any order of time. Each is cut by time into slices that are kept in Arrow files;
at the end one slice after the other is read, sorted and appended to `exchanges.parquet`. Memory is
bounded by the largest slice (about `_ROWS_A_SLICE` rows) and the accounts.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from revenuer import tables
from revenuer.lab.traffic.exchanges import Scene, finish
from revenuer.lab.traffic.failures import befall
from revenuer.lab.traffic.people import Roster
from revenuer.lab.traffic.world import World

_ROWS_A_SLICE = 60_000
#: Each slice is an open file.
_MOST_SLICES = 400

TRUTH = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("campaign_id", pa.string()),
        pa.field("role", pa.string(), nullable=False),
        pa.field("is_guilty", pa.bool_(), nullable=False),
        pa.field("harvest_exchanges", pa.int64(), nullable=False),
        pa.field("exchanges", pa.int64(), nullable=False),
        pa.field("group_id", pa.string()),
        pa.field("families", pa.list_(pa.string())),
    ]
)
TRUTH_EXCHANGES = pa.schema(
    [
        pa.field("exchange_id", pa.string(), nullable=False),
        pa.field("campaign_id", pa.string(), nullable=False),
    ]
)
_GUILTY_EXCHANGES = 20
_GUILTY_SHARE = 0.01


class Sink:
    """Takes scenes, writes the four files.

    Args:
        out: Folder to write to; made when missing.
        world: The run's stage.
        expected: Exchanges to expect, which sets the number of slices.
    """

    def __init__(self, out: Path, world: World, *, expected: int) -> None:
        self._out = out
        self._world = world
        self._scratch = out / ".slices"
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(parents=True)
        self._slices = int(np.clip(round(expected / _ROWS_A_SLICE), 1, _MOST_SLICES))
        self._writers: dict[int, tuple[Any, Any]] = {}
        self._accounts: list[Any] = []
        self._truth: list[Any] = []
        self._harvest: list[Any] = []
        self.exchanges = 0

    def add(self, rng: np.random.Generator, scene: Scene) -> None:
        """Complete a scene and keep it."""
        scene = Scene(scene.roster, befall(rng, self._world, scene.draft))
        inside = scene.draft.at_s < self._world.seconds
        owner, at_s = scene.draft.owner[inside], scene.draft.at_s[inside]
        harvest = scene.draft.is_harvest
        flags = harvest[inside] if harvest is not None else np.zeros(len(owner), dtype=bool)
        table = finish(rng, self._world, scene).filter(pa.array(inside))
        self.exchanges += table.num_rows
        self._accounts.append(scene.roster.table(self._world))
        self._truth.append(_truth(scene.roster, owner, flags))
        campaign = pa.array(scene.roster.campaign, pa.string()).take(pa.array(owner))
        taken = pa.table([table["exchange_id"], campaign], names=TRUTH_EXCHANGES.names)
        self._harvest.append(taken.filter(pa.array(flags)))
        self._cut(table, at_s)

    def close(self) -> tuple[Any, Any]:
        """Write the files; return accounts' truth and harvested exchanges."""
        for sink, writer in self._writers.values():
            writer.close()
            sink.close()
        self._write_exchanges()
        shutil.rmtree(self._scratch)
        accounts = pa.concat_tables(self._accounts).sort_by("account_id")
        truth = pa.concat_tables(self._truth).sort_by("account_id")
        taken = pa.concat_tables(self._harvest).cast(TRUTH_EXCHANGES).sort_by("exchange_id")
        for name, table in (("accounts", accounts), ("truth", truth), ("truth_exchanges", taken)):
            pq.write_table(table, self._out / f"{name}.parquet", compression="zstd")
        return truth, taken

    def _cut(self, table: Any, at_s: NDArray[np.float64]) -> None:
        which = np.clip(at_s / self._world.seconds * self._slices, 0, self._slices - 1)
        which = which.astype(np.int64)
        rows = np.argsort(which, kind="stable")
        edges = np.searchsorted(which[rows], np.arange(self._slices + 1))
        table = table.take(pa.array(rows))
        for number in np.flatnonzero(np.diff(edges)):
            part = table.slice(edges[number], edges[number + 1] - edges[number])
            self._writer(int(number)).write_table(part)

    def _writer(self, number: int) -> Any:
        if number not in self._writers:
            sink = pa.OSFile(str(self._scratch / f"{number}.arrow"), "wb")
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            writer = pa.ipc.new_stream(sink, tables.EXCHANGES.schema, options=options)
            self._writers[number] = (sink, writer)
        return self._writers[number][1]

    def _write_exchanges(self) -> None:
        path = self._out / "exchanges.parquet"
        with pq.ParquetWriter(path, tables.EXCHANGES.schema, compression="zstd") as writer:
            for number in range(self._slices):
                file = self._scratch / f"{number}.arrow"
                if file.exists():
                    with pa.ipc.open_stream(file) as stream:
                        table = stream.read_all()
                    order = [("requested_at", "ascending"), ("exchange_id", "ascending")]
                    writer.write_table(table.take(pc.sort_indices(table, sort_keys=order)))


def _truth(roster: Roster, owner: NDArray[np.int64], flags: NDArray[np.bool_]) -> Any:
    total = np.bincount(owner, minlength=len(roster))
    taken = np.bincount(owner[flags], minlength=len(roster))
    guilty = (taken >= _GUILTY_EXCHANGES) & (taken >= _GUILTY_SHARE * total)
    return pa.table(
        [
            pa.array(roster.ids, pa.string()),
            pa.array(roster.kind, pa.string()),
            pa.array(roster.campaign, pa.string()),
            pa.array(roster.role, pa.string()),
            pa.array(guilty),
            pa.array(taken.astype(np.int64)),
            pa.array(total.astype(np.int64)),
            pa.array(roster.group, pa.string()),
            pa.array(roster.families, pa.list_(pa.string())),
        ],
        schema=TRUTH,
    )
