"""Tests of revenuer.lab.distil.lessons."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.errors import InputError
from revenuer.lab.distil.lessons import lessons
from revenuer.models import characters

CUTTER = characters.tokeniser("abcd#")
A, B, C, D, HASH = 1, 2, 3, 4, 5


def test_rows_are_prompt_and_response_between_ends() -> None:
    made = lessons(CUTTER, [("ab", "c#d"), ("a", "d")], 6)

    assert made.tokens.tolist() == [[0, A, B, C, HASH, D, 0], [0, A, D, 0, 0, 0, 0]]
    assert made.starts.tolist() == [3, 2]
    assert made.stops.tolist() == [7, 4]
    assert len(made) == 2


def test_the_response_and_its_end_are_learnt_and_nothing_else() -> None:
    made = lessons(CUTTER, [("ab", "c#d"), ("a", "d")], 6)

    learnt = [made.tokens[row, 1:][made.learnt[row]].tolist() for row in range(2)]
    assert learnt == [[C, HASH, D, 0], [D, 0]]
    assert made.learnt.dtype == np.bool_


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="are 7 tokens; the model reads 5"):
        lessons(CUTTER, [("a", "b"), ("ab", "c#d")], 5)


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to learn from"):
        lessons(CUTTER, [], 5)
