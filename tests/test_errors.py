"""Tests of revenuer.errors."""

from __future__ import annotations

import inspect

import pytest

from revenuer import errors
from revenuer.errors import EvidenceError, InputError, RevenuerError, RunError


def test_the_tree_is_the_one_drawn() -> None:
    drawn = errors.__doc__ or ""
    defined = {
        name
        for name, one in inspect.getmembers(errors, inspect.isclass)
        if one.__module__ == errors.__name__
    }

    assert all(name in drawn for name in defined)
    assert defined == {"RevenuerError", "InputError", "RunError", "EvidenceError"}


@pytest.mark.parametrize("kind", [RevenuerError, InputError, RunError, EvidenceError])
def test_keeps_what_is_wrong_apart_from_what_to_try(kind: type[RevenuerError]) -> None:
    error = kind("no run at nowhere", hint="make one")

    assert isinstance(error, RevenuerError)
    assert (str(error), error.message, error.hint) == ("no run at nowhere",) * 2 + ("make one",)
    assert kind("no run").hint is None


def test_a_bad_argument_is_a_value_error_and_the_others_are_not() -> None:
    assert issubclass(InputError, ValueError)
    assert not issubclass(RunError, ValueError)
    assert not issubclass(EvidenceError, ValueError)
