"""Spark, on a cluster: the same SQL files in Spark's dialect, the same kernels on the workers.

What a kernel returns travels as Arrow IPC bytes, so a column may have any Arrow type. pyspark is
an extra and is imported when an engine is made.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.engine import cluster
from revenuer.engine.dialect import to_spark
from revenuer.engine.duck import BATCH_ROWS
from revenuer.errors import InputError, RunError

#: Bytes of the columns read at once, as a share of the memory limit: what a kernel returns is
#: smaller than what it reads, and the driver holds it twice.
WAVE_SHARE = 0.5
#: How Spark and Python say on a worker that a file is not there.
MISSING = ("FileNotFoundError", "FILE_NOT_EXIST", "PATH_NOT_FOUND")


class Group(NamedTuple):
    """One row group of one Parquet file: what a task reads.

    `first` is the number of its first row in the folder, `size` its bytes before compression.
    """

    path: str
    number: int
    first: int
    size: int


class Spark:
    """One Spark session.

    Args:
        master: `local[*]`, `spark://HOST:PORT`, or `sc://HOST:PORT` for Spark Connect.
        memory_limit: Memory of the driver's JVM, and the most that one query may send to it, such
            as `2GB`. A Connect server has its own.

    Workers read the files that are bound, so these must lie at the same path on every machine,
    and every machine needs this version of revenuer. Order is as with `Duck`.

    Raises:
        InputError: pyspark or Java is missing, or nobody answers at `master`.
    """

    def __init__(self, master: str = "local[*]", *, memory_limit: str = "2GB") -> None:
        is_remote = master.startswith("sc://")
        cluster.check_installed(needs_java=not is_remote)
        cluster.check_answered(master)
        from pyspark.sql import SparkSession

        # Workers on this machine run the Python that runs this.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        mib = cluster.mebibytes(memory_limit)
        self._wave_bytes = int(mib * 2**20 * WAVE_SHARE)
        builder = SparkSession.builder.config(map=_options(master, mib))
        builder = builder.remote(master) if is_remote else builder.master(master)
        try:
            self._session: Any = builder.getOrCreate()
            self._session.conf.set("spark.sql.session.timeZone", "UTC")
        except _failures() as error:
            raise InputError(
                f"Spark does not start at {master}",
                hint="see Spark's own messages above, and `revenuer doctor`",
            ) from error
        if not is_remote and self._session.sparkContext.master != master:
            raise InputError(
                f"this process runs Spark at {self._session.sparkContext.master} already",
                hint="end that session first, or give its address to --master",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.stop()
        # Left behind by Spark Connect, it would forbid every other session of this process.
        os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)

    def bind(self, name: str, table: Any) -> None:
        """Make an Arrow table readable as `name`; it is sent to the cluster."""
        self._session.createDataFrame(table).createOrReplaceTempView(name)

    def bind_parquet(self, name: str, path: Path) -> None:
        """Make a Parquet file, or a folder of them, readable as `name`."""
        # Spark reads a path as a pattern.
        literal = re.sub(r"([\\*?\[\]{}])", r"\\\1", str(path.resolve()))
        reader = self._session.read.option("pathGlobFilter", "*.parquet")
        with _told(path):
            reader.parquet(f"file://{literal}").createOrReplaceTempView(name)

    def rest(self) -> None:
        """Do nothing: Spark holds no more between queries than it needs."""

    def run(self, file: Path, **values: Any) -> Any:
        """Return the Arrow table that one `.sql` file yields."""
        with _told(file):
            return self._session.sql(to_spark(file.read_text()), args=values).toArrow()

    def map_batches(
        self, kernel: Callable[[Any, int], Any], folder: Path, columns: Sequence[str]
    ) -> Iterator[Any]:
        """Yield what a kernel makes of each record batch of a Parquet folder, in row order.

        A kernel takes a batch and the number of its first row, and returns a batch. A task is a
        row group, read where the task runs; each has a kernel of its own, so a kernel may keep
        what only saves it work.
        """
        for wave in _waves(_groups(folder.resolve(), columns), self._wave_bytes):
            units = self._session.range(0, len(wave), 1, len(wave))
            with _told(folder):
                found = units.mapInArrow(
                    _task(kernel, wave, list(columns)), "first long, found binary"
                ).toArrow()
            for sent in found.sort_by("first").column("found"):
                yield pa.ipc.open_stream(sent.as_buffer()).read_next_batch()


def _failures() -> tuple[type[Exception], ...]:
    """Return what is raised when the cluster fails: Spark's own errors, or Java's as they are."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return Py4JError, PySparkException


def _options(master: str, mib: int) -> dict[str, bool | float | int | str | None]:
    options: dict[str, bool | float | int | str | None] = {"spark.sql.session.timeZone": "UTC"}
    if master.startswith("sc://"):
        return options
    options |= {
        "spark.app.name": "revenuer",
        "spark.log.level": "ERROR",
        "spark.driver.memory": f"{mib}m",
        "spark.driver.maxResultSize": f"{mib}m",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if master.startswith("local"):
        # Nobody else has business with a driver that is its own worker.
        options |= {"spark.driver.host": "localhost", "spark.driver.bindAddress": "127.0.0.1"}
    return options


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """Tell in a sentence that a worker does not see the files."""
    try:
        yield
    except _failures() as error:
        if any(name in str(error) for name in MISSING):
            raise RunError(
                f"{place}: Spark finds no such file on a worker",
                hint="put --out on a disk that all workers see at the same path",
            ) from error
        raise


def _groups(folder: Path, columns: Sequence[str]) -> Iterator[Group]:
    first = 0
    for part in sorted(folder.glob("*.parquet")):
        metadata = pq.read_metadata(part)
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            chunks = [group.column(place) for place in range(group.num_columns)]
            sizes = [c.total_uncompressed_size for c in chunks if c.path_in_schema in columns]
            yield Group(str(part), number, first, sum(sizes))
            first += group.num_rows


def _waves(groups: Iterable[Group], most: int) -> Iterator[list[Group]]:
    """Yield groups in order, as many at once as `most` bytes allow, and at least one."""
    wave: list[Group] = []
    size = 0
    for group in groups:
        if wave and size + group.size > most:
            yield wave
            wave, size = [], 0
        wave.append(group)
        size += group.size
    if wave:
        yield wave


def _task(
    kernel: Callable[[Any, int], Any], groups: Sequence[Group], columns: list[str]
) -> Callable[[Iterable[Any]], Iterator[Any]]:
    def run(batches: Iterable[Any]) -> Iterator[Any]:
        for unit in (number for batch in batches for number in batch.column("id").to_pylist()):
            path, number, first, _ = groups[unit]
            with pq.ParquetFile(path) as file:
                for rows in file.iter_batches(BATCH_ROWS, row_groups=[number], columns=columns):
                    found = pa.array([_sent(kernel(rows, first))], pa.binary())
                    yield pa.record_batch({"first": pa.array([first], pa.int64()), "found": found})
                    first += rows.num_rows

    return run


def _sent(batch: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()
