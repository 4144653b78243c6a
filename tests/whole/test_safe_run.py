"""A scan that is killed, or has no room, or whose logs change, does no harm and tells why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from revenuer.find import ingest, pipeline, place
from revenuer.find.features import texts
from revenuer.find.ingest import resume
from revenuer.lab import traffic
from revenuer.settings import Settings

SAME = ("members.parquet", "campaigns.json", "coordinated.parquet", "rejects.parquet")

#: Scans, and is killed by the system at a chosen moment.
DYING = """
import os, signal, sys
from pathlib import Path
from revenuer.find import pipeline, place
from revenuer.settings import Settings

moment, logs, accounts, out = sys.argv[1:]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def progress(stage, done, total):
    if stage == moment and (done or total is None):
        die()

rename = Path.rename
def rename_or_die(path, target):
    if moment == "moving" and path.name == place.MADE:
        die()
    return rename(path, target)
Path.rename = rename_or_die

pipeline.scan([logs], out=Path(out), accounts=accounts, settings=Settings(threads=1),
              progress=progress, finish=die if moment == "finish" else lambda _: None)
"""

#: Runs a command where no file may grow beyond so many bytes.
LIMITED = """
import resource, sys

most = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
from revenuer.cli.main import main

main()
"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return three simulated days with campaigns among honest accounts."""
    folder = tmp_path_factory.mktemp("logs")
    traffic.simulate(folder, seed=1, days=3, scale=0.05, campaigns=["hydra"])
    return folder


def scanned(logs: Path, out: Path) -> Path:
    pipeline.scan(
        [str(logs / "exchanges.parquet")],
        out=out,
        settings=Settings(threads=1),
        accounts=str(logs / "accounts.parquet"),
    )
    return out


@pytest.fixture(scope="module")
def undisturbed(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return what a scan finds that nobody disturbs."""
    return found(scanned(logs, tmp_path_factory.mktemp("runs") / "run"))


def found(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in SAME}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "revenuer", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def old_run(out: Path) -> dict[str, bytes]:
    """Write what counts as a run, and return its files."""
    out.mkdir()
    (out / "run.json").write_text("{}")
    (out / "campaigns.json").write_text("{}")
    (out / "report.html").write_bytes(b"old")
    return contents(out)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def times_read(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list that grows by one with each reading of logs."""
    real, times = ingest.read, []

    def counted(*arguments: Any, **options: Any) -> ingest.IngestSummary:
        times.append(None)
        return real(*arguments, **options)

    monkeypatch.setattr(ingest, "read", counted)
    return times


@pytest.fixture
def worked_on(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by a number of texts each time that texts are worked on."""
    real, many = texts.work, []

    def counted(some: Any, keys: Any, matcher: Any) -> texts.Worked:
        many.append(len(keys))
        return real(some, keys, matcher)

    monkeypatch.setattr(texts, "work", counted)
    return many


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "reads_again", "works_again"),
    [
        ("ingest", 1, True),
        ("reading text", 0, True),
        ("weighing ties", 0, False),
        ("writing the report", 0, False),
        ("finish", 0, True),
        ("moving", 0, True),
    ],
)
def test_a_killed_scan_goes_on_and_finds_the_same(
    logs: Path,
    undisturbed: dict[str, bytes],
    times_read: list[None],
    worked_on: list[int],
    tmp_path: Path,
    moment: str,
    reads_again: int,
    works_again: bool,
) -> None:
    out = tmp_path / "run"
    before = old_run(out)
    killed = subprocess.run(  # noqa: S603  our own interpreter
        [
            *(sys.executable, "-c", DYING, moment),
            *(logs / "exchanges.parquet", logs / "accounts.parquet", out),
        ],
        env=environment(),
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL
    kept = out if moment != "moving" else tmp_path / "run.partial" / place.OLD
    assert contents(kept) == before
    times_read.clear()
    worked_on.clear()
    scanned(logs, out)
    assert found(out) == undisturbed
    assert len(times_read) == reads_again
    assert (sum(worked_on) > 0) is works_again
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.slow
def test_a_scan_killed_from_outside_goes_on(
    logs: Path, undisturbed: dict[str, bytes], times_read: list[None], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    arguments = ("--accounts", logs / "accounts.parquet", "--threads", "1", "--out", out)
    with subprocess.Popen(  # noqa: S603  our own interpreter
        command("scan", logs / "exchanges.parquet", *arguments), env=environment()
    ) as running:
        mark = tmp_path / "run.partial" / place.TABLES / resume.MARK
        while not mark.exists():
            assert running.poll() is None
            time.sleep(0.005)
        running.kill()

    assert not out.exists()
    times_read.clear()
    scanned(logs, out)
    assert found(out) == undisturbed
    assert times_read == []


@pytest.mark.slow
@pytest.mark.parametrize("most_bytes", [1, 50_000, 200_000, 1_000_000])
def test_no_room_is_a_sentence_and_the_earlier_run_stays(
    logs: Path, tmp_path: Path, most_bytes: int
) -> None:
    """Reach the system's limit of a file's size: while reading, and while writing the report."""
    before = old_run(tmp_path / "run")

    done = subprocess.run(  # noqa: S603  our own interpreter
        [
            *(sys.executable, "-c", LIMITED, str(most_bytes)),
            *("scan", logs / "exchanges.parquet", "--out", tmp_path / "run", "--threads", "1"),
        ],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    said, hint = done.stderr.splitlines()
    assert said.startswith("revenuer: a file grew beyond what is allowed here: ")
    assert hint.startswith("  try: ")
    assert contents(tmp_path / "run") == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
