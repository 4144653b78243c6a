"""Tests of revenuer.models.training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from revenuer.errors import InputError
from revenuer.models import small, training
from revenuer.models.small import Size, SmallModel
from revenuer.models.training import Checkpoint, Course, fit, rows_in_order, train

SIZE = Size(vocabulary=12, width=32, layers=1, heads=2, context=16)
#: 0 1 2 3 ... 11 over and over: after each token one other.
ROUND = np.tile(np.arange(12), 200)


@pytest.mark.slow
def test_a_model_learns_what_follows_what() -> None:
    model, loss = train(SIZE, ROUND, Course(rate=1e-2), epochs=4.0)

    told = small.distributions(model, np.arange(10))

    assert loss < 0.5
    assert told.argmax(1).tolist() == list(range(1, 11))


def test_the_same_course_gives_the_same_model() -> None:
    course = Course(seed=5)

    first, _ = train(SIZE, ROUND, course, epochs=0.5)
    second, _ = train(SIZE, ROUND, course, epochs=0.5)

    told = [small.distributions(model, [0, 1, 2]) for model in (first, second)]
    np.testing.assert_array_equal(*told)


def test_every_token_but_the_first_is_predicted_once_an_epoch() -> None:
    text = np.arange(3 * 16 + 5)

    pieces = training._pieces(text, 16)

    assert pieces[:, 1:].ravel().tolist() == list(range(1, 3 * 16 + 1))


def test_a_text_shorter_than_a_piece_is_refused() -> None:
    with pytest.raises(InputError, match="too few to train on"):
        train(SIZE, ROUND[:16], Course())


def _next(model: SmallModel, *, stop: int | None = None) -> Callable[[int], Tensor]:
    """Loss of a step on a piece that the step names; at `stop` the power fails."""

    def loss_of(step: int) -> Tensor:
        if step == stop:
            raise KeyboardInterrupt
        batch = torch.from_numpy(np.stack([ROUND[i : i + 17] for i in (step, step + 5)]))
        return functional.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())

    return loss_of


def test_a_training_that_was_killed_ends_at_the_same_weights(tmp_path: Path) -> None:
    whole, torn, resumed = (SmallModel(SIZE, seed=3) for _ in range(3))
    kept = Checkpoint(tmp_path / "held.pt", every=4)
    straight = fit(whole, _next(whole), 10, Course())
    with pytest.raises(KeyboardInterrupt):
        fit(torn, _next(torn, stop=7), 10, Course(), kept)

    seen: list[int] = []
    loss_of = _next(resumed)
    losses = fit(resumed, lambda step: (seen.append(step), loss_of(step))[1], 10, Course(), kept)

    assert seen == [4, 5, 6, 7, 8, 9]
    assert losses == straight
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("content", [b"no checkpoint", b""])
def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    kept = Checkpoint(tmp_path / "held.pt")
    kept.path.write_bytes(content)

    with pytest.raises(InputError, match=r"held\.pt is no checkpoint of this training"):
        fit(SmallModel(SIZE), _next(SmallModel(SIZE)), 3, Course(), kept)


def test_each_pass_takes_every_row_once_in_another_order() -> None:
    order = rows_in_order(7, 3, seed=1)

    taken = np.concatenate([order(step) for step in range(7)])

    passes = taken.reshape(3, 7)
    assert [sorted(each) for each in passes.tolist()] == [list(range(7))] * 3
    assert passes[0].tolist() != passes[1].tolist()
    assert rows_in_order(7, 3, seed=1)(5).tolist() == order(5).tolist()
