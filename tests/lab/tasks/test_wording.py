"""Tests of revenuer.lab.tasks.wording."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.guard.transforms import Response
from revenuer.lab.tasks.wording import agree, concluding, joined, parted


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("<think>\n2 + 2\n= 4\n</think>\n\nIt is 4.\n", "2 + 2\n= 4", "It is 4."),
        ("2 + 2 = 4\n</think>\nIt is 4.", "2 + 2 = 4", "It is 4."),
        ("<think>2 + 2 =", "2 + 2 =", ""),
        ("Well. <think>2 + 2 =", "2 + 2 =", ""),
        ("<think>\n\n</think>\n\n4", "", "4"),
        ("<think>a</think> b <think>c</think> d", "a b c", "d"),
        (" It is 4. ", "", "It is 4."),
        ("", "", ""),
    ],
)
def test_what_is_thought_is_told_from_what_is_said(text: str, reasoning: str, answer: str) -> None:
    found = parted(text)

    assert (" ".join(found.reasoning.replace("</think>", "").split()), found.answer) == (
        " ".join(reasoning.split()),
        answer,
    )
    assert "<think>" not in found.reasoning


@given(st.text(), st.text())
def test_a_response_is_read_as_it_was_written(reasoning: str, answer: str) -> None:
    response = parted(joined(Response(reasoning.strip(), answer.strip())))

    assert parted(joined(response)) == response
    if "think>" not in reasoning + answer:
        assert response == Response(reasoning.strip(), answer.strip())


def test_without_a_thought_there_are_no_marks_of_one() -> None:
    assert joined(Response("", "4")) == "4"
    assert joined(Response("2 + 2", "4")) == "<think>\n2 + 2\n</think>\n\n4"


@pytest.mark.parametrize(
    ("said", "concluded"),
    [
        ("4", "4"),
        (r"So \boxed{1} or \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"So \boxed{1, Answer: 2", "2"),
        (r"\boxed{7}", "7"),
        ("It rains.\n#### 72", "72"),
        ("#### 1\n#### 2\nas said", "2"),
        ("Answer: 1. No.\nFinal answer: 3 apples\nDone.", "3 apples"),
        ("The answer is 5", "5"),
        ("**Answer:**", "**"),
        ("Answer:", ""),
        ("Answered: 5", "Answered: 5"),
    ],
)
def test_the_last_conclusion_counts(said: str, concluded: str) -> None:
    assert concluding(said) == concluded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("72", "He sold 72.\n#### 72"),
        ("1234", "1,234"),
        ("1234567", "$1,234,567.00"),
        ("42", "42.0"),
        ("-0.5", "-0.50"),
        ("Paris", "The answer is **paris**."),
        ("new  york", "New\nYork"),
    ],
)
def test_one_thing_said_in_two_ways_agrees(one: str, other: str) -> None:
    assert agree(Response("", one), Response("x", other))
    assert agree(Response("", other), Response("", one))


@pytest.mark.parametrize(
    ("one", "other"),
    [("", ""), (".", "!"), ("4", ""), ("4", "5"), ("1,23", "123"), ("42.5", "42"), ("1/2", "0.5")],
)
def test_nothing_and_other_things_do_not_agree(one: str, other: str) -> None:
    assert not agree(Response("", one), Response("", other))
    assert not agree(Response("", other), Response("", one))


@given(st.text())
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    assert agree(parted(text), parted(text)) in (True, False)
    assert isinstance(concluding(text), str)
