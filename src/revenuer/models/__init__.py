"""One interface over models: teacher, student or suspect.

`open_model` takes a folder of transformers, a folder of the project's own small model, a GGUF file,
`llamacpp:` before a GGUF file that llama.cpp is to run, or the URL of an OpenAI-compatible server,
and returns a `Model`: it generates, it scores, and it says what it cannot do. Torch, transformers
and llama.cpp are imported when a model is opened, never before.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from revenuer.errors import InputError
from revenuer.models.interface import Capability, Completion, Distributions, Model, Usage

__all__ = ["Capability", "Completion", "Distributions", "Model", "Usage", "open_model"]

#: What is known of a place -> where its adapter is.
ADAPTERS = {
    "url": "revenuer.models.http",
    "gguf": "revenuer.models.pretrained",
    "small": "revenuer.models.own",
    "folder": "revenuer.models.pretrained",
    "llamacpp": "revenuer.models.llamacpp",
}
#: A package that is missing -> the extra that brings it; any other comes with `prove`.
EXTRAS = {"xllamacpp": "lab-llamacpp"}


def open_model(place: str) -> Model:
    """Return the model at a place.

    Args:
        place: A folder, a GGUF file (through transformers: it scores), `llamacpp:PATH.gguf`
            (through llama.cpp: faster, text and alternatives only), or `http://...` up to and with
            `/v1`.

    Raises:
        InputError: There is no model, or what reads it is not installed.
    """
    try:
        adapter = importlib.import_module(ADAPTERS[_kind(place)])
    except ModuleNotFoundError as error:
        extra = EXTRAS.get(error.name or "", "prove")
        raise InputError(
            f"{place} needs the package {error.name}", hint=f"pip install 'revenuer[{extra}]'"
        ) from error
    found: Model = adapter.open_at(place)
    return found


def _kind(place: str) -> str:
    if place.startswith(("http://", "https://")):
        return "url"
    if place.startswith("llamacpp:"):
        return "llamacpp"
    path = Path(place)
    if path.is_file() and path.suffix == ".gguf":
        return "gguf"
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"no model at {place}", hint="give a folder with config.json, a .gguf file or a URL"
        ) from error
    is_own = isinstance(config, dict) and config.get("kind") == "revenuer small model"
    return "small" if is_own else "folder"
