"""What the lab must know of a task.

Problems are numbered, so that a harvest can be resumed, and split by the digest of their prompt, so
that no problem to test with is ever one to learn from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from revenuer.errors import InputError
from revenuer.guard.transforms import Response

Split = Literal["train", "test"]
#: One problem in so many is kept for testing.
TEST_SHARE = 5
#: Draws of one problem before a task counts as too small for its split.
DRAWS = 1_000


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        prompt: What is asked.
        right: A right response; empty parts are not known to the task.
        short: What a small model is asked instead; the prompt if not given.
    """

    prompt: str
    right: Response
    short: str = ""

    def __post_init__(self) -> None:
        if not self.short:
            object.__setattr__(self, "short", self.prompt)


class Task(Protocol):
    """A source of problems: a frozen dataclass, its fields being all that problems depend on."""

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    @property
    def chance(self) -> float:
        """Share of right answers that guessing gets at most, in [0, 1)."""
        ...

    @property
    def alphabet(self) -> str:
        """Characters of short prompts and of right responses, for models that read characters."""
        ...

    @property
    def prompt_limit(self) -> int:
        """Longest short prompt, in characters."""
        ...

    @property
    def limit(self) -> int:
        """Longest text that `write` makes of whatever response, in characters."""
        ...

    def problem(self, number: int, split: Split) -> Problem:
        """Return a problem; the same for the same number and split, at least 0.

        Raises:
            InputError: The task has fewer problems.
        """
        ...

    def write(self, response: Response) -> str:
        """Return a response as a model writes it after the prompt."""
        ...

    def read(self, text: str) -> Response:
        """Return what a model wrote; nonsense gives an answer that is not right, never an error."""
        ...

    def is_right(self, problem: Problem, response: Response) -> bool:
        """Return whether the answer is known to be right."""
        ...

    def agree(self, first: Response, second: Response) -> bool:
        """Return whether two responses conclude the same; without an answer they conclude nothing.

        Symmetric. What a student is compared with its teacher by.
        """
        ...


def split_of(prompt: str) -> Split:
    """Return where a prompt belongs, whoever draws it."""
    digest = hashlib.blake2b(prompt.encode(), digest_size=8).digest()
    return "test" if int.from_bytes(digest, "big") % TEST_SHARE == 0 else "train"


def drawn(
    make: Callable[[np.random.Generator], Problem], seed: int, number: int, split: Split
) -> Problem:
    """Return the numbered problem of a split, drawn until one belongs there.

    Raises:
        InputError: None of many draws belongs to the split.
    """
    rng = np.random.default_rng((seed, number, split == "test"))
    for _ in range(DRAWS):
        problem = make(rng)
        if split_of(problem.prompt) == split:
            return problem
    raise InputError(f"the task has too few problems to {split} with", hint="make it larger")
