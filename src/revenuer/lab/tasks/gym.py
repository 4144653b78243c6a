"""Problems of reasoning-gym: a hundred generators of puzzles, each with a judge of its own.

A data set is made by its name, from a seed, up to a size; what is drawn twice counts once. The
package is imported when the task is opened.

Left out are data sets whose judge runs an answer as Python, directly or through sympy: answers come
from a model, and what a model says must never be run.

[1] Z. Stojanovski et al. Reasoning Gym. arXiv:2505.24760
"""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks import wording
from revenuer.lab.tasks.interface import Problem, Split, split_of

PACKAGE = "reasoning_gym"
#: `composite` asks the judges of other data sets.
RUNS_ANSWERS = frozenset(
    {
        "binary_matrix",
        "composite",
        "countdown",
        "intermediate_integration",
        "n_queens",
        "polynomial_multiplication",
        "puzzle24",
        "simple_integration",
        "spiral_matrix",
        "string_insertion",
    }
)

#: What a judge raises at an answer that it cannot parse; anything else is a fault, and is raised.
UNREADABLE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError,
    SyntaxError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True)
class Gym:
    """A data set of reasoning-gym.

    Attributes:
        dataset: Its name there, such as `chain_sum`.
        size: Problems of both splits together.
        seed: Of the problems.
        options: Further settings of the data set.
        limit: Longest response in characters; what is longer is cut off at its end.
        version: Of the package.
    """

    name: ClassVar[str] = "gym"
    #: Not known: 0 claims least.
    chance: ClassVar[float] = 0.0

    dataset: str
    size: int = 6_000
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    limit: int = 16_384
    version: str = field(init=False)
    _made: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.size < 1 or self.limit < 1:
            raise InputError(f"size and limit are at least 1, not {self.size} and {self.limit}")
        object.__setattr__(self, "_made", self._opened())
        object.__setattr__(self, "version", importlib.metadata.version(PACKAGE))

    @property
    def alphabet(self) -> str:
        """Printable ASCII and whatever else stands in the problems."""
        found = set(string.printable)
        for each in self._all:
            found.update(each.prompt, self.write(each.right))
        return "".join(sorted(found))

    @property
    def prompt_limit(self) -> int:
        """The longest prompt."""
        return max(map(len, self._items))

    def problem(self, number: int, split: Split) -> Problem:
        """Return a problem; all are made at the first."""
        problems = self._problems[split]
        if number >= len(problems):
            raise InputError(
                f"{self.size} problems of {self.dataset} give {len(problems)} to {split} with, "
                f"not {number + 1}",
                hint="raise the size of [task], or ask for fewer",
            )
        return problems[number]

    def write(self, response: Response) -> str:
        """Return `<think>...</think>` and the answer."""
        return wording.joined(response)[: self.limit]

    def read(self, text: str) -> Response:
        """Return thought and answer."""
        return wording.parted(text)

    def is_right(self, problem: Problem, response: Response) -> bool:
        """Return whether the data set's judge gives what is said, or its conclusion, full marks."""
        item = self._items.get(problem.prompt)
        if item is None:
            return False
        said = response.answer
        return any(self._score(text, item) >= 1 for text in (said, wording.concluding(said)))

    def agree(self, first: Response, second: Response) -> bool:
        """Return whether both come to one conclusion."""
        return wording.agree(first, second)

    @cached_property
    def _items(self) -> dict[str, dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        for number in range(self.size):
            item = self._made[number]
            items.setdefault(str(item["question"]), item)
        return items

    @cached_property
    def _problems(self) -> dict[Split, list[Problem]]:
        split: dict[Split, list[Problem]] = {"train": [], "test": []}
        for prompt, item in self._items.items():
            answer = "" if item["answer"] is None else str(item["answer"])
            split[split_of(prompt)].append(Problem(prompt, Response("", answer)))
        return split

    @property
    def _all(self) -> list[Problem]:
        return self._problems["train"] + self._problems["test"]

    def _score(self, said: str, item: dict[str, Any]) -> float:
        try:
            return float(self._made.score_answer(said, item))
        except UNREADABLE:
            return 0.0

    def _opened(self) -> Any:
        try:
            package = importlib.import_module(PACKAGE)
        except ModuleNotFoundError as error:
            raise InputError(
                f"the task gym needs the package {error.name}",
                hint="pip install 'revenuer[lab-gym]'",
            ) from error
        known = package.factory.DATASETS
        if self.dataset not in known:
            near = difflib.get_close_matches(self.dataset, known, n=5, cutoff=0.3)
            raise InputError(
                f"reasoning-gym has no data set {self.dataset!r}",
                hint=f"known are {', '.join(near)} ..." if near else "such as chain_sum",
            )
        if self.dataset in RUNS_ANSWERS:
            raise InputError(
                f"the judge of {self.dataset} runs answers as Python; what a model says is not run",
                hint="take another data set",
            )
        try:
            return package.create_dataset(
                self.dataset, **{**self.options, "seed": self.seed, "size": self.size}
            )
        except (TypeError, ValueError, AssertionError) as error:
            raise InputError(f"{self.dataset} refuses its options: {error}") from error
