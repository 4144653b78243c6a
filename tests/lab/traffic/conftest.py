"""One stage for all tests of the lab: a week, never changed."""

from __future__ import annotations

import pytest

from revenuer.lab.traffic import world


@pytest.fixture(scope="session")
def stage() -> world.World:
    return world.build(11, 7)
