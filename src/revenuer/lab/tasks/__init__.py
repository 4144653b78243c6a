"""What is asked of teacher and student, a file a task.

A task (`interface.Task`) gives numbered problems, writes a response as a model does and reads what
a model wrote. It is a frozen dataclass: its fields are all that its problems depend on, and `told`
says them, defaults included.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from typing import Any, Literal, get_origin, get_type_hints

from revenuer.errors import InputError
from revenuer.lab.tasks.interface import Problem, Split, Task

__all__ = ["TASKS", "Problem", "Split", "Task", "open_task", "told"]

#: Name -> where its class is.
TASKS: Mapping[str, tuple[str, str]] = {
    "chain": ("revenuer.lab.tasks.chain", "Chain"),
    "arithmetic": ("revenuer.lab.tasks.arithmetic", "Arithmetic"),
    "sentiment": ("revenuer.lab.tasks.sentiment", "Sentiment"),
    "prompts": ("revenuer.lab.tasks.prompts", "Prompts"),
    "gym": ("revenuer.lab.tasks.gym", "Gym"),
}


def open_task(settings: Mapping[str, object]) -> Task:
    """Return the task that settings describe; what they leave out has its default.

    Args:
        settings: `name`, and fields of the task of that name: `{"name": "chain", "steps": 6}`.

    Raises:
        InputError: The name or a setting is not known, a setting is missing or impossible, or what
            the task needs is not installed.
    """
    name = settings.get("name")
    if not isinstance(name, str) or name not in TASKS:
        raise InputError(f"there is no task {name!r}", hint="one of " + ", ".join(TASKS))
    module, kind = TASKS[name]
    made: Any = getattr(importlib.import_module(module), kind)
    fields = {each.name: each for each in dataclasses.fields(made) if each.init}
    given = {setting: value for setting, value in settings.items() if setting != "name"}
    for setting in given:
        if setting not in fields:
            raise InputError(
                f"the task {name} has no setting {setting!r}", hint="known: " + ", ".join(fields)
            )
    hints = get_type_hints(made)
    for setting, each in fields.items():
        if setting not in given and each.default is each.default_factory is dataclasses.MISSING:
            raise InputError(f"the task {name} needs the setting {setting!r}")
    for setting, value in given.items():
        _check(value, hints[setting], f"{setting} of the task {name}")
    opened: Task = made(**given)
    return opened


def told(task: Task) -> dict[str, Any]:
    """Return all that a task's problems depend on, as JSON can say it."""
    fields = dataclasses.fields(task)  # type: ignore[arg-type]  # tasks are dataclasses
    shown = {each.name: getattr(task, each.name) for each in fields if each.compare}
    return {"name": task.name, **shown}


def _check(value: object, hint: Any, where: str) -> None:
    """Refuse a value of another type; a task itself checks what values it can do with."""
    if get_origin(hint) is Literal:
        # The task names its choices.
        return
    kind = get_origin(hint) or hint
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise InputError(f"{where} is {kind.__name__.lower()}, not {value!r}")
    if where.startswith("seed ") and isinstance(value, int) and not 0 <= value < 2**63:
        raise InputError(f"{where} is {value}; it cannot be below 0 or above 2^63")
