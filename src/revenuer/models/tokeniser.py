"""What cuts text into the tokens of a model: the `tokenizer.json` in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from revenuer.errors import InputError

FILE = "tokenizer.json"


def load(folder: Path) -> Any:
    """Return the `tokenizers.Tokenizer` of a model's folder.

    Raises:
        InputError: There is none, it is damaged, or the package that reads it is not installed.
    """
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError as error:
        raise InputError(
            "cutting text into tokens needs the package tokenizers",
            hint="pip install 'revenuer[prove]', or give token ids",
        ) from error
    place = folder / FILE
    try:
        content = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"no tokeniser in {folder}", hint=f"it has {FILE}") from error
    try:
        return Tokenizer.from_str(content)
    except Exception as error:
        # The package knows no error of its own and raises this class; what is below it is ours.
        if type(error) is not Exception:
            raise
        raise InputError(f"{place} is no tokeniser: {error}") from error
