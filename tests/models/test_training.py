"""Tests of revenuer.models.training."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.errors import InputError
from revenuer.models import small, training
from revenuer.models.small import Size
from revenuer.models.training import Course, train

SIZE = Size(vocabulary=12, width=32, layers=1, heads=2, context=16)
#: 0 1 2 3 ... 11 over and over: after each token one other.
ROUND = np.tile(np.arange(12), 200)


@pytest.mark.slow
def test_a_model_learns_what_follows_what() -> None:
    model, loss = train(SIZE, ROUND, Course(epochs=4.0, rate=1e-2))

    told = small.distributions(model, np.arange(10))

    assert loss < 0.5
    assert told.argmax(1).tolist() == list(range(1, 11))


def test_the_same_course_gives_the_same_model() -> None:
    course = Course(epochs=0.5, seed=5)

    (first, _), (second, _) = train(SIZE, ROUND, course), train(SIZE, ROUND, course)

    told = [small.distributions(model, [0, 1, 2]) for model in (first, second)]
    np.testing.assert_array_equal(*told)


def test_every_token_but_the_first_is_predicted_once_an_epoch() -> None:
    text = np.arange(3 * 16 + 5)

    pieces = training._pieces(text, 16)

    assert pieces[:, 1:].ravel().tolist() == list(range(1, 3 * 16 + 1))


def test_a_text_shorter_than_a_piece_is_refused() -> None:
    with pytest.raises(InputError, match="too few to train on"):
        train(SIZE, ROUND[:16], Course())
