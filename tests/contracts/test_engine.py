"""Every engine gives DuckDB's answer: one week on DuckDB and on a real cluster, table by table.

The cluster is a master and two workers of this machine, in processes of their own, from the
pyspark package. Spark Connect is tried on a server of its own in the same way.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from revenuer.engine import start
from revenuer.find import features, ingest, pipeline
from revenuer.find.features import Features
from revenuer.find.ingest import store
from revenuer.lab import traffic
from revenuer.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.engine("spark")]
#: Seconds that a process of Spark may take to say where it listens.
PATIENCE = 120
#: Small, so that both workers have tasks, and their order matters.
GROUP_ROWS = 1_500
FAMILIES = ("template_sets", "footprint_sets")


@contextmanager
def process(log: Path, says: str, *arguments: str, memory: str = "256m") -> Iterator[str]:
    """Run a class of Spark until the end of the block; yield what it says on its start."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_DAEMON_MEMORY": memory,
    }
    with log.open("wb") as sink:
        running = subprocess.Popen(  # noqa: S603  # Spark's own launcher
            [home / "bin" / arguments[0], *arguments[1:]],
            env=environment,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
        )
    try:
        yield _said(running, log, says)
    finally:
        running.terminate()
        running.wait(PATIENCE)


def _said(running: subprocess.Popen[bytes], log: Path, says: str) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and running.poll() is None:
        found = re.search(says, log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found[1]
        time.sleep(0.2)
    pytest.fail(f"{says!r} was not said:\n{log.read_text(encoding='utf-8', errors='replace')}")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a master and two workers; return the master's address."""
    folder = tmp_path_factory.mktemp("cluster")
    of = "org.apache.spark.deploy"
    here = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    with ExitStack() as running:
        master = running.enter_context(
            process(
                folder / "master.log",
                r"Starting Spark master at (spark://\S+)",
                "spark-class", f"{of}.master.Master", *here,
            )
        )  # fmt: skip
        for number in range(2):
            running.enter_context(
                process(
                    folder / f"worker-{number}.log",
                    r"Successfully registered with master (\S+)",
                    "spark-class", f"{of}.worker.Worker", *here,
                    "--cores", "1", "--memory", "1g",
                    "--work-dir", str(folder / f"work-{number}"), master,
                )
            )  # fmt: skip
        yield master


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a server of Spark Connect that is its own worker; return its address."""
    folder = tmp_path_factory.mktemp("connect")
    says = r"Spark Connect server started at: \S*?:(\d+)"
    with process(
        folder / "server.log", says, "spark-submit", "--master", "local[2]",
        "--conf", "spark.connect.grpc.binding.port=0",
        "--conf", "spark.connect.grpc.binding.address=127.0.0.1",
        "--conf", "spark.ui.enabled=false",
        "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
        memory="1g",
    ) as port:  # fmt: skip
        yield f"sc://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated week with campaigns."""
    folder = tmp_path_factory.mktemp("week")
    traffic.simulate(folder, seed=11, days=7, scale=0.1)
    return folder


def scanned(week: Path, settings: Settings, out: Path) -> Features:
    """Scan a week; return what was measured on the way."""
    measured: list[Features] = []
    original = features.measure

    def measure(*arguments: Any, **named: Any) -> Features:
        measured.append(original(*arguments, **named))
        return measured[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.features, "measure", measure)
        patch.setattr(store, "GROUP_ROWS", GROUP_ROWS)
        outcome = pipeline.scan(
            [str(week / "exchanges.parquet")],
            out=out,
            settings=settings,
            accounts=str(week / "accounts.parquet"),
        )
    assert outcome.campaigns, "a week in which nothing is found compares nothing"
    return measured[0]


@pytest.fixture(scope="module")
def expected(week: Path) -> Features:
    """Return what DuckDB measures, and leave its run in the week's folder."""
    found = scanned(week, Settings(), week / "duckdb")
    assert len(found.exchanges.account) > 5_000
    assert len(found.texts.templates) > 1_000
    assert len(found.template_sets.kinds) > 0
    assert len(found.footprint_sets.kinds) > 0
    return found


def equal(ours: Any, theirs: Any, what: str) -> None:
    """Compare arrays or columns: keys and integers alike, floats within 1e-9 of their size."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.dtype == theirs.dtype, what
    if ours.dtype.kind == "f":
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, err_msg=what)
    else:
        np.testing.assert_array_equal(ours, theirs, err_msg=what)


def same_features(ours: Features, theirs: Features) -> None:
    assert ours.accounts.schema.names == theirs.accounts.schema.names
    for name in theirs.accounts.schema.names:
        one, other = ours.accounts.column(name), theirs.accounts.column(name)
        assert one.type == other.type, name
        if pa.types.is_floating(other.type):
            assert one.is_null().equals(other.is_null()), name
            equal(one.fill_null(0), other.fill_null(0), name)
        else:
            assert one.to_pylist() == other.to_pylist(), name
    for part in ("exchanges", "texts"):
        for name in type(getattr(theirs, part))._fields:
            one, other = getattr(getattr(ours, part), name), getattr(getattr(theirs, part), name)
            equal(one, other, f"{part}.{name}")
    assert ours.models == theirs.models
    assert ours.unavailable == theirs.unavailable
    equal(ours.template_ids, theirs.template_ids, "template_ids")
    assert (ours.template_use != theirs.template_use).nnz == 0
    for family in FAMILIES:
        one, other = getattr(ours, family), getattr(theirs, family)
        equal(one.kinds, other.kinds, family)
        assert (one.members != other.members).nnz == 0


def test_a_cluster_gives_the_answer_of_duckdb(week: Path, cluster: str, expected: Features) -> None:
    on_spark = Settings(engine="spark", master=cluster, memory_limit="1GB")

    same_features(scanned(week, on_spark, week / "spark"), expected)

    for file in ("members.parquet", "coordinated.parquet", "campaigns.json", "rejects.parquet"):
        ours, theirs = (week / name / file for name in ("spark", "duckdb"))
        assert ours.read_bytes() == theirs.read_bytes(), file


def test_spark_connect_gives_the_answer_of_duckdb_in_the_order_of_parts_and_groups(
    week: Path, connect: str, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "GROUP_ROWS", GROUP_ROWS)
        ingest.read(
            [str(week / "exchanges.parquet")],
            out=tmp_path,
            settings=Settings(),
            accounts=str(week / "accounts.parquet"),
        )
    assert len(list((tmp_path / "exchanges").iterdir())) > 1
    found = []
    for settings in (Settings(engine="spark", master=connect), Settings(threads=1)):
        with start(settings, tmp_path / "spill") as engine:
            found.append(features.measure(tmp_path, engine, seed=0, progress=lambda *_: None))

    same_features(*found)
