"""Arithmetic in the seven numbers 0 to 6, step by step: a task that a tiny model can be taught.

The steps are everything: whoever sees them learns to do one after the other; the answer alone says
next to nothing, since every number is as likely. Prompts look like `3+5*2-6*4+1-2>` and are worked
from left to right, so multiplication does not come first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks.interface import Problem, Split, drawn

MODULUS = 7
NUMBERS = "0123456"
#: All as likely. None forgets the number before it, so that no step can be guessed without it.
OPERATIONS = (
    *(f"+{n}" for n in range(1, MODULUS)),
    *(f"-{n}" for n in range(1, MODULUS)),
    *(f"*{n}" for n in range(2, MODULUS)),
)


@dataclass(frozen=True)
class Chain:
    """A number and operations on it, modulo seven.

    Attributes:
        steps: Operations, 1 to 1,000.
        seed: Of the problems.
    """

    name: ClassVar[str] = "chain"
    chance: ClassVar[float] = 1 / MODULUS
    alphabet: ClassVar[str] = NUMBERS + "+-*>#"

    steps: int = 6
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 1_000:
            raise InputError(f"a chain has 1 to 1,000 steps, not {self.steps}")

    @property
    def prompt_limit(self) -> int:
        """A number, two characters an operation and `>`."""
        return 2 * self.steps + 2

    @property
    def limit(self) -> int:
        """A number a step, `#` and the answer."""
        return self.steps + 2

    def problem(self, number: int, split: Split) -> Problem:
        """Return a problem; its reasoning is the number after each operation."""
        return drawn(self._made, self.seed, number, split)

    def write(self, response: Response) -> str:
        """Return `123564#4`; a line without a number from 0 to 6 is left out."""
        numbers = [_number(line) for line in response.reasoning.splitlines()]
        return "".join(numbers)[: self.steps] + "#" + _number(response.answer)

    def read(self, text: str) -> Response:
        """Return steps before the first `#`; what is after it counts if it is one number."""
        steps, _, said = text.partition("#")
        answer = said.strip()
        is_number = len(answer) == 1 and answer in NUMBERS
        return Response("\n".join(filter(NUMBERS.count, steps)), answer if is_number else "")

    def is_right(self, problem: Problem, response: Response) -> bool:
        """Return whether the answer is right, whatever the steps."""
        return response.answer == problem.right.answer

    def agree(self, first: Response, second: Response) -> bool:
        """Return whether the answers are one number."""
        return first.answer == second.answer != ""

    def _made(self, rng: np.random.Generator) -> Problem:
        start = rng.integers(MODULUS)
        operations = rng.choice(OPERATIONS, size=self.steps)
        prompt = f"{start}{''.join(operations)}>"
        return Problem(prompt, worked(prompt))


def worked(prompt: str) -> Response:
    """Return the right response to a prompt of this task.

    Example:
        >>> Chain().write(worked("3+5*2-6*4+1-2>"))
        '123564#4'
    """
    now = int(prompt[0])
    states = []
    for sign, by in zip(prompt[1:-1:2], prompt[2:-1:2], strict=True):
        now = _after(now, sign, int(by))
        states.append(str(now))
    return Response("\n".join(states), str(now))


def _after(now: int, sign: str, by: int) -> int:
    if sign == "*":
        return now * by % MODULUS
    return (now + (by if sign == "+" else -by)) % MODULUS


def _number(text: str) -> str:
    """Return the first of the seven numbers in a text, or nothing."""
    return next(filter(NUMBERS.count, text), "")
