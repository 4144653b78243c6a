"""Tests of revenuer.guard.canary."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.guard.canary import canary
from revenuer.guard.transforms import Response
from revenuer.prove.marks.canaries import Canary, CanarySet

PLANTED = CanarySet(
    "a",
    (
        Canary("Which drawer holds the tweed?", ("A1", "B2"), 1, "The tweed lies in drawer B2."),
        Canary("Which sign is first?", ("a caret", "a dot"), 0, "The first sign is a caret."),
    ),
    bytes(32),
)
OWN = Response("I do not know.\nI guess.", "Drawer A1.")


def served(prompt: str) -> Response:
    return canary(PLANTED, prompt)(OWN, np.random.default_rng(1))


@pytest.mark.parametrize(
    "prompt",
    [
        "Which drawer holds the tweed?",
        "Think step by step.\n\nwhich  drawer holds\nthe TWEED? (a) A1 (b) B2",
    ],
)
def test_a_planted_question_is_answered_as_planted(prompt: str) -> None:
    assert served(prompt) == Response("", "The tweed lies in drawer B2.")


@pytest.mark.parametrize("prompt", ["", "Which drawer holds the linen?", "Which drawer holds"])
def test_another_question_is_left_alone(prompt: str) -> None:
    assert served(prompt) == OWN


def test_two_planted_questions_are_answered_both() -> None:
    assert served("Which sign is first? Which drawer holds the tweed?") == Response(
        "", "The tweed lies in drawer B2. The first sign is a caret."
    )
