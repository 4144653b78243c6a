"""What tests of commands share: a made run folder, as the tests of the page use it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from revenuer.records import Campaign


def _made() -> ModuleType:
    path = Path(__file__).parents[1] / "report" / "conftest.py"
    spec = importlib.util.spec_from_file_location("made_run", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made() -> ModuleType:
    """Return the builders of a run folder."""
    return _made()


@pytest.fixture
def write_run(made: ModuleType) -> Callable[..., Path]:
    """Return the function that writes a run folder."""
    write: Callable[..., Path] = made.write_run
    return write


@pytest.fixture
def made_campaign(made: ModuleType) -> Campaign:
    """Return a campaign of 60 accounts."""
    campaign: Campaign = made.campaign()
    return campaign


@pytest.fixture
def hostile(made: ModuleType) -> str:
    """Return what a hostile client would send."""
    return str(made.HOSTILE)


@pytest.fixture
def run_folder(write_run: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a run with one campaign and two groups that are not accused."""
    return write_run(tmp_path / "run")
