"""What an experiment is: one TOML file, checked before anything is paid for.

Long, since each setting says what it is.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from revenuer.errors import InputError

METHODS = ("traces", "answers", "logits", "top-k", "on-policy")
#: No number is larger: seeds must fit 63 bits.
LARGEST = 2**63
#: Weights of the largest model that is trained here.
MOST_WEIGHTS = 10**9
#: What a folder may be called.
NAME = re.compile(r"\w[\w.-]{0,99}")
T = TypeVar("T")


@dataclass(frozen=True)
class TeacherSettings:
    """The model that answers.

    Attributes:
        model: Folder, GGUF file, `llamacpp:FILE` or URL; empty trains a small one on the task. A
            server's token is read from the variable REVENUER_TEACHER_TOKEN.
        name: Which of a server's models; its first if empty.
        layers, width, heads, steps, rows, rate, seed: Of the small one.
        system: System message, for a model that is chatted with.
        chats: Whether a transformers model gets problems in its chat template, or as they are.
        active_parameters: Of a model that cannot be looked into; 0 is unknown.
        requests_per_second: Most requests a second to a server; 0 is no limit.
        workers: Requests at a time to a server.
    """

    model: str = ""
    name: str = ""
    layers: int = 4
    width: int = 128
    heads: int = 4
    steps: int = 400
    rows: int = 64
    rate: float = 3e-3
    seed: int = 0
    system: str = ""
    chats: bool = True
    active_parameters: int = 0
    requests_per_second: float = 0.0
    workers: int = 4


@dataclass(frozen=True)
class HarvestSettings:
    """What is asked of the teacher.

    Attributes:
        queries: How many problems.
        temperature: 0 takes the likeliest token.
        max_tokens: Most tokens of a response; 0 takes the task's limit.
        max_usd: Stops before a request that could cost more in all, those of the test included; 0
            is no cap. A server that bills requests it did not answer may charge more.
        seed: Of the sampling.
    """

    queries: int = 4_000
    temperature: float = 1.0
    max_tokens: int = 0
    max_usd: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class StudentSettings:
    """A model that learns.

    Attributes:
        name: In tables and curves, and of a folder.
        method: `traces`, `answers`, `logits`, `top-k` or `on-policy`.
        base: A transformers folder or GGUF file to train further; empty starts a small model.
        queries: How many responses it learns from, one training each; empty takes all.
        seeds: One training each.
        layers, width, heads: Of a small model.
        steps, rows, rate: Of the training.
        temperature: Of distributions, for `logits` and `top-k`.
        top_k: Alternatives of a token, for `top-k`.
    """

    name: str = "student"
    method: str = "traces"
    base: str = ""
    queries: tuple[int, ...] = ()
    seeds: tuple[int, ...] = (0,)
    layers: int = 1
    width: int = 24
    heads: int = 2
    steps: int = 2_400
    rows: int = 64
    rate: float = 5e-3
    temperature: float = 1.0
    top_k: int = 8


@dataclass(frozen=True)
class FidelitySettings:
    """How students are measured.

    Attributes:
        problems: Held-out problems that teacher and students answer.
    """

    problems: int = 500


@dataclass(frozen=True)
class PriceSettings:
    """What things are assumed to cost.

    Attributes:
        usd_per_million_asked: Tokens sent to a served teacher.
        usd_per_million_written: Tokens it writes.
        usd_per_exaflop: 10^18 operations of own hardware; 1.4 is an accelerator of 10^15 a second
            at 40 % use for 2 USD an hour.
    """

    usd_per_million_asked: float = 0.0
    usd_per_million_written: float = 0.0
    usd_per_exaflop: float = 1.4


@dataclass(frozen=True)
class Experiment:
    """One distillation.

    Attributes:
        task: Name and settings of a task.
        defence: What is done to responses before the student sees them, `none` or a transform.
        students: At least one.
    """

    task: Mapping[str, Any] = field(default_factory=lambda: {"name": "chain"})
    teacher: TeacherSettings = TeacherSettings()
    harvest: HarvestSettings = HarvestSettings()
    defence: str = "none"
    student: tuple[StudentSettings, ...] = (StudentSettings(),)
    fidelity: FidelitySettings = FidelitySettings()
    prices: PriceSettings = PriceSettings()


def tables_of(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises:
        InputError: There is none, or it is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read", hint="`revenuer lab config distil` prints one to start from"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is no TOML: {error}") from error


def experiment_of(tables: Mapping[str, Any], where: str) -> Experiment:
    """Return the experiment that tables describe; what they leave out has its default.

    Args:
        tables: As in a file.
        where: What to call them.

    Raises:
        InputError: They name something unknown, or a value is impossible.
    """
    known = {each.name for each in dataclasses.fields(Experiment)}
    _refuse_unknown(tables, known, where)
    students = tables.get("student", [{}])
    if not isinstance(students, list) or not students:
        raise InputError(f"{where}: [[student]] is a list of tables")
    made = Experiment(
        task=_table(tables.get("task", {"name": "chain"}), f"{where}: [task]"),
        teacher=section(TeacherSettings, tables.get("teacher", {}), f"{where}: [teacher]"),
        harvest=section(HarvestSettings, tables.get("harvest", {}), f"{where}: [harvest]"),
        defence=tables.get("defence", "none"),
        student=tuple(section(StudentSettings, one, f"{where}: [[student]]") for one in students),
        fidelity=section(FidelitySettings, tables.get("fidelity", {}), f"{where}: [fidelity]"),
        prices=section(PriceSettings, tables.get("prices", {}), f"{where}: [prices]"),
    )
    _check(made, where)
    return made


def section(kind: type[T], given: object, where: str) -> T:
    """Return one table as its settings.

    Raises:
        InputError: A name is unknown, or a value has another type or is negative.
    """
    table = _table(given, where)
    hints = get_type_hints(kind)
    _refuse_unknown(table, set(hints), where)
    return kind(
        **{name: _value(value, hints[name], f"{where} {name}") for name, value in table.items()}
    )


def _table(given: object, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise InputError(f"{where} is a table, not {given!r}")
    return given


def _value(value: object, hint: Any, where: str) -> object:
    if get_args(hint):
        if not isinstance(value, list):
            raise InputError(f"{where} is a list, not {value!r}")
        return tuple(_value(one, get_args(hint)[0], where) for one in value)
    wanted = (int, float) if hint is float else (hint,)
    if not isinstance(value, wanted) or isinstance(value, bool) != (hint is bool):
        raise InputError(f"{where} is {hint.__name__}, not {value!r}")
    if isinstance(value, int | float) and not 0 <= value < LARGEST:
        raise InputError(f"{where} is {value}; it cannot be below 0 or above {LARGEST:.0e}")
    return float(value) if hint is float else value


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise InputError(
            f"{where} has no {unknown[0]!r}", hint=f"known: {', '.join(sorted(known))}"
        )


def _check(made: Experiment, where: str) -> None:
    names = [each.name for each in made.student]
    if len(set(names)) < len(names):
        raise InputError(f"{where}: two students have one name", hint="give each a name")
    if not isinstance(made.defence, str):
        raise InputError(f"{where}: defence is a text, not {made.defence!r}")
    if min(made.harvest.queries, made.fidelity.problems, made.teacher.workers) < 1:
        raise InputError(f"{where}: queries, problems and workers are at least 1")
    prices = made.prices
    if made.harvest.max_usd and not prices.usd_per_million_asked + prices.usd_per_million_written:
        raise InputError(
            f"{where}: max_usd is a cap without a price",
            hint="give [prices] usd_per_million_asked and usd_per_million_written",
        )
    teacher = made.teacher
    if not teacher.model:
        if min(teacher.steps, teacher.rows) < 1:
            raise InputError(f"{where}: the teacher needs at least 1 step and row")
        check_size(teacher, f"{where}: the teacher")
    for each in made.student:
        _check_student(each, f"{where}: {each.name}")
        _check_budgets(each, made.harvest.queries, f"{where}: {each.name}")


def check_size(model: TeacherSettings | StudentSettings, where: str) -> None:
    """Refuse a small model that cannot be.

    Raises:
        InputError: A size is 0, the heads do not divide the width, or it is not small.
    """
    if min(model.layers, model.heads) < 1 or model.width < 1 or model.width % (2 * model.heads):
        raise InputError(
            f"{where} has {model.layers} layers, {model.heads} heads and a width of {model.width}",
            hint="each at least 1, and the width a multiple of twice the heads",
        )
    weights = 12 * model.layers * model.width**2
    if weights > MOST_WEIGHTS:
        raise InputError(
            f"{where} would have {weights:.0e} weights; {MOST_WEIGHTS:.0e} are the most that are "
            "trained here",
            hint="make it smaller",
        )


def _check_student(student: StudentSettings, where: str) -> None:
    if student.method not in METHODS:
        raise InputError(
            f"{where} has no method {student.method!r}", hint=f"known: {', '.join(METHODS)}"
        )
    if not student.temperature or student.top_k < 1:
        raise InputError(f"{where} needs a temperature above 0 and at least 1 alternative")
    if not NAME.fullmatch(student.name):
        raise InputError(
            f"{where} is no name of a folder", hint="letters, digits, `_`, `-` and `.` behind them"
        )
    if not student.base:
        check_size(student, where)


def _check_budgets(student: StudentSettings, harvested: int, where: str) -> None:
    if not student.seeds or min((student.steps, student.rows, *student.queries)) < 1:
        raise InputError(f"{where} needs a seed and at least 1 step, row and query")
    if any(len(set(each)) < len(each) for each in (student.seeds, student.queries)):
        raise InputError(f"{where} has a seed or a number of queries twice")
    if max(student.queries, default=0) > harvested:
        raise InputError(
            f"{where} learns from {max(student.queries)} responses of {harvested}",
            hint="raise [harvest] queries",
        )
