"""What was computed at each phase of a distillation, and what it cost.

Two ratios are told apart. *Served*: operations of the teacher over the student's for one token
served; the figure that "a hundred times cheaper" is about. *Whole*: what the owner spent (training
the teacher) over what the distiller spent (asking the teacher and training the student). The second
is far smaller, since the student has to be trained, too.

Not in the account: searching for settings, measuring, idle machines, people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from revenuer.lab.distil import flops, methods
from revenuer.lab.distil.fidelity import Answers
from revenuer.lab.distil.flops import Flops, Operations
from revenuer.lab.distil.harvest import Answered, Harvest
from revenuer.lab.distil.purse import price
from revenuer.lab.distil.settings import Experiment, PriceSettings, StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.tables import Trained
from revenuer.models import Model
from revenuer.models.own import OwnModel

EXA = 1e18


@dataclass(frozen=True)
class Entry:
    """One phase.

    Attributes:
        phase: `teacher training`, `teacher serving`, `student training` or `student serving`.
        model: Whose work it was.
        queries: Requests answered, or rows learnt from.
        tokens: Read and written.
        flops: Operations, a multiply-add is two; None where nobody can know.
        is_counted: Whether they are counted from the architecture; else 2 a parameter and token.
        cpu_seconds: On the machine that ran it; None where it ran elsewhere.
        usd: By the experiment's prices; None without operations or price.
    """

    phase: str
    model: str
    queries: int
    tokens: int
    flops: float | None
    is_counted: bool
    cpu_seconds: float | None
    usd: float | None


@dataclass(frozen=True)
class Account:
    """All phases, and what they say together.

    Attributes:
        entries: In order of the work; student training and serving once a student.
        served_ratio: For each student, the teacher's operations a token served over its own.
        whole_ratio: For each student, teacher training over asking and student training.
    """

    entries: Sequence[Entry]
    served_ratio: dict[str, float | None]
    whole_ratio: dict[str, float | None]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return asdict(self)


def operations(model: Model, active_parameters: int) -> Operations | None:
    """Return what a model's work takes; None where nothing is known of it."""
    if isinstance(model, OwnModel):
        return flops.of_size(model.model.size)
    config = getattr(getattr(model, "model", None), "config", None)
    counted = flops.of_config(config) if config is not None else None
    if counted is not None:
        return counted
    parameters = active_parameters
    if config is not None and not parameters:
        parameters = sum(weight.numel() for weight in model.model.parameters())  # type: ignore[attr-defined]
    return flops.Estimate(parameters) if parameters else None


def a_token(operation: Operations, answers: Answers) -> float:
    """Return operations a token, read or written, at the mean lengths of some answers."""
    asked, said = round(answers.asked_tokens), max(1, round(answers.written_tokens))
    return operation.generation(1, asked, said).number / (asked + said)


def of_training(
    settings: StudentSettings, told: dict[str, Any], own: Operations, teacher: Operations | None
) -> Flops | None:
    """Return what a student's training took, what it made the teacher do included.

    Args:
        settings: Method and course.
        told: What the step of its training told.
        own: The student's operations.
        teacher: The teacher's; needed by methods that look at it.
    """
    row, prompt, said = told["row_tokens"], told["prompt_tokens"], told["response_tokens"]
    total = own.training(settings.rows, row) * settings.steps
    if settings.method not in methods.LOOKING:
        return total
    if teacher is None:
        return None
    # The teacher reads the last token as well, which a student only predicts.
    if settings.method != "on-policy":
        return total + teacher.forward(told["responses"], row + 1)
    own_texts = settings.steps - settings.steps // 2
    each = own.generation(settings.rows, prompt, said) + teacher.forward(settings.rows, row + 1)
    # Texts of its own end when the student ends them: as long as the teacher's is an estimate.
    return total + Flops((each * own_texts).number, counted=False)


def of(
    experiment: Experiment,
    teacher: Speaker,
    harvest: Harvest,
    its: Answers,
    students: Sequence[Trained],
) -> Account:
    """Return the account of a distillation.

    Args:
        experiment: Settings and prices.
        teacher: Who answered.
        harvest: What was asked for.
        its: The teacher's answers to the test.
        students: Those trained.
    """
    prices = experiment.prices
    takes = operations(teacher.model, experiment.teacher.active_parameters)
    entries = [
        *_teacher_training(experiment, teacher, takes),
        _asking(teacher, harvest.responses, takes, prices),
    ]
    trained = sum(each.flops or 0.0 for each in entries[:-1])
    served, whole = {}, {}
    for each in students:
        entries += [_student_training(each, prices), _student_serving(each, prices)]
        mine, name = each.flops_per_token, each.name
        served[name] = a_token(takes, its) / mine if takes and mine else None
        asked = _asking(teacher, harvest.responses[: each.queries], takes, prices).flops
        spent = (
            None
            if each.training_flops is None or asked is None
            else (asked + each.training_flops.number)
        )
        whole[name] = trained / spent if trained and spent else None
    return Account(entries, served, whole)


def _teacher_training(
    experiment: Experiment, teacher: Speaker, takes: Operations | None
) -> list[Entry]:
    told = teacher.training
    if told is None or takes is None:
        return []
    settings = experiment.teacher
    done = takes.training(settings.rows, told["row_tokens"]) * settings.steps
    return [
        _entry(
            "teacher training",
            teacher.model.name,
            settings.rows * settings.steps,
            settings.rows * settings.steps * told["row_tokens"],
            done,
            told["cpu_seconds"],
            experiment.prices,
        )
    ]


def _asking(
    teacher: Speaker,
    responses: Sequence[Answered],
    takes: Operations | None,
    prices: PriceSettings,
) -> Entry:
    asked = sum(each.asked_tokens for each in responses)
    said = sum(each.written_tokens for each in responses)
    done = None
    if takes is not None:
        each_took = (takes.generation(1, r.asked_tokens, r.written_tokens) for r in responses)
        done = sum(each_took, Flops(0))
    entry = _entry(
        "teacher serving", teacher.model.name, len(responses), asked + said, done, None, prices
    )
    paid = sum(price(each, prices) for each in responses)
    return replace(entry, usd=paid) if teacher.is_served else entry


def _student_training(each: Trained, prices: PriceSettings) -> Entry:
    told = each.step.told or {}
    rows = each.settings.rows * each.settings.steps
    return _entry(
        "student training",
        each.name,
        each.queries,
        rows * told["row_tokens"],
        each.training_flops,
        told["cpu_seconds"],
        prices,
    )


def _student_serving(each: Trained, prices: PriceSettings) -> Entry:
    """Return what the same queries would take if the student answered them."""
    tokens = round((each.answers.asked_tokens + each.answers.written_tokens) * each.queries)
    done = None if each.flops_per_token is None else Flops(round(each.flops_per_token * tokens))
    return _entry("student serving", each.name, each.queries, tokens, done, None, prices)


def _entry(
    phase: str,
    model: str,
    queries: int,
    tokens: int,
    done: Flops | None,
    cpu_seconds: float | None,
    prices: PriceSettings,
) -> Entry:
    return Entry(
        phase,
        model,
        queries,
        tokens,
        None if done is None else float(done.number),
        done is not None and done.counted,
        cpu_seconds,
        None if done is None else done.number / EXA * prices.usd_per_exaflop,
    )
