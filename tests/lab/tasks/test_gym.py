"""Tests of revenuer.lab.tasks.gym."""

from __future__ import annotations

import importlib.metadata
import inspect
import re
import sys

import pytest
import reasoning_gym

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks.gym import RUNS_ANSWERS, Gym
from revenuer.lab.tasks.interface import split_of

SUMS = Gym("chain_sum", size=60, seed=5)


def test_problems_are_those_of_the_package_in_its_order() -> None:
    made = reasoning_gym.create_dataset("chain_sum", seed=5, size=60)
    questions = [item["question"] for item in made]

    for split in ("train", "test"):
        expected = [question for question in questions if split_of(question) == split]
        found = [SUMS.problem(number, split) for number in range(len(expected))]
        assert [problem.prompt for problem in found] == expected
        assert len(expected) > 0
        count = len(expected)
        told = f"60 problems of chain_sum give {count} to {split} with, not {count + 1}"
        with pytest.raises(InputError, match=told) as refused:
            SUMS.problem(len(expected), split)
        assert refused.value.hint == "raise the size of [task], or ask for fewer"


def test_a_problem_drawn_twice_counts_once() -> None:
    task = Gym("chain_sum", size=300, options={"max_terms": 2, "max_digits": 1})

    prompts = [task.problem(number, "train").prompt for number in range(100)]

    assert len(set(prompts)) == 100
    with pytest.raises(InputError, match=r"give 1\d\d to train with"):
        task.problem(290, "train")


def test_the_judge_of_the_package_decides() -> None:
    task = Gym("decimal_arithmetic", size=20)
    problem = task.problem(0, "train")
    right = problem.right.answer

    assert task.is_right(problem, Response("", right))
    assert task.is_right(problem, task.read(f"<think>\nhm\n</think>\n\nFinal answer: {right}"))
    assert task.is_right(problem, Response("", rf"It is \boxed{{{right}}}."))
    # It heeds value, not spelling.
    assert task.is_right(problem, Response("", f"{right}00"))
    assert not task.is_right(problem, Response("", "77"))


def test_part_of_the_marks_is_not_right() -> None:
    task = Gym("spell_backward", size=20)
    problem = task.problem(0, "train")
    near = problem.right.answer[:-1] + "x"
    item = task._items[problem.prompt]

    assert 0 < task._score(near, item) < 1
    assert not task.is_right(problem, Response("", near))


def test_a_judge_that_stumbles_over_an_answer_finds_it_wrong() -> None:
    task = Gym("prime_factorization", size=20)
    problem = task.problem(0, "train")

    with pytest.raises(ValueError, match="invalid literal"):
        task._made.score_answer("x", task._items[problem.prompt])
    assert not task.is_right(problem, Response("", "x"))
    assert task.is_right(problem, problem.right)


def test_a_foreign_problem_has_no_right_answer() -> None:
    foreign = Gym("spell_backward", size=20).problem(0, "train")

    assert not SUMS.is_right(foreign, foreign.right)


def test_answers_that_the_package_does_not_know_are_empty() -> None:
    task = Gym("graph_color", size=10)
    problem = task.problem(0, "train")

    assert problem.right == Response("", "")
    assert not task.is_right(problem, problem.right)


def test_no_answer_is_ever_run() -> None:
    """The list is whole; a new version of the package may add to it."""
    runs = re.compile(r"\b(?:eval|exec|parse_expr|sympify|literal_eval)\(\s*(?:answer|user_)")
    found = {
        name
        for name, (kind, _) in reasoning_gym.factory.DATASETS.items()
        if runs.search(inspect.getsource(kind))
    }

    assert found == RUNS_ANSWERS - {"composite"}
    for name in RUNS_ANSWERS:
        with pytest.raises(InputError, match=f"the judge of {name} runs answers") as refused:
            Gym(name)
        assert refused.value.hint == "take another data set"


def test_a_wrong_name_is_answered_with_near_ones() -> None:
    with pytest.raises(InputError, match="no data set 'chain_sums'") as refused:
        Gym("chain_sums")
    assert refused.value.hint is not None
    assert refused.value.hint.startswith("known are chain_sum, ")
    with pytest.raises(InputError) as refused:
        Gym("§§")
    assert refused.value.hint == "such as chain_sum"


@pytest.mark.parametrize("options", [{"no_such": 1}, {"min_terms": 0}, {"min_terms": "x"}])
def test_options_that_the_data_set_refuses_are_told(options: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"chain_sum refuses its options: ."):
        Gym("chain_sum", options=options)


def test_seed_and_size_are_the_task_s_own() -> None:
    task = Gym("chain_sum", size=20, seed=5, options={"seed": 6, "size": 2})

    assert task.problem(0, "train") == SUMS.problem(0, "train")
    with pytest.raises(InputError, match="at least 1, not 0 and 5"):
        Gym("chain_sum", size=0, limit=5)
    with pytest.raises(InputError, match="at least 1, not 5 and 0"):
        Gym("chain_sum", size=5, limit=0)


def test_long_responses_are_cut_off() -> None:
    assert Gym("chain_sum", size=5, limit=3).write(Response("", "12345")) == "123"
    assert Gym("chain_sum", size=1, limit=1).write(Response("", "12345")) == "1"


def test_the_version_of_the_package_is_part_of_the_task() -> None:
    assert SUMS.version == importlib.metadata.version("reasoning_gym")


def test_without_the_package_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)

    with pytest.raises(InputError, match="the task gym needs the package reasoning_gym") as refused:
        Gym("chain_sum")
    assert refused.value.hint == "pip install 'revenuer[lab-gym]'"
