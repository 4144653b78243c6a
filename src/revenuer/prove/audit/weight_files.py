"""The weights of a layer out of a safetensors file: read as data, nothing is run.

The format [1]: 8 bytes with the length of a JSON header (little-endian), the header with type,
shape and offsets of each tensor, then the numbers. The file may come from the suspect, so nothing
in it is trusted: every offset is checked before it is used.

[1] https://github.com/huggingface/safetensors (format, version of 2023)
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError

#: Larger headers are refused; the format's own limit.
_LARGEST_HEADER = 100_000_000
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
#: Where Llama-like models in Transformers keep what enters the hidden units of layer {}.
UP, GATE = "model.layers.{}.mlp.up_proj.weight", "model.layers.{}.mlp.gate_proj.weight"


class _Tensor(NamedTuple):
    path: Path
    kind: str
    shape: tuple[int, ...]
    start: int
    stop: int


def read_layers(path: Path, name: str = UP) -> list[NDArray[np.float32]]:
    """Read one matrix of every layer.

    Args:
        path: A safetensors file, or a folder with such files.
        name: Name of the matrix, with {} for the layer's number.

    Returns:
        For each layer, from 0 on, its (units, inputs) weights.

    Raises:
        InputError: No such file or layer, or a file that is damaged or of another format.
    """
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"no safetensors file in {path}")
    tensors: dict[str, _Tensor] = {}
    for file in files:
        tensors |= _header(file)
    found: list[NDArray[np.float32]] = []
    while (wanted := name.format(len(found))) in tensors:
        found.append(_numbers(tensors[wanted], wanted))
    if not found:
        some = ", ".join(sorted(tensors)[:3])
        raise InputError(
            f"{path} has no tensor {name.format(0)}", hint=f"it has others, such as {some}"
        )
    return found


def _header(path: Path) -> dict[str, _Tensor]:
    try:
        with path.open("rb") as file:
            return _tensors(path, file)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise InputError(f"{path} is no safetensors file, or is damaged") from error


def _tensors(path: Path, file: BinaryIO) -> dict[str, _Tensor]:
    size = path.stat().st_size
    (length,) = struct.unpack("<Q", file.read(8))
    if length > min(_LARGEST_HEADER, size - 8):
        raise ValueError
    begin = 8 + length
    found: dict[str, _Tensor] = {}
    for name, told in json.loads(file.read(length)).items():
        if name == "__metadata__":
            continue
        start, stop = (int(offset) for offset in told["data_offsets"])
        shape = tuple(int(side) for side in told["shape"])
        if not 0 <= start <= stop <= size - begin or min(shape, default=0) < 0:
            raise ValueError
        found[name] = _Tensor(path, str(told["dtype"]), shape, begin + start, begin + stop)
    return found


def _numbers(tensor: _Tensor, name: str) -> NDArray[np.float32]:
    if tensor.kind not in _TYPES:
        raise InputError(
            f"{name} holds numbers of type {tensor.kind}", hint="give weights as F32, F16 or BF16"
        )
    kind = np.dtype(_TYPES[tensor.kind])
    if math.prod(tensor.shape) * kind.itemsize != tensor.stop - tensor.start:
        raise InputError(f"{tensor.path} is damaged: {name} has another size than its shape")
    with tensor.path.open("rb") as file:
        file.seek(tensor.start)
        raw = np.frombuffer(file.read(tensor.stop - tensor.start), kind)
    if tensor.kind == "BF16":
        # The upper half of a 32-bit float.
        raw = (raw.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return raw.astype(np.float32).reshape(tensor.shape)
