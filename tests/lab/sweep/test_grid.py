"""Tests of revenuer.lab.sweep.grid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from revenuer.errors import InputError
from revenuer.lab.distil.config import tables_of
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.sweep.grid import Cell, SweepSettings, cells, sweep_of

GRID = SweepSettings(
    defences=("none", "withhold"), queries=(10, 20), training=(1, 3), sizes=("1x8",), seeds=(0,),
    attackers=("plain", "adaptive"), known=5,
)  # fmt: skip


def test_each_combination_is_a_cell_once() -> None:
    found = cells(GRID)

    # Nothing is there to adapt to without a defence: 2 queries x 2 budgets x (1 + 2 attackers).
    assert len(found) == len(set(found)) == 12
    assert not [cell for cell in found if cell.defence == "none" and cell.attacker == "adaptive"]


def test_who_has_only_the_known_responses_is_one_cell_a_budget() -> None:
    found = [
        cell
        for cell in cells(replace(GRID, attackers=("plain", "known")))
        if cell.attacker == "known"
    ]

    assert found == [
        Cell("none", "known", 5, 1, "1x8", 0),
        Cell("none", "known", 5, 3, "1x8", 0),
    ]


def test_a_cell_says_its_student() -> None:
    told = Cell("none", "plain", 10, 3, "2x16", 0).student(StudentSettings(steps=100, rate=0.5))

    assert (told.layers, told.width, told.steps, told.rate) == (2, 16, 300, 0.5)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('[sweep]\nqueries = [100]\nknown = 7\n[task]\nname = "chain"\nsteps = 2\n')

    told = sweep_of(tables_of(path), "x")

    assert (told.grid.queries, told.grid.known) == ((100,), 7)
    assert told.experiment.task == {"name": "chain", "steps": 2}


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"sweep": {"defence": []}}, r"x: \[sweep\] has no 'defence'"),
        ({"sweep": {"defences": ["withhold"]}}, "needs the defence `none`"),
        ({"sweep": {"defences": ["none", "magic"]}}, "magic"),
        ({"sweep": {"seeds": []}}, "no list of the grid may be empty"),
        ({"sweep": {"queries": []}}, "no list of the grid may be empty"),
        ({"sweep": {"sizes": ["24"]}}, "no size '24'"),
        ({"sweep": {"sizes": ["0x24"]}}, "no size '0x24'"),
        ({"sweep": {"sizes": ["1x24x"]}}, "no size '1x24x'"),
        (
            {"sweep": {"sizes": ["1x9"]}},
            "x: the student 1x9 has 1 layers, 2 heads and a width of 9",
        ),
        ({"sweep": {"sizes": ["1x99999"]}}, "x: the student 1x99999 "),
        ({"sweep": {"attackers": ["clever"]}}, "no attacker 'clever'"),
        ({"sweep": {"attackers": ["known"]}}, "needs the attacker `plain`"),
        ({"sweep": {"attackers": ["adaptive"]}}, "needs the attacker `plain`"),
        ({"sweep": {"queries": [0]}}, "are at least 1"),
        ({"sweep": {"training": [0]}}, "are at least 1"),
        ({"sweep": {"known": 0}}, "are at least 1"),
        ({"student": [{"name": "a"}, {"name": "b"}]}, "a sweep has one student"),
        ({"student": [{"method": "answers"}]}, "which learns from traces"),
        ({"harvest": {"queries": 1_000}}, "1,000 queries and 50 known are more than"),
        ({"sweeps": {}}, "x has no 'sweeps'"),
    ],
)
def test_what_is_impossible_is_told_with_its_place(tables: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        sweep_of(tables, "x")
