"""A model that answers the problems of a task: teacher or student."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from revenuer.guard.transforms import Response
from revenuer.lab.tasks.interface import Problem, Task
from revenuer.models import Completion, Model
from revenuer.models.own import OwnModel


@runtime_checkable
class Chatting(Protocol):
    """A model whose template is ours to fill."""

    def chat(self, system: str, said: str) -> str:
        """Return a request as text, up to where the model answers."""
        ...


@dataclass(frozen=True)
class Speaker:
    """A model that answers problems.

    Attributes:
        model: What answers.
        task: What it is asked.
        digest: Names the model in the inputs of later steps.
        limit: Most tokens of a response.
        system: System message, for a model that is chatted with.
        chats: Whether a problem is put into the model's chat template; a server always does.
        is_served: Whether each request is asked, and perhaps paid for, by itself.
        training: What its training told, if it was trained here.
    """

    model: Model
    task: Task
    digest: str
    limit: int
    system: str = ""
    chats: bool = True
    is_served: bool = False
    training: dict[str, Any] | None = None

    def asked(self, problem: Problem) -> str:
        """Return what the model reads: its own form of the problem."""
        if isinstance(self.model, OwnModel):
            return problem.short
        # Transformers takes text; the others take a request and use their own template.
        if isinstance(self.model, Chatting) and self.chats:
            return self.model.chat(self.system, problem.prompt)
        return problem.prompt

    def answer(
        self, problems: Sequence[Problem], *, temperature: float, seed: int
    ) -> list[Completion]:
        """Return what it writes to each problem."""
        asked = [self.asked(problem) for problem in problems]
        return self.model.generate(asked, limit=self.limit, temperature=temperature, seed=seed)

    def read(self, completion: Completion) -> Response:
        """Return a completion as reasoning and answer."""
        read = self.task.read(completion.text)
        return Response(completion.reasoning, read.answer) if completion.reasoning else read
