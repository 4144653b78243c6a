"""The whole of a distillation: task, teacher, harvest, defence, student, fidelity, account."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from revenuer.guard import transforms
from revenuer.guard.transforms import Response
from revenuer.lab.distil import account, fidelity, huggingface, report, tables
from revenuer.lab.distil.account import Account
from revenuer.lab.distil.fidelity import Answers, Fidelity
from revenuer.lab.distil.harvest import Answered, Harvest, harvested
from revenuer.lab.distil.purse import Purse
from revenuer.lab.distil.settings import Experiment, StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store, write
from revenuer.lab.distil.student import Material, check, taught
from revenuer.lab.distil.tables import Trained
from revenuer.lab.distil.teacher import open_teacher
from revenuer.lab.tasks import open_task
from revenuer.lab.tasks.interface import Problem, Task
from revenuer.models import open_model

Tell = Callable[[str], None]
#: Of the streams that defences draw from. Problems are drawn from (seed, number) and 0 or 1, and
#: numpy takes a stream without a last number for the one with 0.
STREAM = 2


@dataclass(frozen=True)
class Stage:
    """All that students are taught and measured with.

    Attributes:
        experiment: What it was set up for.
        store: Where steps are kept.
        task: What is asked.
        teacher: Who answers.
        harvest: What it answered.
        problems: Held out for the test.
        its: What the teacher answers to them.
    """

    experiment: Experiment
    store: Store
    task: Task
    teacher: Speaker
    harvest: Harvest
    problems: Sequence[Problem]
    its: Answers

    @property
    def teacher_fidelity(self) -> Fidelity:
        """How well the teacher answers."""
        return fidelity.compare(self.task, self.problems, self.its.responses, self.its.responses)

    def material(self, defence: str, first: int, last: int) -> Material:
        """Return a part of the harvest as a defence leaves it, what cannot be read left out.

        Args:
            defence: `none` or a transform.
            first: Number of the first response.
            last: One past the last.
        """
        part = self.harvest.responses[first:last]
        defended = [(each.number, self._defended(each, defence)) for each in part]
        read = [(number, response) for number, response in defended if response.answer]
        return Material(
            self.task,
            [self.task.problem(number, "train") for number, _ in read],
            [response for _, response in read],
            f"{self.harvest.digest(first, last)} {known_as(defence)}",
        )

    def trained(
        self, settings: StudentSettings, material: Material, queries: int, seed: int
    ) -> Trained:
        """Return a student taught by some material that took so many queries, and measured."""
        teach = huggingface.taught if settings.base else taught
        step = teach(self.store, material, self.teacher, settings, seed)
        model, teacher = open_model(str(step.folder)), self.teacher
        limit = teacher.limit if settings.base else self.task.limit + 1
        student = Speaker(model, self.task, step.digest, limit, teacher.system, teacher.chats)
        own = fidelity.answered(self.store, student, self.problems)
        takes = account.operations(model, 0)
        its = account.operations(teacher.model, self.experiment.teacher.active_parameters)
        return Trained(
            settings,
            queries,
            seed,
            fidelity.compare(self.task, self.problems, own.responses, self.its.responses),
            step,
            own,
            None if takes is None else account.a_token(takes, own),
            None if takes is None else account.of_training(settings, step.told or {}, takes, its),
        )

    def _defended(self, answered: Answered, defence: str) -> Response:
        response = self.teacher.read(answered.completion)
        if defence == "none":
            return response
        # Each response has a stream of its own: the same whatever else is harvested.
        seed = (self.experiment.harvest.seed, answered.number, STREAM)
        random = np.random.default_rng(seed)
        return transforms.named(defence)(response, random)


def known_as(defence: str) -> str:
    """Return what names a defence in the inputs of steps: its stream as well, if it draws."""
    kind = transforms.TRANSFORMS.get(defence.partition(":")[0])
    return f"{defence} {STREAM}" if kind and kind.is_drawn else defence


@dataclass(frozen=True)
class Distilled:
    """What a distillation found.

    Attributes:
        stage: What it was done with.
        students: One a training.
        account: What was computed, and what it cost.
    """

    stage: Stage
    students: Sequence[Trained]
    account: Account

    def sentences(self) -> list[str]:
        """Return it in words."""
        teacher, chance = self.stage.teacher_fidelity, self.stage.task.chance
        said = [
            f"The teacher answers {teacher.accuracy:.1%} of {len(self.stage.problems):,} held-out "
            f"problems rightly; guessing gets {chance:.1%}."
        ]
        for each in self.students:
            ratio = self.account.served_ratio[each.name]
            fewer = f", at {ratio:.0f} times fewer operations a token" if ratio else ""
            said.append(
                f"{each.settings.name}, seed {each.seed}, {each.queries:,} responses: "
                f"{each.fidelity.accuracy:.1%} [{each.fidelity.low:.1%}, {each.fidelity.high:.1%}]"
                f"{fewer}."
            )
        return said

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return {
            "teacher": asdict(self.stage.teacher_fidelity),
            "chance": self.stage.task.chance,
            "students": [
                {"name": each.name, "queries": each.queries, "seed": each.seed}
                | asdict(each.fidelity)
                for each in self.students
            ],
            "account": self.account.to_json(),
        }


def distil(experiment: Experiment, out: Path, *, tell: Tell = lambda said: None) -> Distilled:
    """Run an experiment, going on with whatever of it was done before.

    Args:
        experiment: What to do.
        out: Folder; gets `steps/`, `students/`, `fidelity.parquet`, `compute.json`, `report.html`.
        tell: Is told, in a sentence, what happens.

    Raises:
        InputError: A setting is impossible, a model cannot be reached, a cap is reached, or
            another run works in the folder.
    """
    small = not experiment.teacher.model and not any(each.base for each in experiment.student)
    with Store(out / "steps").locked(), one_thread() if small else nullcontext():
        stage = set_up(experiment, out, tell=tell)
        found = []
        for settings in experiment.student:
            for queries in settings.queries or (experiment.harvest.queries,):
                material = stage.material(experiment.defence, 0, queries)
                for seed in settings.seeds:
                    found.append(stage.trained(settings, material, queries, seed))
                    tell(f"{found[-1].name}: {found[-1].fidelity.accuracy:.1%} right.")
        told = Distilled(
            stage,
            found,
            account.of(experiment, stage.teacher, stage.harvest, stage.its, found),
        )
        _publish(told, out)
    return told


def set_up(experiment: Experiment, out: Path, *, tell: Tell = lambda said: None) -> Stage:
    """Return teacher, harvest and test of an experiment, done if they were not."""
    task = open_task(experiment.task)
    if experiment.defence != "none":
        transforms.named(experiment.defence)
    # A task of a file ends; that is told before anything is paid for.
    task.problem(experiment.harvest.queries - 1, "train")
    problems = fidelity.held_out(task, experiment.fidelity.problems)
    store = Store(out / "steps")
    limit = experiment.harvest.max_tokens
    teacher = open_teacher(store, task, experiment.teacher, limit)
    tell(f"Teacher: {teacher.model.name}.")
    for each in experiment.student:
        if not each.base:
            check(task, teacher, each)
    workers = experiment.teacher.workers
    purse = Purse(experiment.harvest.max_usd, experiment.prices)
    # First, since it is cheaper, and may show that the rest is not worth asking for.
    its = fidelity.answered(store, teacher, problems, purse, workers=workers)
    harvest = harvested(store, teacher, experiment.harvest, purse, workers=workers)
    tell(f"Harvest: {len(harvest.responses):,} responses.")
    return Stage(experiment, store, task, teacher, harvest, problems, its)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch add up in one order, whatever the machine: small models gain nothing by more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _publish(told: Distilled, out: Path) -> None:
    stage = told.stage
    tables.write(
        out / "fidelity.parquet",
        told.students,
        teacher=stage.teacher_fidelity,
        chance=stage.task.chance,
    )
    write(out / "compute.json", json.dumps(told.account.to_json(), indent=1) + "\n")
    for each in told.students:
        # What is published is a model: no step, nor what a killed training left.
        shutil.copytree(
            each.step.folder,
            out / "students" / each.name,
            ignore=shutil.ignore_patterns("step.json", "held.pt*"),
            dirs_exist_ok=True,
        )
    report.publish(out / "report.html", told)
