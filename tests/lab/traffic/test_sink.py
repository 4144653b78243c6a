"""Tests of revenuer.lab.traffic.sink."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from revenuer.lab.traffic import chat, sink
from revenuer.lab.traffic.world import World


def _write(stage: World, out: Path, *, expected: int) -> sink.Sink:
    file = sink.Sink(out, stage, expected=expected)
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        scene = chat.consumer_chat(rng, stage, 100)
        scene.roster.campaign[:] = f"c{seed}"
        scene.draft.is_harvest = scene.draft.owner < 3
        file.add(rng, scene)
    file.close()
    return file


def test_rows_come_out_in_order_whatever_the_number_of_slices(stage: World, tmp_path: Path) -> None:
    one = _write(stage, tmp_path / "one", expected=1)
    _write(stage, tmp_path / "many", expected=1_000_000)

    first, second = (pq.read_table(tmp_path / n / "exchanges.parquet") for n in ("one", "many"))
    assert first.equals(second)
    assert first.num_rows == one.exchanges
    at = np.asarray(first["requested_at"].cast("int64"))
    assert (np.diff(at) >= 0).all()
    assert at.max() < (stage.start_s + stage.seconds) * 1e6
    assert not (tmp_path / "many" / ".slices").exists()


def test_truth_counts_what_was_taken(stage: World, tmp_path: Path) -> None:
    _write(stage, tmp_path, expected=1000)

    truth = pq.read_table(tmp_path / "truth.parquet")
    taken = pq.read_table(tmp_path / "truth_exchanges.parquet")
    assert truth.schema.equals(sink.TRUTH)
    assert sum(truth["harvest_exchanges"].to_pylist()) == taken.num_rows
    assert sorted(truth["account_id"].to_pylist()) == truth["account_id"].to_pylist()
    assert set(taken["campaign_id"].to_pylist()) == {"c1", "c2"}
    for row in truth.to_pylist():
        assert row["is_guilty"] == (row["harvest_exchanges"] >= 20)
