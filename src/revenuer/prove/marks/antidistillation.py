"""Antidistillation sampling [1]: a teacher prefers tokens that teach badly.

A student that takes one small step of gradient descent on token x raises its downstream loss by its
learning rate times the penalty of x,

    b(x) = <g, d log p(x | context; theta) / d theta>,   g = d loss / d theta,

to first order. Students are not known beforehand: a proxy stands for them, and the penalty is
measured along its gradient by a central difference [1, algorithm 1]:

    b(x) = (log p(x; theta + eps g) - log p(x; theta - eps g)) / (2 eps).

The teacher then samples from softmax(logits / temperature + strength * b). Strength 0 is plain
sampling, bit for bit. Experimental, off unless a provider turns it on.

What it costs: two forward passes of the proxy a token and two copies of it in memory. Limits:

* The teacher's own answers get worse with the strength. Its authors report a student that loses far
  more than the teacher does, on GSM8K, MATH and MMLU; that is a claim about their models, and the
  strength has to be measured anew for every teacher.
* It relies on students that resemble the proxy: same tokens, like gradients. The first-order
  argument is about one step; a student trained for long may come round (`lab sweep` trains longer).
* Attackers adapt. Students that weigh or filter what they take recover much of what is lost [2],
  and the traces read oddly enough to be noticed and rewritten [3].

[1] Y. Savani et al. Antidistillation sampling. NeurIPS 2025. https://arxiv.org/abs/2504.13146
[2] Y. Allouah et al. The distillation game: adaptive attacks & efficient defenses. 2026.
    https://arxiv.org/abs/2605.22737
[3] Hiding in plain sight: detectability-aware antidistillation of reasoning models. 2026.
    https://arxiv.org/abs/2604.23238
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from revenuer.errors import InputError
from revenuer.models import small
from revenuer.models.small import ROWS, Chooser, SmallModel, Tokens

#: One tensor for each named parameter of a model.
Gradient = Mapping[str, Tensor]
#: How far the two copies stand from the proxy, as a share of the norm of its weights.
REACH = 1e-4


def proxy_gradient(
    model: SmallModel, batch: Tokens, counted: NDArray[np.bool_] | None = None
) -> dict[str, Tensor]:
    """Return the gradient of a proxy's downstream loss.

    Args:
        model: The proxy; what a student might be before it learns.
        batch: (rows, length) tokens of right solutions that a student should learn to write.
        counted: (rows, length) which of them the loss asks for: not the prompts, not the padding.
            The first of a row is never asked for. None: all others.

    Returns:
        Of the mean loss in nats a token, by parameter.

    Raises:
        InputError: Nothing is counted.
    """
    asked = _asked(batch, counted)
    found = {name: torch.zeros_like(weight) for name, weight in model.named_parameters()}
    for first in range(0, len(batch), ROWS):
        rows = slice(first, first + ROWS)
        loss = _loss(model, batch[rows], asked[rows]) / asked.sum()
        # All weights take part in every loss.
        parts = torch.autograd.grad(loss, list(model.parameters()))
        for name, part in zip(found, parts, strict=True):
            found[name] += part
    return found


@torch.inference_mode()
def downstream_loss(
    model: SmallModel, batch: Tokens, counted: NDArray[np.bool_] | None = None
) -> float:
    """Return the mean loss in nats a token, as `proxy_gradient` takes it."""
    asked = _asked(batch, counted)
    starts = range(0, len(batch), ROWS)
    losses = (_loss(model, batch[n : n + ROWS], asked[n : n + ROWS]).item() for n in starts)
    return math.fsum(losses) / int(asked.sum())


def moved(model: SmallModel, gradient: Gradient, step: float) -> SmallModel:
    """Return a copy of a model, its weights moved by `step` times a gradient."""
    found = copy.deepcopy(model).eval().requires_grad_(False)
    for name, weight in found.named_parameters():
        weight.add_(gradient[name], alpha=step)
    return found


@dataclass(frozen=True)
class Proxies:
    """A proxy on either side of where it stands.

    Attributes:
        ahead: Moved along the gradient: worse at the task.
        behind: Moved against it.
        step: How far each was moved, as a multiple of the gradient: eps above.
    """

    ahead: SmallModel
    behind: SmallModel
    step: float

    @classmethod
    def around(cls, model: SmallModel, gradient: Gradient, *, reach: float = REACH) -> Proxies:
        """Return the two copies of a proxy.

        Args:
            model: The proxy.
            gradient: From `proxy_gradient`.
            reach: Norm of a move as a share of the norm of the weights. More departs from the
                derivative, less drowns in rounding.

        Raises:
            InputError: The gradient is nothing, or the reach is.
        """
        slope, weight = _norm(gradient), _norm(dict(model.named_parameters()))
        if not (math.isfinite(slope) and slope > 0 and reach > 0):
            raise InputError(
                f"no step can be taken along a gradient of norm {slope:g} with a reach of {reach:g}"
            )
        step = reach * weight / slope
        return cls(moved(model, gradient, step), moved(model, gradient, -step), step)


class Reader:
    """Texts that grow, and the penalty of each token that may come next.

    Memory grows with rows and length, as the caches of two models do.
    """

    def __init__(self, proxies: Proxies) -> None:
        self._proxies = proxies
        self._ahead: list[tuple[Tensor, Tensor]] = []
        self._behind: list[tuple[Tensor, Tensor]] = []
        self._length = 0

    @torch.inference_mode()
    def read(self, tokens: Tokens) -> NDArray[np.float32]:
        """Return the penalty of what comes after some more tokens.

        Args:
            tokens: (rows, length) what comes after what was read; after the first call length 1.

        Returns:
            (rows, vocabulary) the first-order rise of the proxy's downstream loss, in nats, for
            each unit of the learning rate of a step on that token.

        Raises:
            InputError: The text is longer than the proxy's context.
        """
        self._length += tokens.shape[1]
        context = self._proxies.ahead.size.context
        if self._length > context:
            raise InputError(f"{self._length} tokens do not fit the proxy's context of {context}")
        more = torch.from_numpy(tokens)
        # In float64, since what is left of two like numbers is divided by a small one.
        ahead = self._proxies.ahead(more, self._ahead)[:, -1].double()
        behind = self._proxies.behind(more, self._behind)[:, -1].double()
        risen = ahead.log_softmax(-1) - behind.log_softmax(-1)
        found: NDArray[np.float32] = (risen / (2 * self._proxies.step)).float().numpy()
        return found


def sampler(
    proxies: Proxies,
    prompts: Tokens,
    rng: np.random.Generator,
    *,
    strength: float,
    temperature: float = 1.0,
) -> Chooser:
    """Return a chooser for one call of `models.small.generate` with the same prompts.

    Args:
        proxies: They read the teacher's tokens.
        prompts: (rows, length) what the teacher is asked.
        rng: What `models.small.sampler` would draw from.
        strength: What a penalty of 1 adds to a token's logit over the temperature; 0 is plain
            sampling.
        temperature: Of the teacher's logits, above 0: a teacher that takes the likeliest token
            heeds no penalty.

    Raises:
        InputError: A value out of its range; when the chooser is asked, also proxies that do not
            fit the teacher, or other prompts.
    """
    if strength and not (math.isfinite(strength) and strength > 0 and temperature > 0):
        raise InputError(
            f"a strength of {strength:g} at a temperature of {temperature:g} defends nothing",
            hint="give both above 0",
        )
    plain = small.sampler(rng, temperature=temperature)
    if not strength:
        return plain
    reader, begun = Reader(proxies), 0

    def choose(step: int, last: Tokens, logits: NDArray[np.float32]) -> Tokens:
        nonlocal reader, begun
        rows, own, known = *logits.shape, proxies.ahead.size.vocabulary
        if own != known:
            raise InputError(f"the teacher's {own} tokens are not the proxy's {known}")
        if step == 0:
            # The next group of rows: `generate` takes them in order.
            reader, begun = Reader(proxies), begun + rows
            read = prompts[begun - rows : begun]
        else:
            read = last[:, -1:]
        if len(read) != rows:
            raise InputError(f"this chooser was made for {len(prompts)} prompts", hint="make anew")
        # `plain` divides by the temperature, which the penalty is not subject to.
        return plain(step, last, logits + np.float32(strength * temperature) * reader.read(read))

    return choose


def _asked(batch: Tokens, counted: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    asked = np.ones(batch.shape, np.bool_) if counted is None else counted
    if not asked[:, 1:].any():
        raise InputError("a downstream loss needs a token to predict")
    return asked[:, 1:]


def _loss(model: SmallModel, batch: Tokens, asked: NDArray[np.bool_]) -> Tensor:
    """Return the sum of the losses of the tokens asked for."""
    tokens = torch.from_numpy(batch)
    logits = model(tokens[:, :-1])[torch.from_numpy(asked)]
    return functional.cross_entropy(logits, tokens[:, 1:][torch.from_numpy(asked)], reduction="sum")


def _norm(tensors: Mapping[str, Tensor]) -> float:
    return math.sqrt(
        sum(tensor.detach().double().square().sum().item() for tensor in tensors.values())
    )
