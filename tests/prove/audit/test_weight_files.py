"""Weights out of files, of which nothing is trusted."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from revenuer.errors import InputError
from revenuer.prove.audit.weight_files import read_layers

NAME = "layers.{}.up"


@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_what_the_format_s_own_program_wrote_is_read(tmp_path: Path, kind: torch.dtype) -> None:
    layers = [torch.randn(5, 3).to(kind) for _ in range(3)]
    save_file({NAME.format(i): layer for i, layer in enumerate(layers)}, tmp_path / "w.safetensors")

    for place in (tmp_path, tmp_path / "w.safetensors"):
        found = read_layers(place, NAME)
        assert all(
            np.array_equal(one, layer.to(torch.float32).numpy())
            for one, layer in zip(found, layers, strict=True)
        )


def test_layers_may_be_spread_over_files(tmp_path: Path) -> None:
    for i in range(2):
        save_file({NAME.format(i): torch.full((2, 2), float(i))}, tmp_path / f"{i}.safetensors")

    assert [layer[0, 0] for layer in read_layers(tmp_path, NAME)] == [0.0, 1.0]


def written(path: Path, header: object, data: bytes = b"\0" * 16, *, length: int = -1) -> Path:
    told = json.dumps(header).encode() if not isinstance(header, bytes) else header
    path.write_bytes(struct.pack("<Q", len(told) if length < 0 else length) + told + data)
    return path


@pytest.mark.parametrize(
    "header",
    [
        {"layers.0.up": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 17]}},
        {"layers.0.up": {"dtype": "F32", "shape": [5, 1], "data_offsets": [0, 20]}},
        {"layers.0.up": {"dtype": "F32", "shape": [2, 2], "data_offsets": [-1, 16]}},
        {"layers.0.up": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 16]}},
        {"layers.0.up": {"dtype": "F32", "shape": [-2, -2], "data_offsets": [0, 16]}},
        {"layers.0.up": {"dtype": "F32", "data_offsets": [0, 16]}},
        {"layers.0.up": 5},
        [1, 2],
        b"\xff{",
    ],
)
def test_a_damaged_file_is_told_in_a_sentence(tmp_path: Path, header: object) -> None:
    with pytest.raises(InputError, match="damaged"):
        read_layers(written(tmp_path / "w.safetensors", header), NAME)


def test_a_header_longer_than_the_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="damaged"):
        read_layers(written(tmp_path / "w.safetensors", {}, length=1 << 60), NAME)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no safetensors file in"):
        read_layers(tmp_path, NAME)
    with pytest.raises(InputError, match="cannot read"):
        read_layers(tmp_path / "none.safetensors", NAME)
    path = tmp_path / "w.safetensors"
    save_file({"other": torch.zeros(2, 2)}, path)
    with pytest.raises(InputError, match=r"has no tensor layers\.0\.up") as refused:
        read_layers(path, NAME)
    assert refused.value.hint == "it has others, such as other"
    save_file({NAME.format(0): torch.zeros(2, 2, dtype=torch.int8)}, path)
    with pytest.raises(InputError, match="numbers of type I8"):
        read_layers(path, NAME)
