"""How a small model learns: AdamW, warm-up and cosine decay, one loss a step.

What a step learns from is its caller's: `fit` asks for the loss of step n, and where that depends
on nothing but n, a training that was killed goes on from its last checkpoint to the same weights.
"""

from __future__ import annotations

import math
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from revenuer.errors import InputError
from revenuer.models.small import Size, SmallModel


@dataclass(frozen=True)
class Course:
    """How fast.

    Attributes:
        rows: Pieces of text a step.
        rate: Largest learning rate.
        decay: Weight decay, of matrices.
        seed: Of the order of the text and of the first weights.
    """

    rows: int = 16
    rate: float = 3e-3
    decay: float = 0.1
    seed: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """Where a training is kept while it runs.

    Attributes:
        path: File; replaced as a whole.
        every: Steps between two.
    """

    path: Path
    every: int = 200


def fit(
    model: SmallModel,
    loss_of: Callable[[int], Tensor],
    steps: int,
    course: Course,
    checkpoint: Checkpoint | None = None,
) -> list[float]:
    """Train a model in place.

    Args:
        model: What learns.
        loss_of: The loss of a step, 0 first, in nats; must depend on the step alone.
        steps: How many.
        course: How fast; `rows` is the caller's.
        checkpoint: Goes on from there if it exists.

    Returns:
        The loss of each step.
    """
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    optimiser = torch.optim.AdamW(
        matrices, lr=course.rate, betas=(0.9, 0.95), weight_decay=course.decay
    )
    losses = _resumed(model, optimiser, checkpoint) if checkpoint else []
    model.train()
    for step in range(len(losses), steps):
        for group in optimiser.param_groups:
            group["lr"] = course.rate * _pace(step / steps)
        loss = loss_of(step)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(matrices, 1.0)
        optimiser.step()
        losses.append(loss.item())
        if checkpoint and (step + 1) % checkpoint.every == 0 and step + 1 < steps:
            _keep(model, optimiser, losses, checkpoint.path)
    model.eval()
    return losses


def train(
    size: Size, text: NDArray[np.int64], course: Course, *, epochs: float = 3.0
) -> tuple[SmallModel, float]:
    """Return a model trained on a text, and its mean loss over the last tenth of the steps.

    Args:
        size: How large a model.
        text: (tokens,) all texts one after another, each with its end token; cut into pieces as
            long as the model's context.
        course: How fast.
        epochs: Passes over the text.

    Returns:
        The model and a loss in nats a token.

    Raises:
        InputError: The text is shorter than one piece.
    """
    pieces = _pieces(text, size.context)
    order = rows_in_order(len(pieces), course.rows, course.seed)
    model = SmallModel(size, seed=course.seed)

    def loss_of(step: int) -> Tensor:
        batch = torch.from_numpy(pieces[order(step)])
        logits = model(batch[:, :-1])
        return functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())

    steps = max(1, round(epochs * len(pieces) / course.rows))
    losses = fit(model, loss_of, steps, course)
    return model, float(np.mean(losses[-max(1, steps // 10) :]))


def rows_in_order(count: int, rows: int, seed: int) -> Callable[[int], NDArray[np.int64]]:
    """Return which of `count` pieces each step learns from: shuffled anew at each pass."""
    random = np.random.default_rng(seed)
    order = random.permutation(count)

    def at(step: int) -> NDArray[np.int64]:
        nonlocal order
        while len(order) < (step + 1) * rows:
            order = np.concatenate((order, random.permutation(count)))
        return order[step * rows : (step + 1) * rows]

    return at


def _pieces(text: NDArray[np.int64], context: int) -> NDArray[np.int64]:
    """Return pieces that overlap by one token, so that every token is predicted once."""
    count = (len(text) - 1) // context
    if count < 1:
        raise InputError(f"{len(text)} tokens are too few to train on", hint=f"give {context + 1}")
    starts = np.arange(count)[:, None] * context
    return np.asarray(text)[starts + np.arange(context + 1)]


def _pace(done: float) -> float:
    """Up over the first twentieth, then down a cosine to a tenth."""
    if done < 0.05:
        return (done + 1e-3) / 0.051
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (done - 0.05) / 0.95))


def _keep(
    model: SmallModel, optimiser: torch.optim.Optimizer, losses: list[float], path: Path
) -> None:
    aside = path.with_name(path.name + ".part")
    told = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "losses": losses}
    torch.save(told, aside)
    os.replace(aside, path)


def _resumed(
    model: SmallModel, optimiser: torch.optim.Optimizer, checkpoint: Checkpoint
) -> list[float]:
    if not checkpoint.path.exists():
        return []
    try:
        told = torch.load(checkpoint.path, weights_only=True)
        model.load_state_dict(told["model"])
        optimiser.load_state_dict(told["optimiser"])
        return list(told["losses"])
    except (OSError, EOFError, RuntimeError, LookupError, ValueError, pickle.PickleError) as error:
        raise InputError(
            f"{checkpoint.path} is no checkpoint of this training", hint="delete it to start anew"
        ) from error
