"""How a small model learns: AdamW, cosine decay, texts packed one after another.

A student is trained on a teacher's texts as anything else is trained on text; nothing here knows
of marks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from revenuer.errors import InputError
from revenuer.models.small import Size, SmallModel


@dataclass(frozen=True)
class Course:
    """How long and how fast.

    Attributes:
        epochs: Passes over the text.
        rows: Pieces of text a step.
        rate: Largest learning rate.
        decay: Weight decay, of matrices.
        seed: Of the order of the text and of the first weights.
    """

    epochs: float = 3.0
    rows: int = 16
    rate: float = 3e-3
    decay: float = 0.1
    seed: int = 0


def train(size: Size, text: NDArray[np.int64], course: Course) -> tuple[SmallModel, float]:
    """Return a model trained on a text, and its mean loss over the last tenth of the steps.

    Args:
        size: How large a model.
        text: (tokens,) all texts one after another, each with its end token; cut into pieces as
            long as the model's context.
        course: How long and how fast.

    Returns:
        The model and a loss in nats a token.

    Raises:
        InputError: The text is shorter than one piece.
    """
    pieces = _pieces(text, size.context)
    random = np.random.default_rng(course.seed)
    model = SmallModel(size, seed=course.seed).train()
    matrices = [weight for weight in model.parameters() if weight.ndim > 1]
    steps = max(1, round(course.epochs * len(pieces) / course.rows))
    optimiser = torch.optim.AdamW(
        matrices, lr=course.rate, betas=(0.9, 0.95), weight_decay=course.decay
    )
    losses = []
    order = np.concatenate(
        [random.permutation(len(pieces)) for _ in range(math.ceil(course.epochs) + 1)]
    )
    for step in range(steps):
        batch = torch.from_numpy(pieces[order[step * course.rows : (step + 1) * course.rows]])
        for group in optimiser.param_groups:
            group["lr"] = course.rate * _pace(step / steps)
        logits = model(batch[:, :-1])
        loss = functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(matrices, 1.0)
        optimiser.step()
        losses.append(loss.item())
    return model.eval(), float(np.mean(losses[-max(1, steps // 10) :]))


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
