"""Tests of revenuer.lab.configs."""

from __future__ import annotations

import pytest

from revenuer.lab import configs
from revenuer.lab.distil.config import experiment_of
from revenuer.lab.sweep.grid import SweepSettings, sweep_of


@pytest.mark.parametrize("kind", ["distil", "sweep"])
def test_every_line_of_a_template_says_something_that_is_read(kind: str) -> None:
    said = configs.tables(kind)

    assert configs.template(kind).startswith("# A ")
    read = experiment_of if kind == "distil" else sweep_of
    read(said, kind)  # Refuses names that it does not know.


def test_the_template_of_a_sweep_says_its_defaults() -> None:
    assert sweep_of(configs.tables("sweep"), "x").grid == SweepSettings()
