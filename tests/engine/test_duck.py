"""SQL files run on Arrow tables and Parquet files, and give Arrow back."""

from __future__ import annotations

import datetime
import errno
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.engine import Duck
from revenuer.errors import InputError


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    with Duck(tmp_path / "spill" / "deep", threads=1, memory_limit="200MB") as engine:
        yield engine


def sql(folder: Path, text: str) -> Path:
    """Write a query to a file, as stages have it."""
    path = folder / "query.sql"
    path.write_text(text)
    return path


def test_a_file_reads_a_bound_table_and_takes_values(duck: Duck, tmp_path: Path) -> None:
    duck.bind("fruit", pa.table({"name": ["fig", "pear", "plum"], "weight_g": [50, 180, 60]}))
    file = sql(tmp_path, "-- heavy\nselect name from fruit where weight_g > $least order by 1")

    assert duck.run(file, least=55).to_pydict() == {"name": ["pear", "plum"]}
    assert duck.run(file, least=500).num_rows == 0


def test_values_are_values_and_never_part_of_the_query(duck: Duck, tmp_path: Path) -> None:
    file = sql(tmp_path, "select $name as name")

    assert duck.run(file, name="'; drop table x; --").to_pylist() == [
        {"name": "'; drop table x; --"}
    ]


def test_binding_again_replaces(duck: Duck, tmp_path: Path) -> None:
    file = sql(tmp_path, "select * from t")
    duck.bind("t", pa.table({"n": [1]}))
    duck.bind("t", pa.table({"m": [2]}))

    assert duck.run(file).to_pydict() == {"m": [2]}


def test_parquet_is_read_from_a_file_or_a_folder(duck: Duck, tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    folder.mkdir()
    for part in range(2):
        pq.write_table(pa.table({"n": [part, part + 10]}), folder / f"part-{part}.parquet")
    file = sql(tmp_path, "select n from numbers order by n")

    duck.bind_parquet("numbers", folder)
    assert duck.run(file).column("n").to_pylist() == [0, 1, 10, 11]

    duck.bind_parquet("numbers", folder / "part-1.parquet")
    assert duck.run(file).column("n").to_pylist() == [1, 11]


def test_kept_rows_outlive_what_they_were_read_from(duck: Duck, tmp_path: Path) -> None:
    duck.bind("t", pa.table({"n": [1, 2, 3]}))
    duck.keep("odd", sql(tmp_path, "select n from t where n % $by = 1;\n"), by=2)
    duck.bind("t", pa.table({"n": [99]}))

    assert duck.run(sql(tmp_path, "select n from odd order by n")).to_pydict() == {"n": [1, 3]}

    duck.keep("odd", sql(tmp_path, "select n from t"))
    assert duck.run(sql(tmp_path, "select n from odd")).to_pydict() == {"n": [99]}


def test_after_a_rest_parquet_is_still_bound(duck: Duck, tmp_path: Path) -> None:
    pq.write_table(pa.table({"name": ["fig"]}), tmp_path / "fruit.parquet")
    duck.bind_parquet("fruit", tmp_path / "fruit.parquet")

    duck.rest()

    assert duck.run(sql(tmp_path, "select name from fruit")).to_pylist() == [{"name": "fig"}]


def test_batches_are_bounded_and_lose_nothing(duck: Duck, tmp_path: Path) -> None:
    duck.bind("t", pa.table({"n": list(range(10_000))}))
    file = sql(tmp_path, "select n from t where n >= $least order by n")

    batches = list(duck.batches(file, rows=2_048, least=1_000))

    assert max(batch.num_rows for batch in batches) <= 2_048
    assert [n for batch in batches for n in batch.column("n").to_pylist()] == list(
        range(1_000, 10_000)
    )


def test_times_are_utc_wherever_the_machine_stands(duck: Duck, tmp_path: Path) -> None:
    noon = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
    duck.bind("t", pa.table({"requested_at": pa.array([noon], pa.timestamp("us", tz="UTC"))}))

    found = duck.run(sql(tmp_path, "select hour(requested_at) as hour, requested_at from t"))

    assert found.to_pylist() == [{"hour": 12, "requested_at": noon}]
    assert found.schema.field("requested_at").type.tz == "UTC"


def test_settings_reach_the_engine(duck: Duck, tmp_path: Path) -> None:
    names = "('threads', 'temp_directory', 'TimeZone')"
    file = sql(tmp_path, f"select name, value from duckdb_settings() where name in {names}")  # noqa: S608

    found = {row["name"]: row["value"] for row in duck.run(file).to_pylist()}

    assert found == {
        "threads": "1",
        "temp_directory": str(tmp_path / "spill" / "deep"),
        "TimeZone": "UTC",
    }
    assert (tmp_path / "spill" / "deep").is_dir()


def test_sums_do_not_depend_on_threads(tmp_path: Path) -> None:
    file = sql(tmp_path, "select n % 7 as k, sum(n) as s from t group by k order by k")
    found = []
    for threads in (1, 2):
        with Duck(tmp_path / "spill", threads=threads) as engine:
            engine.bind("t", pa.table({"n": list(range(300_000))}))
            found.append(engine.run(file).to_pydict())

    assert found[0] == found[1]


def test_a_closed_engine_answers_no_more(tmp_path: Path) -> None:
    with Duck(tmp_path / "spill") as engine:
        pass

    with pytest.raises(Exception, match="closed"):
        engine.run(sql(tmp_path, "select 1"))


SORTED = "select i, hash(i) as h from range(3_000_000) as t(i) order by h"


def test_a_full_disk_is_told_as_everywhere(duck: Duck, tmp_path: Path) -> None:
    limits = "set memory_limit = '30MB'; set max_temp_directory_size = '1MB'"
    duck._db.execute(limits)
    file = sql(tmp_path, SORTED)

    for ask in (duck.run, lambda f: duck.keep("t", f), lambda f: list(duck.batches(f))):
        with pytest.raises(OSError, match="No space left on device") as caught:
            ask(file)
        assert caught.value.errno == errno.ENOSPC
        assert caught.value.filename == str(tmp_path / "spill" / "deep")


def test_too_little_memory_is_a_sentence(duck: Duck, tmp_path: Path) -> None:
    duck._db.execute("set memory_limit = '30MB'; set temp_directory = ''")

    with pytest.raises(InputError, match="200MB of memory are too little") as caught:
        duck.run(sql(tmp_path, SORTED))
    assert "--memory-limit" in str(caught.value.hint)
