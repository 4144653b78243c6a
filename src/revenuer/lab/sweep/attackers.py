"""What a distiller does who knows the defence.

* Steps are hidden or out of order (`withhold`, `summarise`, `truncate`, `drop`, `reorder`): *trace
  inversion*. A model is trained on a few undefended responses from elsewhere to write the whole
  reasoning from the prompt and what is still shown; it restores the others, and those whose answer
  comes out as shown are learnt from (after https://arxiv.org/abs/2603.07267, which does it with
  language models).
* Steps are wrong (`noise`, `poison`): *checking by the answer*. The answer is still right. A
  student taught by all of it answers every prompt anew, and a second one learns from what ends at
  the answer that was shown (after https://arxiv.org/abs/2203.14465).

Both learn from the few undefended responses as well, so the attacker `known`, who has nothing else,
is the one to compare with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from revenuer.guard.transforms import Response
from revenuer.lab.distil.fidelity import written
from revenuer.lab.distil.lessons import legible
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store
from revenuer.lab.distil.student import Material, taught
from revenuer.lab.tasks.interface import Problem, Split, Task
from revenuer.models import open_model

#: Defences that leave wrong steps where they stand; the others hide or move them.
SPOILING = ("noise", "poison")


@dataclass(frozen=True)
class Restoring:
    """A task's responses to be written from the prompt and what a defence left of them.

    Attributes:
        base: The task.
    """

    base: Task

    @property
    def name(self) -> str:
        """What to call it."""
        return f"restoring {self.base.name}"

    @property
    def chance(self) -> float:
        """As the task's."""
        return self.base.chance

    @cached_property
    def alphabet(self) -> str:
        """As the task's."""
        return self.base.alphabet

    @property
    def prompt_limit(self) -> int:
        """The prompt, and what is left of the response."""
        return self.base.prompt_limit + self.base.limit

    @property
    def limit(self) -> int:
        """The whole response."""
        return self.base.limit

    def problem(self, number: int, split: Split) -> Problem:
        """Return the task's own problem."""
        return self.base.problem(number, split)

    def shown(self, problem: Problem, left: Response) -> Problem:
        """Return the problem with what a defence left."""
        shown = legible(self.base.write(left), self.alphabet)
        return replace(problem, short=problem.short + shown)

    def write(self, response: Response) -> str:
        """As the task writes it."""
        return self.base.write(response)

    def read(self, text: str) -> Response:
        """As the task reads it."""
        return self.base.read(text)

    def is_right(self, problem: Problem, response: Response) -> bool:
        """As the task judges."""
        return self.base.is_right(problem, response)

    def agree(self, first: Response, second: Response) -> bool:
        """As the task judges."""
        return self.base.agree(first, second)


@dataclass(frozen=True)
class Distiller:
    """Who attacks.

    Attributes:
        store: Where steps are kept.
        teacher: Who answered.
        student: How the student is trained, and before it the one that checks.
        helper: How the model is trained that restores.
        seed: Of all that is trained.
        known: Undefended problems and responses from elsewhere.
        left: The same as the defence leaves them.
    """

    store: Store
    teacher: Speaker
    student: StudentSettings
    helper: StudentSettings
    seed: int
    known: Material
    left: Material

    def material(self, got: Material, defence: str) -> Material:
        """Return what the attacker learns from, knowing the defence."""
        spoils = defence.partition(":")[0] in SPOILING
        written_anew = self._checked(got) if spoils else self._restored(got)
        kept = [
            each
            for each in zip(got.problems, written_anew, got.responses, strict=True)
            if got.task.agree(each[1], each[2])
        ]
        return Material(
            got.task,
            [*self.known.problems, *(problem for problem, _, _ in kept)],
            [*self.known.responses, *(response for _, response, _ in kept)],
            f"{got.digest} {self.known.digest} adaptive {self.student} {self.helper} {self.seed}",
        )

    def _checked(self, got: Material) -> Sequence[Response]:
        # The same student as the plain attacker's: its training is done once.
        return self._answered(got, self.student, got.problems)

    def _restored(self, got: Material) -> Sequence[Response]:
        task = Restoring(got.task)
        pairs = zip(self.left.problems, self.left.responses, strict=True)
        shown = [task.shown(*each) for each in pairs]
        learnt = Material(task, shown, self.known.responses, f"restoring {self.left.digest}")
        asked = [task.shown(*each) for each in zip(got.problems, got.responses, strict=True)]
        return self._answered(learnt, self.helper, asked)

    def _answered(
        self, learnt: Material, settings: StudentSettings, asked: Sequence[Problem]
    ) -> Sequence[Response]:
        step = taught(self.store, learnt, self.teacher, settings, self.seed)
        model = open_model(str(step.folder))
        speaker = Speaker(model, learnt.task, step.digest, learnt.task.limit + 1)
        return written(speaker, asked)
