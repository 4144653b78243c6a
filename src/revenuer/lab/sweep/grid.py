"""Which distillations a sweep runs: one cell for each combination."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from revenuer.errors import InputError
from revenuer.guard import transforms
from revenuer.lab.distil.config import check_size, experiment_of, section
from revenuer.lab.distil.settings import Experiment, StudentSettings

#: `plain` learns from what it gets; `adaptive` knows the defence; `known` learns from nothing but
#: the undefended responses that the adaptive one has from elsewhere.
ATTACKERS = ("plain", "adaptive", "known")

SIZE = re.compile("[1-9][0-9]*x[1-9][0-9]*")


@dataclass(frozen=True)
class SweepSettings:
    """The grid.

    Attributes:
        defences: `none` and transforms.
        queries: Budgets of queries; throttling is a smaller one.
        training: Budgets of training, as multiples of the student's steps.
        sizes: Of the student, layers x width: `1x24`.
        seeds: With fewer than three a verdict says that it holds so far only.
        attackers: `plain`, and of the others what is wanted: `adaptive`, `known`.
        known: Undefended responses that the adaptive attacker has from elsewhere, say from before
            the defence began.
    """

    defences: tuple[str, ...] = ("none", "withhold", "summarise:2", "noise:0.3")
    queries: tuple[int, ...] = (300, 1_000)
    training: tuple[int, ...] = (1, 3)
    sizes: tuple[str, ...] = ("1x24",)
    seeds: tuple[int, ...] = (0, 1, 2)
    attackers: tuple[str, ...] = ("plain", "adaptive")
    known: int = 50


@dataclass(frozen=True, order=True)
class Cell:
    """One distillation.

    Attributes:
        defence, attacker: Who stands against whom.
        queries, training, size, seed: Budgets.
    """

    defence: str
    attacker: str
    queries: int
    training: int
    size: str
    seed: int

    def __str__(self) -> str:
        return (
            f"{self.defence}, {self.attacker}, {self.queries:,} queries, "
            f"{self.training}x training, {self.size}, seed {self.seed}"
        )

    def student(self, base: StudentSettings) -> StudentSettings:
        """Return the student of this cell."""
        layers, width = (int(number) for number in self.size.split("x"))
        return replace(base, layers=layers, width=width, steps=base.steps * self.training)


@dataclass(frozen=True)
class Sweep:
    """An experiment and the grid laid over it.

    Attributes:
        experiment: Its only student is the one that the grid changes; it learns from traces.
        grid: What changes.
    """

    experiment: Experiment
    grid: SweepSettings


def sweep_of(tables: Mapping[str, Any], where: str) -> Sweep:
    """Return the sweep that tables describe.

    Raises:
        InputError: As for an experiment, or the grid is impossible.
    """
    rest = {name: value for name, value in tables.items() if name != "sweep"}
    grid = section(SweepSettings, tables.get("sweep", {}), f"{where}: [sweep]")
    experiment = experiment_of(rest, where)
    _check(experiment, grid, where)
    return Sweep(experiment, grid)


def cells(grid: SweepSettings) -> list[Cell]:
    """Return all combinations, those that mean the same only once.

    Without a defence there is nothing to adapt to; and what `known` learns from does not depend on
    defence or queries.
    """
    found = {
        _plainest(Cell(*each), grid)
        for each in itertools.product(
            grid.defences, grid.attackers, grid.queries, grid.training, grid.sizes, grid.seeds
        )
    }
    return sorted(found)


def _plainest(cell: Cell, grid: SweepSettings) -> Cell:
    if cell.attacker == "known":
        return replace(cell, defence="none", queries=grid.known)
    return replace(cell, attacker="plain") if cell.defence == "none" else cell


def _check(experiment: Experiment, grid: SweepSettings, where: str) -> None:
    if not all((grid.queries, grid.training, grid.sizes, grid.seeds, grid.attackers)):
        raise InputError(f"{where}: no list of the grid may be empty")
    if "none" not in grid.defences:
        raise InputError(f"{where}: a sweep needs the defence `none` to compare with")
    for defence in set(grid.defences) - {"none"}:
        transforms.named(defence)
    for size in grid.sizes:
        if not SIZE.fullmatch(size):
            raise InputError(f"{where}: no size {size!r}", hint="layers x width, as in 1x24")
        layers, width = map(int, size.split("x"))
        student = replace(experiment.student[0], layers=layers, width=width)
        check_size(student, f"{where}: the student {size}")
    unknown = sorted(set(grid.attackers) - set(ATTACKERS))
    if unknown:
        raise InputError(
            f"{where}: no attacker {unknown[0]!r}", hint=f"known: {', '.join(ATTACKERS)}"
        )
    if "plain" not in grid.attackers:
        raise InputError(f"{where}: a sweep needs the attacker `plain` to compare with")
    _check_budgets(experiment, grid, where)


def _check_budgets(experiment: Experiment, grid: SweepSettings, where: str) -> None:
    if len(experiment.student) != 1 or experiment.student[0].method != "traces":
        raise InputError(f"{where}: a sweep has one student, which learns from traces")
    if min((*grid.queries, *grid.training, grid.known)) < 1:
        raise InputError(f"{where}: queries, training and known are at least 1")
    # The known responses are taken from behind those that are asked for.
    if max(grid.queries) + grid.known > experiment.harvest.queries:
        raise InputError(
            f"{where}: {max(grid.queries):,} queries and {grid.known:,} known are more than "
            f"[harvest] queries = {experiment.harvest.queries:,}",
            hint="raise [harvest] queries",
        )
