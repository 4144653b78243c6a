"""The real small model, as tests of `prove` have it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PLACE = Path(__file__).parents[2] / "benchmarks" / "real_model.py"


@pytest.fixture(scope="session")
def smollm2(request: pytest.FixtureRequest) -> Path:
    """Return the folder of SmolLM2-135M-Instruct: in pytest's cache, or $REVENUER_MODELS."""
    spec = importlib.util.spec_from_file_location("real_model", PLACE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Path = module.folder(Path(request.config.cache.mkdir("models")))
    return found
