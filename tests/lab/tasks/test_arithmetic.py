"""Tests of revenuer.lab.tasks.arithmetic."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks.arithmetic import Arithmetic, worked

ADD = Arithmetic()


def test_a_sum_is_the_one_on_paper() -> None:
    assert worked("047+385>") == Response("7+5+0=12\n4+8+1=13\n0+3+1=04", "0432")


def test_a_product_is_the_one_on_paper() -> None:
    # 7 * 5 = 35; 7 * 8 + 4 * 5 + 3 = 79; 4 * 8 + 7 = 39; 3995.
    expected = Response("7*5+00=035\n7*8+4*5+03=079\n4*8+07=039", "3995")

    assert worked("47*85>") == expected


@given(
    st.sampled_from("+*"),
    st.integers(1, 9).flatmap(
        lambda digits: st.tuples(
            st.just(digits), *[st.integers(0, 10**digits - 1) for _ in range(2)]
        )
    ),
)
def test_columns_lead_to_the_answer(sign: str, numbers: tuple[int, int, int]) -> None:
    digits, one, other = numbers
    task = Arithmetic("add" if sign == "+" else "multiply", digits)

    right = worked(f"{one:0{digits}}{sign}{other:0{digits}}>")

    assert int(right.answer) == (one + other if sign == "+" else one * other)
    totals = [line.split("=")[1] for line in right.reasoning.splitlines()]
    kept = "".join(total[-1] for total in totals)[::-1]
    assert right.answer == totals[-1][:-1].lstrip("0").rjust(1, "0") + kept
    for line, before in zip(right.reasoning.splitlines(), ["0", *totals], strict=False):
        said, total = line.split("=")
        assert sum(_product(term) for term in said.split("+")) == int(total)
        assert int(said.split("+")[-1]) == int(before[:-1] or 0)
    assert len(task.write(right)) == task.limit
    assert task.read(task.write(right)) == right


def _product(term: str) -> int:
    one, _, other = term.partition("*")
    return int(one) * (int(other) if other else 1)


def test_a_model_writes_columns_side_by_side() -> None:
    right = worked("047+385>")

    assert ADD.write(right) == "7+5+0=12;4+8+1=13;0+3+1=04#0432"
    assert ADD.write(Response("", "0432")) == "#0432"
    assert ADD.read("7+5+0=12; 4+8+1=13;;#432 ") == Response("7+5+0=12\n4+8+1=13", "432")


def test_what_does_not_belong_there_is_left_out() -> None:
    said = Response("first 7+5+0=12, carry\n\n-\n4+8", "the sum is 432")

    assert ADD.write(said) == "7+5+0=12;4+8#432"
    assert len(ADD.write(Response("1+1=2\n" * 50, "1" * 50))) == ADD.limit


@pytest.mark.parametrize("text", ["", "#", "432", "#x", "#43 2", "##432", "#432#", "#-432", "#４"])
def test_nothing_but_one_number_after_the_mark_is_an_answer(text: str) -> None:
    assert ADD.read(text).answer == ""


def test_leading_zeros_change_no_answer() -> None:
    problem = ADD.problem(0, "test")
    number = int(problem.right.answer)

    assert ADD.is_right(problem, Response("", str(number)))
    assert ADD.is_right(problem, Response("nonsense", f"00{number}"))
    assert not ADD.is_right(problem, Response(problem.right.reasoning, str(number + 1)))
    assert not ADD.is_right(problem, Response(problem.right.reasoning, f"{number}0"))
    assert not ADD.agree(Response("", ""), Response("", ""))
    assert not ADD.agree(Response("", "0"), Response("", ""))
    assert not ADD.agree(Response("", ""), Response("", "0"))
    assert ADD.agree(Response("", "0"), Response("", "00"))
    assert not ADD.agree(Response("", "x"), Response("", "x"))


def test_prompts_are_filled_up_to_one_length() -> None:
    for task, pattern in (
        (Arithmetic("add", 4), r"\d{4}\+\d{4}>"),
        (Arithmetic("multiply", 2), r"\d{2}\*\d{2}>"),
    ):
        prompts = [task.problem(number, "train").prompt for number in range(300)]
        assert all(re.fullmatch(pattern, prompt) for prompt in prompts)
        assert {len(prompt) for prompt in prompts} == {task.prompt_limit}
        numbers = [int(number) for prompt in prompts for number in re.findall(r"\d+", prompt)]
        assert 0 < min(numbers) < 10**task.digits / 20
        assert max(numbers) > 10**task.digits * 19 / 20


def test_every_number_but_zero_is_drawn() -> None:
    task = Arithmetic(digits=1)
    prompts = {task.problem(number, "train").prompt for number in range(600)}

    assert {prompt[0] for prompt in prompts} == {prompt[2] for prompt in prompts} == {*"123456789"}


@pytest.mark.parametrize("operation", ["add", "multiply"])
@pytest.mark.parametrize("digits", [1, 2])
def test_no_answer_is_commoner_than_chance_says(operation: str, digits: int) -> None:
    numbers = range(1, 10**digits)
    answers = Counter(a + b if operation == "add" else a * b for a in numbers for b in numbers)
    share = max(answers.values()) / len(numbers) ** 2

    chance = Arithmetic(operation, digits).chance  # type: ignore[arg-type]  # of the two

    assert share <= chance
    if operation == "add":
        assert share == pytest.approx(chance)


def test_settings_that_make_no_task_are_refused() -> None:
    with pytest.raises(InputError, match="no operation 'divide'") as refused:
        Arithmetic("divide")  # type: ignore[arg-type]  # what a file may say
    assert refused.value.hint == "add or multiply"
    for digits in (0, 10):
        with pytest.raises(InputError, match=f"1 to 9 digits, not {digits}"):
            Arithmetic(digits=digits)
