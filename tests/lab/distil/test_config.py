"""Tests of revenuer.lab.distil.config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from revenuer.errors import InputError
from revenuer.lab import configs
from revenuer.lab.distil.config import experiment_of, tables_of
from revenuer.lab.distil.settings import Experiment


def test_nothing_said_is_the_default() -> None:
    assert experiment_of({}, "x") == Experiment()


def test_the_template_says_the_defaults() -> None:
    told = experiment_of(configs.tables("distil"), "x")
    default = Experiment()

    assert told.teacher == default.teacher
    assert told.harvest == default.harvest
    assert told.prices == default.prices
    assert told.fidelity == default.fidelity
    assert told.defence == default.defence
    assert [each.method for each in told.student] == ["traces", "answers"]


def test_a_file_is_read_with_its_numbers_as_they_are_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        '[task]\nname = "chain"\nsteps = 3\n[harvest]\nqueries = 64\ntemperature = 1\n'
        '[[student]]\nname = "a"\nqueries = [10, 64]\nseeds = [1, 2]\n'
        '[[student]]\nname = "b"\nmethod = "top-k"\n'
    )

    told = experiment_of(tables_of(path), "x")

    assert told.task == {"name": "chain", "steps": 3}
    assert (told.harvest.queries, told.harvest.temperature) == (64, 1.0)
    assert isinstance(told.harvest.temperature, float)
    assert [(each.name, each.queries, each.seeds) for each in told.student] == [
        ("a", (10, 64), (1, 2)),
        ("b", (), (0,)),
    ]


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"teachers": {}}, "x has no 'teachers'"),
        ({"teacher": 3}, r"x: \[teacher\] is a table, not 3"),
        ({"task": "chain"}, r"x: \[task\] is a table"),
        ({"teacher": {"with": 3}}, r"x: \[teacher\] has no 'with'"),
        ({"teacher": {"width": "a"}}, r"x: \[teacher\] width is int, not 'a'"),
        ({"teacher": {"width": True}}, "width is int, not True"),
        ({"teacher": {"width": 1.5}}, "width is int, not 1.5"),
        ({"teacher": {"width": -1}}, "width is -1; it cannot be below 0"),
        ({"harvest": {"temperature": float("inf")}}, "temperature is inf"),
        ({"harvest": {"temperature": float("nan")}}, "temperature is nan"),
        ({"harvest": {"queries": 0}}, "are at least 1"),
        ({"fidelity": {"problems": 0}}, "are at least 1"),
        ({"teacher": {"workers": 0}}, "are at least 1"),
        ({"harvest": {"max_usd": 5.0}}, "max_usd is a cap without a price"),
        ({"defence": 3}, "defence is a text, not 3"),
        ({"student": {}}, r"\[\[student\]\] is a list of tables"),
        ({"student": []}, r"\[\[student\]\] is a list of tables"),
        ({"student": [{}, {}]}, "two students have one name"),
        ({"student": [{"method": "magic"}]}, "x: student has no method 'magic'"),
        ({"student": [{"seeds": []}]}, "needs a seed and at least 1 step"),
        ({"student": [{"steps": 0}]}, "needs a seed and at least 1 step"),
        ({"student": [{"queries": [0]}]}, "needs a seed and at least 1 step"),
        ({"student": [{"queries": 5}]}, "queries is a list, not 5"),
        ({"student": [{"queries": ["a"]}]}, "queries is int, not 'a'"),
        ({"student": [{"queries": [5_000]}]}, "learns from 5000 responses of 4000"),
        ({"student": [{"seeds": [2**63]}]}, "seeds is 9223372036854775808; it cannot be"),
        ({"student": [{"seeds": [1, 1]}]}, "a seed or a number of queries twice"),
        ({"student": [{"queries": [5, 5]}]}, "a seed or a number of queries twice"),
        ({"student": [{"name": "../x"}]}, r"x: \.\./x is no name of a folder"),
        ({"student": [{"name": ""}]}, "is no name of a folder"),
        ({"student": [{"width": 10, "heads": 4}]}, "student has 1 layers, 4 heads and a width of"),
        ({"student": [{"heads": 0}]}, "student has 1 layers, 0 heads"),
        ({"student": [{"width": 0}]}, "and a width of 0"),
        ({"student": [{"layers": 0}]}, "student has 0 layers"),
        ({"student": [{"width": 100_000}]}, "would have 1e\\+11 weights"),
        ({"teacher": {"width": 10, "heads": 4}}, "the teacher has 4 layers, 4 heads"),
        ({"teacher": {"steps": 0}}, "the teacher needs at least 1 step and row"),
        ({"teacher": {"rows": 0}}, "the teacher needs at least 1 step and row"),
        ({"student": [{"temperature": 0.0}]}, "needs a temperature above 0"),
        ({"student": [{"top_k": 0}]}, "at least 1 alternative"),
    ],
)
def test_what_is_impossible_is_told_with_its_place(tables: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        experiment_of(tables, "x")


def test_a_price_for_either_kind_of_token_is_a_price() -> None:
    for name in ("usd_per_million_asked", "usd_per_million_written"):
        experiment_of({"harvest": {"max_usd": 1.0}, "prices": {name: 2.0}}, "x")


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read") as refused:
        tables_of(tmp_path / "none.toml")
    assert refused.value.hint == "`revenuer lab config distil` prints one to start from"

    broken = tmp_path / "broken.toml"
    broken.write_text("[teacher")
    with pytest.raises(InputError, match=r"broken\.toml is no TOML: "):
        tables_of(broken)


def test_a_model_that_is_there_needs_no_size() -> None:
    experiment_of({"teacher": {"model": "x", "steps": 0, "width": 7}}, "x")
    experiment_of({"student": [{"base": "x", "width": 7}]}, "x")
