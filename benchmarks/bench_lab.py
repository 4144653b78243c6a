"""Does a small student reach its teacher, from the teacher's outputs alone, and at what cost?"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from measure import arguments, finish, heading, table

from revenuer.lab import configs
from revenuer.lab.distil.config import experiment_of
from revenuer.lab.distil.run import distil
from revenuer.lab.distil.settings import Experiment, HarvestSettings

SEEDS = (0, 1, 2)


def quick(experiment: Experiment) -> Experiment:
    """Return the same on chains of four steps, with fewer responses, less training, one seed."""
    small = tuple(
        replace(each, queries=(), steps=1_200, rate=1e-2, seeds=SEEDS[:1])
        for each in experiment.student
    )
    return replace(
        experiment,
        task={"name": "chain", "steps": 4},
        harvest=HarvestSettings(queries=1_000),
        student=small,
    )


def main() -> None:
    chosen = arguments(__doc__.splitlines()[0]).parse_args()
    experiment = experiment_of(configs.tables("distil"), "the default")
    experiment = replace(
        experiment, student=tuple(replace(each, seeds=SEEDS) for each in experiment.student)
    )
    experiment = quick(experiment) if chosen.quick else experiment
    heading(
        "bench_lab", task=dict(experiment.task), queries=experiment.harvest.queries,
        seeds=experiment.student[0].seeds, problems=experiment.fidelity.problems, threads=1,
    )  # fmt: skip
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        told = distil(experiment, Path(folder), tell=print)
        minutes = (time.monotonic() - began) / 60
    teacher = told.stage.teacher_fidelity.accuracy
    table(
        "Students",
        ("student", "responses", "seed", "right", "as the teacher", "served", "whole"),
        [
            [
                each.settings.name, each.queries, each.seed, f"{each.fidelity.accuracy:.3f}",
                f"{each.fidelity.agreement:.3f}", f"{told.account.served_ratio[each.name]:.1f}",
                f"{told.account.whole_ratio[each.name]:.1f}",
            ]
            for each in told.students
        ],
    )  # fmt: skip
    most = experiment.harvest.queries

    def mean(name: str) -> float:
        found = [
            s.fidelity.accuracy
            for s in told.students
            if (s.settings.name, s.queries) == (name, most)
        ]
        return sum(found) / len(found)

    first = f"traces-{most}-0"
    finish(
        {
            "flops_ratio_per_token": told.account.served_ratio[first] or 0.0,
            "flops_ratio_whole": told.account.whole_ratio[first] or 0.0,
            "fidelity_share_of_teacher": mean("traces") / teacher,
            "teacher_accuracy": teacher,
            "answers_only_accuracy": mean("answers"),
            "chance": told.stage.task.chance,
            "minutes": minutes,
        },
        chosen.json,
    )


if __name__ == "__main__":
    main()
