"""What came of each training, as rows of `fidelity.parquet`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.lab.distil.fidelity import Answers, Fidelity
from revenuer.lab.distil.flops import Flops
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.distil.store import Step

FIDELITY = pa.schema(
    [
        ("student", pa.string()),
        ("method", pa.string()),
        ("queries", pa.int64()),
        ("seed", pa.int64()),
        ("layers", pa.int64()),
        ("width", pa.int64()),
        ("steps", pa.int64()),
        ("accuracy", pa.float64()),
        ("accuracy_low", pa.float64()),
        ("accuracy_high", pa.float64()),
        ("agreement", pa.float64()),
        ("teacher_accuracy", pa.float64()),
        ("chance", pa.float64()),
        ("flops_per_token", pa.float64()),
        ("training_flops", pa.float64()),
        ("cpu_seconds", pa.float64()),
        ("folder", pa.string()),
    ]
)


@dataclass(frozen=True)
class Trained:
    """One student, trained and measured.

    Attributes:
        settings: How it was trained.
        queries: How many responses it learnt from.
        seed: Of its first weights and order.
        fidelity: How well it answers.
        step: Where it lies.
        answers: What it answered to the test.
        flops_per_token: To serve it, at the test's lengths; None where it cannot be counted.
        training_flops: Of its training; None where it cannot be counted.
    """

    settings: StudentSettings
    queries: int
    seed: int
    fidelity: Fidelity
    step: Step
    answers: Answers
    flops_per_token: float | None
    training_flops: Flops | None

    @property
    def name(self) -> str:
        """What tells it from the others of its experiment."""
        return f"{self.settings.name}-{self.queries}-{self.seed}"


def write(path: Path, trained: Sequence[Trained], *, teacher: Fidelity, chance: float) -> None:
    """Write one row a student."""
    rows = [
        {
            "student": each.settings.name,
            "method": each.settings.method,
            "queries": each.queries,
            "seed": each.seed,
            "layers": each.settings.layers,
            "width": each.settings.width,
            "steps": each.settings.steps,
            "accuracy": each.fidelity.accuracy,
            "accuracy_low": each.fidelity.low,
            "accuracy_high": each.fidelity.high,
            "agreement": each.fidelity.agreement,
            "teacher_accuracy": teacher.accuracy,
            "chance": chance,
            "flops_per_token": each.flops_per_token,
            "training_flops": each.training_flops and float(each.training_flops.number),
            "cpu_seconds": (each.step.told or {})["cpu_seconds"],
            "folder": each.step.folder.name,
        }
        for each in trained
    ]
    pq.write_table(pa.Table.from_pylist(rows, FIDELITY), path)
