"""Spark reads the same files and gives the same tables as DuckDB."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.engine import Duck, Spark
from revenuer.errors import InputError, RunError

pytestmark = [pytest.mark.slow, pytest.mark.engine("spark")]
Engine = Duck | Spark


@pytest.fixture(scope="module")
def spark() -> Iterator[Spark]:
    with Spark("local[2]", memory_limit="1GB") as engine:
        yield engine


@pytest.fixture(params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest, spark: Spark, tmp_path: Path) -> Iterator[Engine]:
    """Return each engine in turn: what holds for one holds for the other."""
    if request.param == "spark":
        yield spark
    else:
        with Duck(tmp_path / "spill", threads=1) as duck:
            yield duck


def sql(folder: Path, text: str) -> Path:
    path = folder / "query.sql"
    path.write_text(text)
    return path


def parts(folder: Path, *tables: pa.Table, group: int = 1_000) -> Path:
    folder.mkdir()
    for number, table in enumerate(tables):
        pq.write_table(table, folder / f"part-{number}.parquet", row_group_size=group)
    return folder


def test_a_file_reads_bound_tables_and_takes_values(engine: Engine, tmp_path: Path) -> None:
    engine.bind("fruit", pa.table({"name": ["fig", "pear", "plum"], "weight_g": [50, 180, 60]}))
    file = sql(tmp_path, "-- heavy\nselect name, $x as x from fruit where weight_g > $g order by 1")

    assert engine.run(file, g=55, x="'; drop table fruit; --").to_pydict() == {
        "name": ["pear", "plum"],
        "x": ["'; drop table fruit; --"] * 2,
    }
    assert engine.run(file, g=500, x=None).num_rows == 0


def test_binding_again_replaces(engine: Engine, tmp_path: Path) -> None:
    file = sql(tmp_path, "select * from t")
    engine.bind("t", pa.table({"n": [1]}))
    engine.bind("t", pa.table({"m": [2]}))

    assert engine.run(file).to_pydict() == {"m": [2]}


@pytest.mark.parametrize("name", ["it's here", "[a] {b} *c?", "plain"])
def test_parquet_is_read_from_a_file_or_a_folder(engine: Engine, tmp_path: Path, name: str) -> None:
    if name.startswith("[") and isinstance(engine, Duck):
        name = "a b"
    tables = [pa.table({"n": [part, part + 10]}) for part in range(2)]
    folder = parts(tmp_path / name, *tables)
    (folder / "words.bin").write_bytes(b"no Parquet")
    file = sql(tmp_path, "select n from numbers order by n")

    engine.bind_parquet("numbers", folder)
    assert engine.run(file).column("n").to_pylist() == [0, 1, 10, 11]

    engine.bind_parquet("numbers", folder / "part-1.parquet")
    assert engine.run(file).column("n").to_pylist() == [1, 11]


def test_what_the_dialects_write_differently_means_the_same(engine: Engine, tmp_path: Path) -> None:
    noon = datetime.datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=datetime.UTC)
    engine.bind(
        "t",
        pa.table(
            {
                "k": ["b", "é", "a", None, "Z", "a b", "a"],
                "n": pa.array([2**62, 2**62, 2**62, -7, None, 3, None], pa.int64()),
                "s": [None, "x", None, "y", None, None, "z"],
                "requested_at": pa.array([noon] * 6 + [None], pa.timestamp("us", tz="UTC")),
            }
        ),
    )

    found = engine.run(
        sql(
            tmp_path,
            "select k, any_value(s) as s, min(epoch_us(t.requested_at)) as us,"
            " max(epoch_us(t.requested_at) // 3600000000) as hour, min(k || ' ' || s) as joined,"
            " count(distinct coalesce(k, '') || s) as kinds, count(case when n > 1 then 1 end) as m"
            " from t group by k order by k",
        )
    )
    summed = engine.run(
        sql(
            tmp_path,
            "select cast(least(coalesce(sum(cast(n as decimal(38, 0))), 0), 9223372036854775807)"
            " as bigint) as s, cast(min(epoch_us(requested_at)) // 86400000000 as varchar) as day,"
            " hour(min(requested_at)) as hour from t",
        )
    )

    us = int(noon.timestamp()) * 1_000_000 + 250_000
    # Order is that of the bytes, and null comes last.
    assert found.column("k").to_pylist() == ["Z", "a", "a b", "b", "é", None]
    assert found.column("s").to_pylist() == [None, "z", None, None, "x", "y"]
    assert found.column("us").to_pylist() == [us] * 6
    assert found.column("hour").to_pylist() == [us // 3_600_000_000] * 6
    assert found.column("joined").to_pylist() == [None, "a z", None, None, "é x", None]
    assert found.column("kinds").to_pylist() == [0, 1, 0, 0, 1, 1]
    assert found.column("m").to_pylist() == [0, 1, 1, 1, 1, 0]
    assert summed.to_pylist() == [{"s": 2**63 - 1, "day": "20513", "hour": 12}]
    assert summed.schema.field("s").type == pa.int64()


def test_a_kernel_runs_over_all_rows_in_their_order(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [
        pa.table({"n": range(k * 5_000, k * 5_000 + 5_000), "s": ["x"] * 5_000}) for k in (0, 1)
    ]
    folder = parts(tmp_path / "parts", *tables)
    # Several waves of tasks.
    if isinstance(engine, Spark):
        monkeypatch.setattr(engine, "_wave_bytes", 30_000)

    def doubled(batch: Any, first: int) -> Any:
        assert batch.schema.names == ["n"]
        assert batch.column("n")[0].as_py() == first
        numbers = batch.column("n").to_numpy() * 2
        return pa.record_batch(
            {"n": numbers.astype(np.uint64), "pid": [os.getpid()] * len(numbers)}
        )

    found = pa.Table.from_batches(engine.map_batches(doubled, folder, ["n"]))

    assert found.column("n").to_pylist() == list(range(0, 20_000, 2))
    assert found.schema.field("n").type == pa.uint64()
    assert (os.getpid() in set(found.column("pid").to_pylist())) == isinstance(engine, Duck)


def test_no_parts_give_no_batches(engine: Engine, tmp_path: Path) -> None:
    assert list(engine.map_batches(lambda batch, _: batch, parts(tmp_path / "none"), ["n"])) == []


def test_a_file_that_a_worker_does_not_see_is_told_in_a_sentence(
    spark: Spark, tmp_path: Path
) -> None:
    folder = parts(tmp_path / "parts", pa.table({"n": [1]}))
    spark.bind_parquet("gone", folder)

    def moved(*_: Any) -> Any:
        raise FileNotFoundError("part-0.parquet")

    with pytest.raises(RunError, match="no such file on a worker"):
        list(spark.map_batches(moved, folder, ["n"]))
    (folder / "part-0.parquet").unlink()
    with pytest.raises(RunError, match="no such file on a worker"):
        spark.run(sql(tmp_path, "select sum(n) as s from gone"))
    with pytest.raises(RunError, match="no such file on a worker"):
        spark.bind_parquet("never", tmp_path / "never")


def test_other_failures_of_a_worker_are_bugs_and_keep_their_traceback(
    spark: Spark, tmp_path: Path
) -> None:
    from pyspark.errors import PySparkException

    def broken(*_: Any) -> Any:
        raise ValueError("a mistake")

    folder = parts(tmp_path / "parts", pa.table({"n": [1]}))
    with pytest.raises(PySparkException, match="a mistake"):
        list(spark.map_batches(broken, folder, ["n"]))


def test_what_spark_itself_refuses_is_told_in_a_sentence() -> None:
    code = "from revenuer.engine import Spark; Spark('nonsense')"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603

    assert "InputError: Spark does not start at nonsense" in done.stderr


def test_another_cluster_is_not_taken_for_the_one_that_was_asked_for(spark: Spark) -> None:
    with pytest.raises(InputError, match=r"runs Spark at local\[2\] already"):
        Spark("local[1]")


def test_spark_is_not_imported_before_it_is_used() -> None:
    code = "import sys, revenuer.engine; sys.exit('pyspark' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603
