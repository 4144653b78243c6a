"""Tests of revenuer.lab.tasks.chain."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks.chain import NUMBERS, OPERATIONS, Chain, worked

TASK = Chain()


def test_a_chain_is_worked_from_left_to_right() -> None:
    # 3 + 5 = 8 = 1; 1 * 6 = 6; 6 - 4 = 2; 2 - 3 = -1 = 6.
    assert worked("3+5*6-4-3>") == Response("1\n6\n2\n6", "6")


def test_a_problem_has_as_many_steps_as_asked_and_its_own_answer() -> None:
    problem = Chain(steps=4).problem(5, "train")

    assert len(problem.prompt) == 10
    assert problem.prompt[0] in NUMBERS
    assert problem.prompt[-1] == ">"
    assert problem.right == worked(problem.prompt)
    assert len(problem.right.reasoning.splitlines()) == 4


def test_no_answer_and_no_operation_is_likelier_than_another() -> None:
    problems = [TASK.problem(number, "train") for number in range(3_500)]

    answers = Counter(problem.right.answer for problem in problems)
    operations = Counter(
        problem.prompt[place : place + 2] for problem in problems for place in range(1, 13, 2)
    )

    assert set(answers) == set(NUMBERS)
    assert max(abs(count - 500) for count in answers.values()) < 4 * (3_500 / 7 * 6 / 7) ** 0.5
    assert set(operations) == set(OPERATIONS)
    assert len(OPERATIONS) == 17
    assert min(operations.values()) > 21_000 / 17 - 4 * (21_000 / 17) ** 0.5


def test_a_model_writes_a_character_a_step() -> None:
    assert TASK.write(Response("1\n2\n3\n5\n6\n4", "4")) == "123564#4"
    assert TASK.write(Response("", "4")) == "#4"
    assert TASK.read("123564#4") == Response("1\n2\n3\n5\n6\n4", "4")
    assert TASK.read("#4") == Response("", "4")


def test_fewer_reordered_and_changed_steps_stay_what_they_are() -> None:
    for reasoning in ("2\n5\n4", "4\n6\n5\n3\n2\n1", "1\n0\n3\n5\n5\n4", "6"):
        changed = Response(reasoning, "4")
        assert TASK.read(TASK.write(changed)) == changed


def test_what_does_not_belong_there_is_left_out() -> None:
    said = Response("first 9 is 3\nnothing\n\n5 or 6\n8", "so it is 2.")

    assert TASK.write(said) == "35#2"
    assert TASK.write(Response("1\n" * 50, "42")) == "111111#4"
    assert TASK.read("12x 3#4\n") == Response("1\n2\n3", "4")


@pytest.mark.parametrize("text", ["", "#", "123", "4", "1#7", "1#44", "1#x", "1##4", "1#4#4"])
def test_nothing_but_one_number_after_the_mark_is_an_answer(text: str) -> None:
    assert TASK.read(text).answer == ""


def test_the_answer_alone_says_whether_a_response_is_right() -> None:
    problem = TASK.problem(0, "test")
    right = problem.right.answer

    assert TASK.is_right(problem, Response("nonsense", right))
    assert not TASK.is_right(problem, Response(problem.right.reasoning, ""))
    assert not any(TASK.is_right(problem, Response("", n)) for n in set(NUMBERS) - {right})


@given(st.sampled_from(["", *NUMBERS]), st.sampled_from(["", *NUMBERS]))
def test_responses_agree_if_both_say_one_number(first: str, second: str) -> None:
    agree = TASK.agree(Response("1", first), Response("2", second))

    assert agree == (first == second and first != "")


def test_the_mark_and_the_signs_are_characters_of_the_task() -> None:
    assert sorted(TASK.alphabet) == sorted("0123456+-*>#")
    assert TASK.chance == 1 / 7
    assert (TASK.prompt_limit, TASK.limit) == (14, 8)


@pytest.mark.parametrize("steps", [0, -1, 1_001])
def test_a_chain_without_steps_is_refused(steps: int) -> None:
    with pytest.raises(InputError, match=f"a chain has 1 to 1,000 steps, not {steps}"):
        Chain(steps=steps)
    assert [Chain(steps=steps).limit for steps in (1, 1_000)] == [3, 1_002]


def test_another_seed_gives_other_problems() -> None:
    assert Chain(seed=1).problem(0, "train") != Chain(seed=2).problem(0, "train")
