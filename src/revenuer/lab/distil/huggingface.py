"""A student that is a language model already, trained further through TRL.

What `student.taught` says of steps holds here, too: what was trained is not trained again, and a
training that was killed goes on. It needs the packages of `revenuer[lab-hf]`, which are imported
when there is something to train, never before.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from revenuer.errors import InputError
from revenuer.lab.distil import chats, methods, vocabulary
from revenuer.lab.distil.chats import Row
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Step, Store
from revenuer.lab.distil.student import Material
from revenuer.lab.tasks import told
from revenuer.models import open_model
from revenuer.models.pretrained import PretrainedModel
from revenuer.models.training import rows_in_order

#: What a training keeps while it runs.
HELD = "held"


def taught(
    store: Store, material: Material, teacher: Speaker, settings: StudentSettings, seed: int
) -> Step:
    """Return the step that trains a transformers model further, done.

    Args:
        store: Where steps are kept.
        material: What it learns from.
        teacher: Whose system message is used, and, by methods that look at it, distributions.
        settings: Base, method and course.
        seed: Of order and sampling.

    Raises:
        InputError: The base cannot be read or asked, the teacher does not tell what the method
            needs, a row is longer than the student reads, or a package is missing.
    """
    watched = _watched(settings, teacher)
    step = store.step(
        "student",
        material=material.digest,
        task=told(material.task),
        method=settings.method,
        base=_content(settings.base),
        system=[teacher.system, teacher.chats],
        course={"rows": settings.rows, "rate": settings.rate, "seed": seed},
        steps=settings.steps,
        **_looked_at(settings, teacher),
    )
    with step.held():
        if step.told is None:
            _teach(step, material, teacher, settings, seed, watched)
        # Also what a kill left between the last word and this line.
        shutil.rmtree(step.folder / HELD, ignore_errors=True)
    return step


def _teach(
    step: Step,
    material: Material,
    teacher: Speaker,
    settings: StudentSettings,
    seed: int,
    watched: PretrainedModel | None,
) -> None:
    held = step.folder / HELD
    began = time.process_time()
    trainers = _trainers()
    with trainers.contained():
        student = _open(settings.base)
        rows = chats.rows(student, material, teacher.system, settings, in_template=teacher.chats)
        order = rows_in_order(len(rows), settings.rows, seed)
        steps = [[rows[row] for row in order(number)] for number in range(settings.steps)]
        sample = material.task.write(material.responses[0])
        its = watched and vocabulary.shared(student, watched, sample)
        student = _trained(trainers, student, its, steps, settings, seed, held)
        _save(student, step.folder)
    seconds = {"cpu_seconds": time.process_time() - began}
    step.finish(seconds | _counts(rows, steps, settings))


def _watched(settings: StudentSettings, teacher: Speaker) -> PretrainedModel | None:
    """Return the model whose distributions a method looks at, if it does."""
    if settings.method == "top-k":
        raise InputError(
            "a student with `base` learns no top-k: TRL asks a vLLM server for it",
            hint="learn from `traces`, or from `logits` of a teacher with open weights",
        )
    if settings.method not in methods.LOOKING:
        return None
    if not isinstance(teacher.model, PretrainedModel):
        raise InputError(
            f"{settings.method} needs a teacher with open weights in transformers' form, which "
            f"{teacher.model.name} is not",
            hint="learn from `traces`, or give the teacher's folder or GGUF file",
        )
    return teacher.model


def _looked_at(settings: StudentSettings, teacher: Speaker) -> dict[str, object]:
    """Return what a method depends on beyond the responses."""
    if settings.method not in methods.LOOKING:
        return {}
    dials = {"temperature": settings.temperature} if settings.method == "logits" else {}
    return {"teacher": teacher.digest, **dials}


def _content(base: str) -> str:
    """Return a digest of a model's files."""
    path = Path(base)
    if not path.exists():
        raise InputError(
            f"no model at {base}", hint="base is a folder of transformers or a GGUF file"
        )
    files = [path] if path.is_file() else sorted(each for each in path.iterdir() if each.is_file())
    found = hashlib.blake2b(digest_size=8)
    for each in files:
        with each.open("rb") as file:
            found.update(hashlib.file_digest(file, "blake2b").digest())
    return found.hexdigest()


def _trainers() -> Any:
    try:
        return importlib.import_module("revenuer.lab.distil.trainers")
    except ModuleNotFoundError as error:
        raise InputError(
            f"a student with `base` needs the package {error.name}",
            hint="pip install 'revenuer[lab-hf]'",
        ) from error


def _open(place: str) -> PretrainedModel:
    model = open_model(place)
    if not isinstance(model, PretrainedModel):
        raise InputError(
            f"{place} is no model of transformers", hint="leave out `base` to start a small model"
        )
    end = model.tokeniser.eos_token_id
    if end is None:
        raise InputError(f"the tokeniser of {model.name} has no end of text")
    # What it learns to end with must be what it stops at.
    generation = model.model.generation_config
    stops = generation.eos_token_id
    stops = [stops] if isinstance(stops, int) else list(stops or [])
    generation.eos_token_id = stops if end in stops else [end, *stops]
    return model


def _trained(
    trainers: Any,
    student: PretrainedModel,
    teacher: Any,
    steps: Sequence[Sequence[Row]],
    settings: StudentSettings,
    seed: int,
    held: Path,
) -> PretrainedModel:
    """Return the student after its course."""
    kind = {"logits": "distributions", "on-policy": "own texts"}.get(settings.method, "texts")
    # A student that writes nonsense is told nothing by what a teacher thinks of it: before it
    # learns from its own texts it learns from the teacher's.
    warm = len(steps) // 2 if kind == "own texts" else 0
    if warm:
        done = held / "warm"
        if not done.exists():
            course = trainers.Course("texts", settings, seed, held / "texts")
            trainers.fit(student, None, steps[:warm], course)
            _save(student, held / "warm.part")
            os.replace(held / "warm.part", done)
        student = _open(str(done))
    trainers.fit(student, teacher, steps[warm:], trainers.Course(kind, settings, seed, held / kind))
    return student


def _save(student: PretrainedModel, folder: Path) -> None:
    student.model.save_pretrained(folder)
    student.tokeniser.save_pretrained(folder)


def _counts(
    rows: Sequence[Row], steps: Sequence[Sequence[Row]], settings: StudentSettings
) -> dict[str, int]:
    """Return what the compute account must know; lengths are means."""
    looks = settings.method == "logits"
    return {
        # The teacher reads a row as often as the student learns from it: nothing is kept.
        "responses": settings.rows * len(steps) if looks else len(rows),
        "row_tokens": round(float(np.mean([_width(each, apart=looks) for each in steps]))),
        "prompt_tokens": round(float(np.mean([len(row.asked) for row in rows]))),
        "response_tokens": round(float(np.mean([len(row.said) for row in rows]))),
    }


def _width(step: Sequence[Row], *, apart: bool) -> int:
    """Return the tokens that are read of each row, padding included.

    Args:
        step: Rows that are read together.
        apart: Whether requests and responses are filled up apart from each other.
    """
    if apart:
        return max(len(row.asked) for row in step) + max(len(row.said) for row in step)
    return max(len(row.asked) + len(row.said) for row in step)
