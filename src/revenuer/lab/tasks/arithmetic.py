"""Sums and products worked in columns, as on paper, the last digit first.

A prompt is `047+385>` or `47*85>`. Each line of reasoning is one column: the digits that meet in it
(or their products), the carry from the column before, and the total, of which the last digit stays
and the rest is carried on: `7+5+0=12`, `4+8+1=13`, `0+3+1=04`; the answer is `0432`. All is filled
up with zeros, so that prompts and responses of one task have one length. Longer than `chain`, and
each step leans on the prompt as well as on the step before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks.interface import Problem, Split, drawn

Operation = Literal["add", "multiply"]
DIGITS = "0123456789"
#: Between columns, where a model writes them.
BETWEEN = ";"


@dataclass(frozen=True)
class Arithmetic:
    """Two numbers to add or to multiply.

    Attributes:
        operation: `add` or `multiply`.
        digits: Of each number, 1 to 9.
        seed: Of the problems.
    """

    name: ClassVar[str] = "arithmetic"

    operation: Operation = "add"
    digits: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.operation not in get_args(Operation):
            raise InputError(
                f"arithmetic knows no operation {self.operation!r}", hint="add or multiply"
            )
        if not 1 <= self.digits <= 9:
            raise InputError(f"arithmetic is done with 1 to 9 digits, not {self.digits}")

    @property
    def chance(self) -> float:
        """Share of the commonest sum; no product is commoner."""
        return 1 / (10**self.digits - 1)

    @property
    def alphabet(self) -> str:
        """Digits and signs."""
        return DIGITS + "+*=>#" + BETWEEN

    @property
    def prompt_limit(self) -> int:
        """Length of every prompt."""
        return 2 * self.digits + 2

    @property
    def limit(self) -> int:
        """Length of every right response."""
        return self._steps_limit + len("#") + self._answer_digits

    def problem(self, number: int, split: Split) -> Problem:
        """Return a problem; neither number is 0."""
        return drawn(self._made, self.seed, number, split)

    def write(self, response: Response) -> str:
        """Return `7+5+0=12;4+8+1=13#132`; characters that have no place there are left out."""
        lines = (_only(line, DIGITS + "+*=") for line in response.reasoning.splitlines())
        steps = BETWEEN.join(filter(None, lines))[: self._steps_limit]
        return steps + "#" + _only(response.answer, DIGITS)[: self._answer_digits]

    def read(self, text: str) -> Response:
        """Return columns before the first `#`; what is after it counts if it is a number."""
        steps, _, said = text.partition("#")
        lines = (line.strip() for line in steps.split(BETWEEN))
        answer = said.strip()
        return Response("\n".join(filter(None, lines)), answer if _is_number(answer) else "")

    def is_right(self, problem: Problem, response: Response) -> bool:
        """Return whether the answer is right, with or without leading zeros."""
        return self.agree(problem.right, response)

    def agree(self, first: Response, second: Response) -> bool:
        """Return whether the answers are one number."""
        same = first.answer.lstrip("0") == second.answer.lstrip("0")
        return same and _is_number(first.answer) and _is_number(second.answer)

    @property
    def _answer_digits(self) -> int:
        return self.digits + 1 if self.operation == "add" else 2 * self.digits

    @property
    def _steps_limit(self) -> int:
        columns = worked(self._prompt(0, 0)).reasoning
        # A line end here is one character there.
        return len(columns)

    def _made(self, rng: np.random.Generator) -> Problem:
        one, other = rng.integers(1, 10**self.digits, size=2)
        prompt = self._prompt(int(one), int(other))
        return Problem(prompt, worked(prompt))

    def _prompt(self, one: int, other: int) -> str:
        sign = "+" if self.operation == "add" else "*"
        return f"{one:0{self.digits}}{sign}{other:0{self.digits}}>"


def worked(prompt: str) -> Response:
    """Return the right response to a prompt of this task.

    Example:
        >>> worked("047+385>").reasoning.splitlines()
        ['7+5+0=12', '4+8+1=13', '0+3+1=04']
    """
    sign = "+" if "+" in prompt else "*"
    one, other = prompt.rstrip(">").split(sign)
    digits = len(one)
    if sign == "+":
        columns = [[a, b] for a, b in zip(reversed(one), reversed(other), strict=True)]
        answer = f"{int(one) + int(other):0{digits + 1}}"
        width = 2
    else:
        columns = [[] for _ in range(2 * digits - 1)]
        for place, a in enumerate(reversed(one)):
            for further, b in enumerate(reversed(other)):
                columns[place + further].append(f"{a}*{b}")
        answer = f"{int(one) * int(other):0{2 * digits}}"
        # A product is 81 at most and the carry a tenth of the total before it.
        width = len(str(90 * digits))
    lines = []
    carry = "0" * (width - 1)
    for column in columns:
        total = f"{sum(map(_value, column)) + int(carry):0{width}}"
        lines.append("+".join((*column, carry)) + "=" + total)
        carry = total[:-1]
    return Response("\n".join(lines), answer)


def _value(term: str) -> int:
    """Return what `7` or `7*5` comes to."""
    one, _, other = term.partition("*")
    return int(one) * int(other or 1)


def _only(text: str, wanted: str) -> str:
    return "".join(filter(wanted.count, text))


def _is_number(text: str) -> bool:
    return text != "" and _only(text, DIGITS) == text
