"""Tests of revenuer.lab.sweep.run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.lab.distil.test_run import TINY

from revenuer.errors import EvidenceError, InputError
from revenuer.lab.distil.run import set_up
from revenuer.lab.sweep import run, verdict
from revenuer.lab.sweep.grid import Sweep, SweepSettings, cells
from revenuer.lab.sweep.run import price_of, sweep
from revenuer.lab.tasks import open_task

SMALL = Sweep(
    replace(
        TINY,
        harvest=replace(TINY.harvest, queries=80),
        student=(replace(TINY.student[0], queries=(), seeds=(0,), steps=10),),
    ),
    SweepSettings(
        defences=("none", "withhold", "noise:0.3"), queries=(40,), training=(1, 2), sizes=("1x8",),
        seeds=(0, 1), attackers=("plain", "adaptive", "known"), known=30,
    ),
)  # fmt: skip


@pytest.fixture
def _guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a teacher do that is trained in a second."""
    monkeypatch.setattr(verdict, "check_teacher", lambda teacher, chance: None)


@pytest.mark.slow
@pytest.mark.usefixtures("_guesses")
def test_a_sweep_can_be_stopped_and_gone_on_with(tmp_path: Path) -> None:
    few = replace(SMALL, grid=replace(SMALL.grid, defences=("none", "noise:0.3")))
    said: list[str] = []

    sweep(few, tmp_path, workers=2)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("steps/cell-*/step.json")}
    partly = sweep(SMALL, tmp_path, report_only=True)
    not_run = (tmp_path / "report.html").read_text()
    found = sweep(SMALL, tmp_path, workers=2, tell=said.append)

    asked = cells(SMALL.grid)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    rows = pq.read_table(tmp_path / "cells.parquet").to_pylist()
    assert [(row["defence"], row["attacker"], row["queries"], row["training"], row["seed"])
            for row in rows] == [
        (cell.defence, cell.attacker, cell.queries, cell.training, cell.seed) for cell in asked
    ]  # fmt: skip
    assert len([line for line in said if " of " in line]) == len(asked)
    assert [each.defence for each in found] == ["none", "withhold", "noise:0.3"]
    assert json.loads((tmp_path / "verdicts.json").read_text()) == [
        json.loads(json.dumps(each.to_json())) for each in found
    ]
    assert [each.defence for each in partly] == ["none", "noise:0.3"]
    assert all(each.word in ("none", "not shown so far", "no protection so far") for each in found)
    assert "Not run: 8 cells. withhold, adaptive, 40 queries" in not_run
    page = (tmp_path / "report.html").read_text()
    assert all(each.sentence.split(":")[0] in page for each in found)
    assert "Not run" not in page
    # The known responses are not among those that were asked for, and add to what is restored.
    adaptive = [row for row in rows if row["attacker"] == "adaptive"]
    assert all(row["learnt_from"] >= 20 for row in adaptive)
    assert {row["learnt_from"] for row in rows if row["attacker"] == "known"} == {
        len(set_up(SMALL.experiment, tmp_path).material("none", 40, 70).responses)
    }


def test_prices_agree_with_what_transforms_do(tmp_path: Path) -> None:
    stage = set_up(SMALL.experiment, tmp_path)

    none, withheld = price_of(stage, "none"), price_of(stage, "withhold")
    wrong = price_of(stage, "noise:1")

    assert (none.answers_right, none.steps_kept, none.steps_off) == (1.0, 1.0, 0.0)
    assert (withheld.answers_right, withheld.steps_kept, withheld.steps_off) == (1.0, 0.0, 0.0)
    # Digits are drawn from those of the reasoning: with one digit alone its neighbour is taken.
    assert wrong.answers_right == 1.0
    assert wrong.steps_kept == pytest.approx(1 - wrong.steps_off)
    assert wrong.steps_off > 0.95


@pytest.mark.usefixtures("_guesses")
def test_nothing_is_reported_before_anything_is_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no cell without a defence is done"):
        sweep(SMALL, tmp_path, report_only=True)


def test_a_teacher_that_guesses_is_refused_before_any_cell_is_run(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="nothing can be shown of a defence"):
        sweep(SMALL, tmp_path)

    assert not list(tmp_path.glob("steps/cell-*"))


_CHILD = """
import sys
from pathlib import Path
from tests.lab.sweep.test_run import SMALL
from revenuer.lab.sweep import verdict
from revenuer.lab.sweep.run import sweep
if __name__ == "__main__":
    verdict.check_teacher = lambda teacher, chance: None
    sweep(SMALL, Path(sys.argv[1]), workers=2)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("_guesses")
def test_a_sweep_that_was_killed_leaves_no_worker_and_goes_on(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    script = tmp_path / "child.py"
    script.write_text(_CHILD)
    environment = os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    out = tmp_path / "out"
    with subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, str(script), str(out)], env=environment
    ) as child:
        _wait(lambda: bool(list(out.glob("steps/cell-*/step.json"))))
        workers = _children(child.pid)
        child.send_signal(signal.SIGKILL)
    kept = {path: path.stat().st_mtime_ns for path in out.glob("steps/cell-*/step.json")}

    assert len(workers) >= 2
    _wait(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    sweep(SMALL, out, workers=1)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def _wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _children(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        fields = status.read_text().rpartition(")")[2].split()
        if int(fields[1]) == parent:
            found.append(int(status.parent.name))
    return found


def test_a_cell_knows_the_task_of_a_teacher_that_was_not_trained_here(tmp_path: Path) -> None:
    stage = set_up(SMALL.experiment, tmp_path)
    cell = cells(SMALL.grid)[0]
    outside = replace(stage, teacher=replace(stage.teacher, training=None))
    other = open_task({"name": "chain", "steps": 2, "seed": 1})

    assert run._step(stage, SMALL, cell) == run._step(replace(stage, task=other), SMALL, cell)
    assert (
        run._step(outside, SMALL, cell).folder
        != run._step(replace(outside, task=other), SMALL, cell).folder
    )
