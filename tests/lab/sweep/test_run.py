"""Tests of revenuer.lab.sweep.run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.lab.distil.test_run import TINY

from revenuer.errors import EvidenceError, InputError
from revenuer.lab.distil.run import set_up
from revenuer.lab.sweep import run, verdict
from revenuer.lab.sweep.grid import Sweep, SweepSettings, cells
from revenuer.lab.sweep.run import price_of, sweep

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


def test_nothing_is_reported_before_anything_is_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no cell is done in") as refused:
        sweep(SMALL, tmp_path, report_only=True)

    assert refused.value.hint == "leave out --report-only"
    # Nor was a teacher trained or asked.
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("_guesses")
def test_defences_alone_are_not_reported(tmp_path: Path) -> None:
    stage = set_up(SMALL.experiment, tmp_path)
    cell = next(cell for cell in cells(SMALL.grid) if cell.defence != "none")
    run._step(stage, SMALL, cell).finish(asdict(cell) | {"accuracy": 0.5})

    with pytest.raises(InputError, match="no cell without a defence is done"):
        sweep(SMALL, tmp_path, report_only=True)


def test_a_teacher_that_guesses_is_refused_before_any_cell_is_run(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="nothing can be shown of a defence"):
        sweep(SMALL, tmp_path)

    assert not list(tmp_path.glob("steps/cell-*"))


_CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from revenuer.lab.sweep import verdict
from revenuer.lab.sweep.run import sweep
from tests.lab.sweep.test_run import SMALL
if __name__ == "__main__":
    verdict.check_teacher = lambda teacher, chance: None
    slow = replace(SMALL.experiment, student=(replace(SMALL.experiment.student[0], steps=10**6),))
    sweep(replace(SMALL, experiment=slow), Path(sys.argv[1]), workers=2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT])
def test_no_process_goes_on_after_a_sweep_was_stopped(tmp_path: Path, way: signal.Signals) -> None:
    root = Path(__file__).parents[3]
    (tmp_path / "child.py").write_text(_CHILD)
    command = [sys.executable, str(tmp_path / "child.py"), str(tmp_path / "out")]
    environment = os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    deadline = time.monotonic() + 120
    # Its processes hold the other end: it closes with the last of them.
    with subprocess.Popen(  # noqa: S603 - this interpreter
        command, env=environment, stderr=subprocess.PIPE
    ) as child:
        while len(list(tmp_path.glob("out/steps/student-*/held.pt"))) < 2:
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        child.send_signal(way)
        try:
            child.communicate(timeout=60)
        finally:
            child.kill()

    assert child.returncode != 0
