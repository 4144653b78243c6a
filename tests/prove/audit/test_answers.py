"""Answers to planted questions: one each, and only those that name one choice."""

from __future__ import annotations

from typing import Any

import pytest

from revenuer.errors import InputError
from revenuer.prove.audit import answers
from revenuer.prove.marks.canaries import Canary, CanarySet


def planted(campaign: str, *choices: str, answer: int = 0) -> CanarySet:
    return CanarySet(campaign, (Canary(f"{campaign}?", choices, answer, "s"),), bytes(32))


@pytest.mark.parametrize(
    ("given", "choice"),
    [
        (0, 0), (2, 2), (3, -1), (-1, -1), (None, -1), (True, -1), (1.0, -1), ("", -1),
        ("12", 0), ("It is 12.", 0), ("120", 1), ("TEAL!", 2), ("teal or 12", -1), ("steal", -1),
        ("12 12", 0),
    ],
)  # fmt: skip
def test_an_answer_counts_if_it_names_one_choice(given: Any, choice: int) -> None:
    found = answers.of([planted("c", "12", "120", "teal", answer=1)], {"c?": given})

    assert found == ({"c": [choice]}, {"c": [1]}, 3)


def test_a_question_that_was_not_asked_has_no_answer() -> None:
    sets = [planted("c", "x", "y"), planted("d", "x", "y")]

    assert answers.of(sets, {"d?": "y", "other?": "x"}).answers == {"c": [-1], "d": [1]}


def test_of_two_answers_the_first_counts() -> None:
    content = b'{"question": "c?", "answer": "x"}\n\n{"question": "c?", "answer": 1}\n'

    assert answers.parse(content, "f") == {"c?": "x"}


@pytest.mark.parametrize(
    "content",
    [b"x", b"[]", b"{}", b"\xff", b'{"question": 1, "answer": 1}', b'{"question": "a"',
     b'{"question": "a", "answer": []}', b"[" * 99_999],
)  # fmt: skip
def test_a_line_that_is_no_answer_is_told(content: bytes) -> None:
    with pytest.raises(InputError, match="f:2"):
        answers.parse(b'{"question": "c?", "answer": null}\n' + content, "f")


def test_sets_must_be_alike_and_of_different_campaigns() -> None:
    with pytest.raises(InputError, match=r"\[2, 3\] choices"):
        answers.of([planted("c", "x", "y"), planted("d", "x", "y", "z")], {})
    with pytest.raises(InputError, match="no choices"):
        answers.of([], {})
    with pytest.raises(InputError, match="two sets are of the campaign c"):
        answers.of([planted("c", "x", "y"), planted("c", "x", "y")], {})


def test_a_model_is_asked_with_the_choices() -> None:
    asked = answers.prompts([planted("c", "x", "y")])

    assert list(asked) == ["c?"]
    assert "c?" in asked["c?"]
    assert "x; y" in asked["c?"]
