"""One interface over models: teacher, student or suspect.

`open_model` takes a folder of transformers, a folder of the project's own small model, a GGUF file
or the URL of an OpenAI-compatible server, and returns a `Model`: it generates, it scores, and it
says what it cannot do. Torch and transformers are imported when a model is opened, never before.
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
}


def open_model(place: str) -> Model:
    """Return the model at a place.

    Args:
        place: A folder, a GGUF file, or `http://...` up to and with `/v1`.

    Raises:
        InputError: There is no model, or what reads it is not installed.
    """
    try:
        adapter = importlib.import_module(ADAPTERS[_kind(place)])
    except ModuleNotFoundError as error:
        raise InputError(
            f"{place} needs the package {error.name}", hint="pip install 'revenuer[prove]'"
        ) from error
    found: Model = adapter.open_at(place)
    return found


def _kind(place: str) -> str:
    if place.startswith(("http://", "https://")):
        return "url"
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
