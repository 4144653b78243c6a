"""Tests of revenuer.models.interface and of the verb of revenuer.models."""

from __future__ import annotations

from pathlib import Path

import pytest

from revenuer import models
from revenuer.errors import InputError
from revenuer.models import Capability, Completion, Usage, small
from revenuer.models.small import Size, SmallModel


def test_a_folder_of_a_small_model_is_opened_and_says_what_it_can(tmp_path: Path) -> None:
    small.save(SmallModel(Size(vocabulary=20, width=16, layers=1, heads=2, context=8)), tmp_path)

    found = models.open_model(str(tmp_path))

    assert found.capabilities == Capability.DISTRIBUTIONS
    assert found.score([0], [1, 2]).shape == (2, 20)


@pytest.mark.parametrize("content", [None, "no json", "[" * 100_000])
def test_what_holds_no_model_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)

    with pytest.raises(InputError, match="no model at"):
        models.open_model(str(tmp_path))


def test_a_completion_is_told_by_place_as_before_and_more_by_name() -> None:
    told = Completion("a", (1,), ({"a": -0.5},))

    assert (told.text, told.tokens, told.top) == ("a", (1,), ({"a": -0.5},))
    assert (told.reasoning, told.usage) == ("", None)
    assert Usage(asked_tokens=2, written_tokens=1) != Usage(asked_tokens=1, written_tokens=2)
