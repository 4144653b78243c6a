"""Tests of revenuer.lab.tasks.interface."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks.interface import TEST_SHARE, Problem, drawn, split_of


def _small(rng: np.random.Generator) -> Problem:
    return Problem(str(rng.integers(1_000)), Response("", ""))


def test_no_prompt_is_in_both_splits_however_often_it_is_drawn() -> None:
    learnt = {drawn(_small, 7, number, "train").prompt for number in range(2_000)}
    tested = {drawn(_small, 7, number, "test").prompt for number in range(2_000)}

    assert len(learnt) > 500
    assert len(tested) > 100
    assert not learnt & tested


def test_one_prompt_in_five_is_kept_for_testing() -> None:
    kept = sum(split_of(f"prompt {i}") == "test" for i in range(10_000))

    assert abs(kept - 10_000 / TEST_SHARE) < 4 * (10_000 * 0.2 * 0.8) ** 0.5


def test_a_number_names_one_problem() -> None:
    assert drawn(_small, 7, 3, "train") == drawn(_small, 7, 3, "train")
    assert len({drawn(_small, seed, 3, "train").prompt for seed in range(50)}) > 40


def test_a_task_of_one_problem_is_refused() -> None:
    other = "test" if split_of("x") == "train" else "train"

    with pytest.raises(InputError, match="too few problems"):
        drawn(lambda rng: Problem("x", Response("", "")), 0, 0, other)  # type: ignore[arg-type]
