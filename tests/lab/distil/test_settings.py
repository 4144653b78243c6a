"""Tests of revenuer.lab.distil.settings."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from revenuer.lab.distil import settings
from revenuer.lab.distil.settings import METHODS, Experiment, StudentSettings


@pytest.mark.parametrize(
    "kind",
    [
        each
        for _, each in inspect.getmembers(settings, inspect.isclass)
        if dataclasses.is_dataclass(each)
    ],
)
def test_every_setting_says_what_it_is(kind: type) -> None:
    told = (inspect.getdoc(kind) or "").partition("Attributes:")[2]

    names = [each.name for each in dataclasses.fields(kind)]
    assert [name for name in names if name not in told] == []


def test_the_default_student_learns_by_a_method_that_there_is() -> None:
    assert StudentSettings().method in METHODS
    assert Experiment().student == (StudentSettings(),)
