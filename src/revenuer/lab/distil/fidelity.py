"""How well a model answers problems that nobody learnt from, and how much like its teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import binomtest

from revenuer.guard.transforms import Response
from revenuer.lab.distil.harvest import FILE, Way, paid_for
from revenuer.lab.distil.purse import Purse
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store
from revenuer.lab.tasks.interface import Problem, Task
from revenuer.models import Completion

#: Problems that a model on this machine answers together.
CHUNK = 64


@dataclass(frozen=True)
class Answers:
    """What a model answered to the test, at temperature 0.

    Attributes:
        responses: One a problem.
        asked_tokens: Mean of a request.
        written_tokens: Mean of a response.
    """

    responses: Sequence[Response]
    asked_tokens: float
    written_tokens: float


@dataclass(frozen=True)
class Fidelity:
    """How good answers are.

    Attributes:
        accuracy: Share that is right, in [0, 1].
        low, high: Its 95 % interval (Wilson 1927, https://doi.org/10.2307/2276774), which knows of
            the problems drawn, not of the seeds of the training.
        agreement: Share of answers that are the teacher's.
    """

    accuracy: float
    low: float
    high: float
    agreement: float


def held_out(task: Task, count: int) -> list[Problem]:
    """Return the first problems that are kept for testing."""
    return [task.problem(number, "test") for number in range(count)]


def answered(
    store: Store,
    speaker: Speaker,
    problems: Sequence[Problem],
    purse: Purse | None = None,
    *,
    workers: int = 1,
) -> Answers:
    """Return what a model answers, asked once and kept.

    Args:
        store: Where steps are kept.
        speaker: Who is asked.
        problems: What; their prompts are part of the step's name.
        purse: Pays a served model, whose answers are kept one by one, as in a harvest.
        workers: Requests at a time to a server.

    Raises:
        InputError: As for a harvest.
    """
    step = store.step(
        "test",
        speaker=speaker.digest,
        limit=speaker.limit,
        prompts=[problem.prompt for problem in problems],
    )
    with step.held():
        told = step.told
        # A step that is done asks for nothing, but was paid for.
        asked = problems if told is None else []
        if purse is not None and speaker.is_served:
            paid = paid_for(step.folder / FILE, speaker, asked, Way(0.0, 0, workers), purse)
            said = [each.completion for each in paid]
        else:
            said = _said(speaker, asked)
        told = told or step.finish(_measured(speaker, said))
    responses = [Response(reasoning, answer) for reasoning, answer in told["responses"]]
    return Answers(responses, told["asked_tokens"], told["written_tokens"])


def written(speaker: Speaker, problems: Sequence[Problem]) -> list[Response]:
    """Return what a model answers at temperature 0, without keeping it."""
    return [speaker.read(each) for each in _said(speaker, problems)]


def compare(
    task: Task, problems: Sequence[Problem], own: Sequence[Response], teacher: Sequence[Response]
) -> Fidelity:
    """Return how right answers are, and how many are the teacher's.

    Args:
        task: Says what is right.
        problems: What was asked, at least one.
        own: (problems,) the answers measured.
        teacher: (problems,) the teacher's answers.
    """
    right = sum(task.is_right(*each) for each in zip(problems, own, strict=True))
    same = sum(task.agree(*each) for each in zip(own, teacher, strict=True))
    interval = binomtest(right, len(problems)).proportion_ci(method="wilson")
    return Fidelity(
        right / len(problems), float(interval.low), float(interval.high), same / len(problems)
    )


def _measured(speaker: Speaker, said: Sequence[Completion]) -> dict[str, Any]:
    read = [speaker.read(each) for each in said]
    return {
        "responses": [[each.reasoning, each.answer] for each in read],
        "asked_tokens": _mean([each.usage.asked_tokens for each in said if each.usage]),
        "written_tokens": _mean([each.usage.written_tokens for each in said if each.usage]),
    }


def _said(speaker: Speaker, problems: Sequence[Problem]) -> list[Completion]:
    said: list[Completion] = []
    for start in range(0, len(problems), CHUNK):
        said += speaker.answer(problems[start : start + CHUNK], temperature=0.0, seed=start)
    return said


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0
