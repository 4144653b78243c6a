"""An experiment read from its TOML file, and checked before anything is paid for."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from revenuer.errors import InputError
from revenuer.lab.distil.settings import (
    METHODS,
    Experiment,
    FidelitySettings,
    HarvestSettings,
    PriceSettings,
    StudentSettings,
    TeacherSettings,
)

#: No number is larger: seeds must fit 63 bits.
LARGEST = 2**63
#: Weights of the largest model that is trained here.
MOST_WEIGHTS = 10**9
#: What a folder may be called.
NAME = re.compile(r"\w[\w.-]{0,99}")
T = TypeVar("T")


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
