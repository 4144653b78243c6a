"""What a small student minimises at each step, by method.

Each method is a function of the step alone, whatever it draws at random: a training that was killed
goes on to the same weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from revenuer.errors import InputError
from revenuer.lab.distil import losses
from revenuer.lab.distil.lessons import END, Lessons
from revenuer.lab.distil.settings import StudentSettings
from revenuer.models import Model, small
from revenuer.models.small import SmallModel

Loss = Callable[[int], Tensor]
Order = Callable[[int], NDArray[np.int64]]
#: Methods that look at the teacher's distributions.
LOOKING = ("logits", "top-k", "on-policy")
#: Smallest probability that a logarithm is taken of.
SMALLEST = 1e-30


def loss(
    settings: StudentSettings,
    model: SmallModel,
    rows: Lessons,
    teacher: Model,
    order: Order,
    seed: int,
) -> Loss:
    """Return the loss of each step.

    Args:
        settings: The method and its dials.
        model: The student.
        rows: What it learns from.
        teacher: Looked at by `logits`, `top-k` and `on-policy`; must cut text as the student does.
        order: Rows of each step.
        seed: Of what the student writes on-policy.
    """
    if settings.method not in LOOKING:
        return _hard(model, rows, order)
    if settings.method == "on-policy":
        return _on_policy(model, rows, teacher, order, settings.steps // 2, seed)
    vocabulary = model.size.vocabulary
    k = vocabulary if settings.method == "logits" else min(settings.top_k, vocabulary)
    return _soft(model, rows, *_alternatives(rows, teacher, k), order, settings.temperature)


def _hard(model: SmallModel, rows: Lessons, order: Order) -> Loss:
    tokens, learnt = torch.from_numpy(rows.tokens), torch.from_numpy(rows.learnt)

    def at(step: int) -> Tensor:
        some = order(step)
        return losses.hard(model(tokens[some, :-1]), tokens[some, 1:], learnt[some])

    return at


def _soft(
    model: SmallModel, rows: Lessons, ids: Tensor, told: Tensor, order: Order, temperature: float
) -> Loss:
    tokens, learnt = torch.from_numpy(rows.tokens), torch.from_numpy(rows.learnt)
    # Where the alternatives of a row begin, in the order in which `learnt` reads a batch.
    sizes = torch.from_numpy(rows.stops - rows.starts)
    firsts = torch.cumsum(sizes, 0) - sizes

    def at(step: int) -> Tensor:
        some = order(step)
        places = torch.cat(
            [torch.arange(firsts[row], firsts[row] + sizes[row]) for row in some.tolist()]
        )
        logits = model(tokens[some, :-1])[learnt[some]]
        return losses.soft(logits, ids[places], told[places], temperature)

    return at


def _alternatives(rows: Lessons, teacher: Model, k: int) -> tuple[Tensor, Tensor]:
    """Return ids and log probabilities (learnt tokens, k) of what the teacher thought likeliest."""
    found = []
    for tokens, start, stop in zip(rows.tokens, rows.starts, rows.stops, strict=True):
        found.append(teacher.score(tokens[:start].tolist(), tokens[start:stop].tolist()))
    told = torch.from_numpy(np.log(np.maximum(np.concatenate(found), SMALLEST)))
    best = told.topk(k)
    return best.indices, best.values


def _on_policy(
    model: SmallModel, rows: Lessons, teacher: Model, order: Order, warm: int, seed: int
) -> Loss:
    """Learn from the teacher's texts for `warm` steps, then from what it thinks of one's own.

    A student that still writes nonsense is told nothing by what a teacher thinks of it.
    """
    warming = _hard(model, rows, order)

    def at(step: int) -> Tensor:
        if step < warm:
            return warming(step)
        written = _written(model, rows, order(step), np.random.default_rng((seed, step)))
        thought = [teacher.score(one[:start], one[start:]) for one, start in written]
        read = [model(torch.tensor([one[:-1]]))[0, start - 1 :] for one, start in written]
        wanted = torch.from_numpy(np.log(np.maximum(np.concatenate(thought), SMALLEST)))
        return losses.reverse(torch.cat(read), wanted)

    return at


def _written(
    model: SmallModel, rows: Lessons, some: NDArray[np.int64], rng: np.random.Generator
) -> list[tuple[list[int], int]]:
    """Return what the student writes after some prompts, up to its end, and where that begins."""
    longest = int((rows.stops - rows.starts).max())
    found = []
    starts = rows.starts[some]
    for start in np.unique(starts).tolist():
        prompts = rows.tokens[some[starts == start], :start]
        room = min(longest, model.size.context - start)
        said = small.generate(model, prompts, room, small.sampler(rng))
        for prompt, response in zip(prompts.tolist(), said.tolist(), strict=True):
            length = response.index(END) + 1 if END in response else len(response)
            found.append((prompt + response[:length], start))
    return found


def check_tokeniser(teacher: Model, cut: list[int], sample: str) -> None:
    """Refuse a teacher whose distributions are over other tokens than the student's.

    Raises:
        InputError: It cuts a text otherwise.
    """
    if teacher.encode(sample) != cut:
        raise InputError(
            f"{teacher.name} cuts text into other tokens than the student",
            hint="learn from `traces`, or train a student of the teacher's family with `base`",
        )
