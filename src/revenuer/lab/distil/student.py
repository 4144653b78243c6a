"""A small model that learns from what a teacher answered, and from nothing else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.distil import methods
from revenuer.lab.distil.lessons import legible, lessons
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Step, Store
from revenuer.lab.distil.teacher import size_for
from revenuer.lab.tasks.interface import Problem, Task
from revenuer.models import Capability, characters, small
from revenuer.models.small import Size, SmallModel
from revenuer.models.training import Checkpoint, Course, fit, rows_in_order


@dataclass(frozen=True)
class Material:
    """What there is to learn from.

    Attributes:
        task: How responses are written.
        problems: What was asked.
        responses: What came back, after any defence.
        digest: Names problems and responses in the inputs of the step.
    """

    task: Task
    problems: Sequence[Problem]
    responses: Sequence[Response]
    digest: str


def check(task: Task, teacher: Speaker, settings: StudentSettings) -> None:
    """Refuse what cannot be taught, before the teacher is asked for anything.

    Raises:
        InputError: The teacher does not tell what the method needs, or cuts text otherwise; or the
            task holds a character that no small model can read.
    """
    cutter = characters.tokeniser(task.alphabet)
    if _looked_at(settings, teacher):
        sample = task.problem(0, "train").short
        cut = characters.encode(cutter, sample)
        methods.check_tokeniser(teacher.model, cut, sample)


def taught(
    store: Store, material: Material, teacher: Speaker, settings: StudentSettings, seed: int
) -> Step:
    """Return the step that trains a small student, done.

    Args:
        store: Where steps are kept.
        material: What it learns from.
        teacher: Whose distributions it may look at, for methods that do.
        settings: Size, method and course.
        seed: Of first weights and order.

    Raises:
        InputError: The teacher does not tell what the method needs.
    """
    size = size_for(material.task, settings)
    course = Course(rows=settings.rows, rate=settings.rate, decay=0.01, seed=seed)
    step = store.step(
        "student",
        material=material.digest,
        method=settings.method,
        size=asdict(size),
        course=asdict(course),
        steps=settings.steps,
        **_looked_at(settings, teacher),
    )
    with step.held():
        if step.told is None:
            _teach(step, material, teacher, settings, size, course)
    return step


def _teach(
    step: Step,
    material: Material,
    teacher: Speaker,
    settings: StudentSettings,
    size: Size,
    course: Course,
) -> None:
    began = time.process_time()
    cutter = characters.tokeniser(material.task.alphabet)
    pairs = _pairs(material, settings)
    rows = lessons(cutter, pairs, size.context)
    model = SmallModel(size, seed=course.seed)
    order = rows_in_order(len(rows), course.rows, course.seed)
    loss_of = methods.loss(settings, model, rows, teacher.model, order, course.seed)
    kept = Checkpoint(step.folder / "held.pt")
    fit(model, loss_of, settings.steps, course, kept)
    small.save(model, step.folder)
    characters.save(cutter, step.folder)
    step.finish(
        {
            "cpu_seconds": time.process_time() - began,
            "responses": len(rows),
            "row_tokens": int(rows.tokens.shape[1]) - 1,
            "prompt_tokens": round(float(rows.starts.mean())),
            "response_tokens": round(float((rows.stops - rows.starts).mean())),
        }
    )
    kept.path.unlink(missing_ok=True)


def _looked_at(settings: StudentSettings, teacher: Speaker) -> dict[str, object]:
    """Return what a method depends on beyond the responses."""
    if settings.method not in methods.LOOKING:
        return {}
    if Capability.DISTRIBUTIONS not in teacher.model.capabilities:
        raise InputError(
            f"{settings.method} needs the teacher's distributions, which {teacher.model.name} "
            "does not tell",
            hint="learn from `traces`, or open the teacher's weights",
        )
    told: dict[str, object] = {"teacher": teacher.digest}
    if settings.method == "on-policy":
        return told
    alternatives = settings.top_k if settings.method == "top-k" else 0
    return told | {"temperature": settings.temperature, "top_k": alternatives}


def _pairs(material: Material, settings: StudentSettings) -> list[tuple[str, str]]:
    hides = settings.method == "answers"
    shown = [Response("", each.answer) if hides else each for each in material.responses]
    # A language model writes what a small one has no token for.
    known = frozenset(material.task.alphabet)
    return [
        (problem.short, legible(material.task.write(response), known))
        for problem, response in zip(material.problems, shown, strict=True)
    ]
