"""Tests of revenuer.find.place."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from revenuer.errors import RunError
from revenuer.find import place

HOLD = """
import sys, time
from pathlib import Path
from revenuer.find import place

with place.taken(Path(sys.argv[1])) as aside:
    (aside / place.TABLES).mkdir()
    print("taken", flush=True)
    time.sleep(600)
"""


def make(out: Path, text: str = "new") -> None:
    with place.taken(out) as aside:
        (aside / place.MADE).mkdir()
        (aside / place.MADE / "campaigns.json").write_text("{}")
        (aside / place.MADE / "run.json").write_text(text)
        place.put(aside, out)


def holder(out: Path) -> subprocess.Popen[str]:
    """Start a process that holds the place, and return once it does."""
    started = subprocess.Popen(  # noqa: S603  our own interpreter
        [sys.executable, "-c", HOLD, str(out)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "taken\n"
    return started


def test_a_run_appears_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    make(tmp_path / "deep" / "run")

    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["run"]
    make(tmp_path / "deep" / "run", "newer")
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["run"]
    assert (tmp_path / "deep" / "run" / "run.json").read_text() == "newer"


def test_while_one_process_makes_a_run_another_is_refused(tmp_path: Path) -> None:
    first = holder(tmp_path / "run")
    try:
        with pytest.raises(RunError) as caught:
            make(tmp_path / "run")

        assert caught.value.message == f"another process is writing {tmp_path / 'run'}"
        assert caught.value.hint
        assert (tmp_path / "run.partial" / place.TABLES).is_dir(), "its work is untouched"
        make(tmp_path / "other")
    finally:
        first.kill()
        first.communicate()


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_dead_process_holds_nothing_and_leaves_its_work(
    tmp_path: Path, by: signal.Signals
) -> None:
    first = holder(tmp_path / "run")
    first.send_signal(by)
    first.communicate()

    with place.taken(tmp_path / "run") as aside:
        assert (aside / place.TABLES).is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_that_was_removed_meanwhile_locks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = place.fcntl.flock, []

    def late(descriptor: int, how: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:  # the other process ends between our open and our lock
            (tmp_path / "run.lock").unlink()
        real(descriptor, how)

    monkeypatch.setattr(place.fcntl, "flock", late)

    with place.taken(tmp_path / "run"):
        assert len(calls) == 2
        assert (tmp_path / "run.lock").exists()


def test_the_earlier_run_comes_back_when_the_kill_fell_between_both_steps(tmp_path: Path) -> None:
    make(tmp_path / "run", "earlier")
    aside = tmp_path / "run.partial"
    aside.mkdir()
    (tmp_path / "run").rename(aside / place.OLD)

    with place.taken(tmp_path / "run"):
        assert (tmp_path / "run" / "run.json").read_text() == "earlier"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_the_earlier_run_comes_back_when_the_new_one_cannot_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "run", "earlier")
    real = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name == place.MADE:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, target)

    monkeypatch.setattr(Path, "rename", fail)

    with pytest.raises(OSError, match="Input/output error"):
        make(tmp_path / "run")

    assert (tmp_path / "run" / "run.json").read_text() == "earlier"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_what_was_half_made_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "run.partial" / place.MADE / "leftover").mkdir(parents=True)

    make(tmp_path / "run")

    assert {p.name for p in (tmp_path / "run").iterdir()} == {"campaigns.json", "run.json"}


def test_a_run_json_of_another_program_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    (tmp_path / "run" / "thesis.tex").write_text("years of work")

    with pytest.raises(RunError, match="holds files that are no run of revenuer"):
        make(tmp_path / "run")

    assert (tmp_path / "run" / "thesis.tex").exists()


def test_a_run_within_a_run_is_not_lost(tmp_path: Path) -> None:
    make(tmp_path / "run")
    make(tmp_path / "run" / "later")

    with pytest.raises(RunError, match=r"holds another run, .*later, which would be lost"):
        make(tmp_path / "run")

    assert (tmp_path / "run" / "later" / "run.json").exists()


def test_foreign_files_aside_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run.partial").mkdir()
    (tmp_path / "run.partial" / "thesis.tex").write_text("years of work")

    with pytest.raises(RunError, match="no unfinished run of revenuer"):
        make(tmp_path / "run")

    assert (tmp_path / "run.partial" / "thesis.tex").read_text() == "years of work"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.partial"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full: "),
        (errno.EDQUOT, "the disk holds as much as you may store: "),
        (errno.EFBIG, "a file grew beyond what is allowed here: "),
    ],
)
def test_a_full_disk_is_a_sentence_and_keeps_the_earlier_run(
    tmp_path: Path, number: int, said: str
) -> None:
    make(tmp_path / "run", "earlier")

    def fill() -> None:
        with place.taken(tmp_path / "run") as aside:
            (aside / "part").write_text("half")
            raise OSError(number, os.strerror(number))

    with pytest.raises(RunError) as caught:
        fill()

    assert caught.value.message == f"{said}{tmp_path / 'run'} was not written"
    assert caught.value.hint
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / "run.json").read_text() == "earlier"


@pytest.mark.parametrize(
    "wrong", [lambda: PermissionError(errno.EACCES, "Permission denied"), MemoryError]
)
def test_any_other_error_goes_on_and_leaves_nothing(
    tmp_path: Path, wrong: Callable[[], Exception]
) -> None:
    error = wrong()

    with pytest.raises(type(error)) as caught, place.taken(tmp_path / "run"):
        raise error

    assert caught.value is error
    assert list(tmp_path.iterdir()) == []
