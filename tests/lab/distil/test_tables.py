"""Tests of revenuer.lab.distil.tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from revenuer.lab.distil import tables
from revenuer.lab.distil.fidelity import Answers, Fidelity
from revenuer.lab.distil.flops import Flops
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.distil.store import Store
from revenuer.lab.distil.tables import FIDELITY, Trained


def test_a_row_says_how_a_student_was_taught_and_what_came_of_it(tmp_path: Path) -> None:
    step = Store(tmp_path).step("student", a=1)
    step.finish({"cpu_seconds": 2.5})
    settings = StudentSettings(name="s", method="answers", layers=2, width=12, steps=7)
    answers = Answers([], 1.0, 1.0)
    told = Trained(settings, 9, 3, Fidelity(0.5, 0.4, 0.6, 0.7), step, answers, 20.0, Flops(300))
    unknown = Trained(settings, 9, 4, Fidelity(0.5, 0.4, 0.6, 0.7), step, answers, None, None)

    tables.write(
        tmp_path / "a.parquet", [told, unknown], teacher=Fidelity(0.9, 0.8, 1.0, 1.0), chance=0.1
    )

    read = pq.read_table(tmp_path / "a.parquet")
    assert read.schema.equals(FIDELITY)
    row, other = read.to_pylist()
    assert row == {
        "student": "s", "method": "answers", "queries": 9, "seed": 3, "layers": 2, "width": 12,
        "steps": 7, "accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "agreement": 0.7,
        "teacher_accuracy": 0.9, "chance": 0.1, "flops_per_token": 20.0, "training_flops": 300.0,
        "cpu_seconds": 2.5, "folder": step.folder.name,
    }  # fmt: skip
    assert (other["flops_per_token"], other["training_flops"]) == (None, None)
    assert told.name == "s-9-3"
