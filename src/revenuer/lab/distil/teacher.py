"""The model that answers: opened where it lies, or trained on the task first."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from revenuer.errors import InputError
from revenuer.lab.distil import losses
from revenuer.lab.distil.lessons import lessons
from revenuer.lab.distil.settings import StudentSettings, TeacherSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Step, Store
from revenuer.lab.tasks import told
from revenuer.lab.tasks.interface import Task
from revenuer.models import Model, characters, open_model, small
from revenuer.models.http import ServedModel
from revenuer.models.patience import Patience
from revenuer.models.small import Size, SmallModel
from revenuer.models.training import Checkpoint, Course, fit

#: Where the bearer token of a served teacher is, if it asks for one.
TOKEN = "REVENUER_TEACHER_TOKEN"  # noqa: S105 - the name of a variable
#: Of the files in a model's folder that what it writes depends on.
SUFFIXES = (".safetensors", ".bin", ".json", ".txt", ".model", ".jinja")


def trained(store: Store, task: Task, settings: TeacherSettings) -> Step:
    """Return the step that trains a small model on right responses, done.

    Args:
        store: Where steps are kept.
        task: Gives the problems, each taken once.
        settings: Size and course.
    """
    size = size_for(task, settings)
    course = Course(rows=settings.rows, rate=settings.rate, decay=0.01, seed=settings.seed)
    step = store.step(
        "teacher", task=told(task), size=asdict(size), course=asdict(course), steps=settings.steps
    )
    if step.told is not None:
        return step
    began = time.process_time()
    cutter = characters.tokeniser(task.alphabet)
    model = SmallModel(size, seed=settings.seed)

    def loss_of(number: int) -> Tensor:
        problems = [
            task.problem(number * settings.rows + row, "train") for row in range(settings.rows)
        ]
        pairs = [(each.prompt, task.write(each.right)) for each in problems]
        rows = lessons(cutter, pairs, size.context)
        tokens = torch.from_numpy(rows.tokens)
        return losses.hard(model(tokens[:, :-1]), tokens[:, 1:], torch.from_numpy(rows.learnt))

    held = Checkpoint(step.folder / "held.pt")
    fit(model, loss_of, settings.steps, course, held)
    small.save(model, step.folder)
    characters.save(cutter, step.folder)
    row = task.prompt_limit + task.limit + 1
    step.finish({"cpu_seconds": time.process_time() - began, "row_tokens": row})
    held.path.unlink(missing_ok=True)
    return step


def size_for(task: Task, settings: TeacherSettings | StudentSettings) -> Size:
    """Return the size of a small model that reads a task's prompts and writes its responses."""
    return Size(
        vocabulary=1 + len(task.alphabet),
        width=settings.width,
        layers=settings.layers,
        heads=settings.heads,
        # Before them stands one token, and after them one.
        context=task.prompt_limit + task.limit + 2,
        learns_places=True,
    )


def open_teacher(store: Store, task: Task, settings: TeacherSettings, limit: int) -> Speaker:
    """Return the teacher of an experiment, trained if it names none.

    Args:
        store: Where steps are kept.
        task: What it is asked.
        settings: Which model.
        limit: Most tokens of a response; 0 takes the task's limit in characters.

    Raises:
        InputError: There is no such model, what reads it is not installed, or the limit is beyond
            what it reads.
    """
    limit = limit or task.limit + 1
    place, system = settings.model, settings.system
    if not place:
        if limit > task.limit + 1:
            raise InputError(
                f"a teacher trained here writes at most {task.limit + 1} tokens, not {limit}",
                hint="leave max_tokens out",
            )
        step = trained(store, task, settings)
        model = open_model(str(step.folder))
        return Speaker(model, task, step.digest, limit, training=step.told)
    model = _opened(settings)
    digest = f"{place} {model.name} {_content(place)} {system} {settings.chats}"
    is_served = isinstance(model, ServedModel)
    return Speaker(model, task, digest, limit, system, settings.chats, is_served)


def _opened(settings: TeacherSettings) -> Model:
    place = settings.model
    if place.startswith("llamacpp:") and settings.system:
        # Only where a file is run by it is its package needed.
        try:
            from revenuer.models.llamacpp import LlamaCppModel
        except ModuleNotFoundError as error:
            raise InputError(
                f"{place} needs the package {error.name}",
                hint="pip install 'revenuer[lab-llamacpp]'",
            ) from error
        return LlamaCppModel(Path(place.removeprefix("llamacpp:")), system=settings.system)
    if not place.startswith(("http://", "https://")):
        return open_model(place)
    patience = Patience(requests_per_second=settings.requests_per_second or None)
    return ServedModel(
        place,
        name=settings.name or None,
        token=os.environ.get(TOKEN),
        system=settings.system or None,
        patience=patience,
    )


def _content(place: str) -> str:
    """Return a digest of weights, tokeniser and template; of a server nothing is known."""
    path = Path(place.removeprefix("llamacpp:"))
    files = [path] if path.is_file() else sorted(p for p in path.glob("*") if p.suffix in SUFFIXES)
    found = hashlib.blake2b(digest_size=8)
    for each in files:
        with each.open("rb") as file:
            found.update(hashlib.file_digest(file, "blake2b").digest())
    return found.hexdigest() if files else ""
