"""What Spark lacks is told before it starts, with what to do."""

from __future__ import annotations

import socket
from pathlib import Path

import duckdb
import pytest

from revenuer.engine import Spark, cluster
from revenuer.engine.cluster import check_answered, mebibytes
from revenuer.errors import InputError


def test_a_cluster_that_answers_is_not_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
        check_answered(f"sc://{place}/;user_id=u")
        # One of several masters is enough.
        check_answered(f"spark://127.0.0.1:1,{place}")
    check_answered("local[*]")


@pytest.mark.parametrize(
    ("size", "mib"), [("2GB", 1907), ("500 MB", 476), ("1.5GiB", 1536), ("4194304B", 4)]
)
def test_sizes_are_read_as_duckdb_reads_them(size: str, mib: int) -> None:
    assert mebibytes(size) == mib
    duckdb.connect(":memory:", config={"memory_limit": size}).close()


@pytest.mark.parametrize(
    "size", ["80%", "much", "", "1.2.3GB", "-1GB", "0GB", "4194304", "2IB", "99999999TB"]
)
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(InputError, match="no size of memory"):
        mebibytes(size)


def test_a_missing_package_is_told_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda _: None)

    with pytest.raises(InputError, match="pyspark") as caught:
        Spark()

    assert caught.value.hint == "pip install 'revenuer[spark]'"


def test_missing_java_is_told_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(InputError, match="Java 17") as caught:
        Spark()

    assert caught.value.hint == "apt install openjdk-17-jre-headless"


@pytest.mark.parametrize(
    "master",
    ["spark://127.0.0.1:1", "sc://127.0.0.1:1/;token=x", "spark://a.invalid:7,[::1]:1", "sc://h"],
)
def test_a_cluster_that_is_not_there_is_told_at_once(master: str) -> None:
    with pytest.raises(InputError, match="nobody answers at"):
        Spark(master)
