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
        _let_through_but_the_package(error)
        raise InputError(f"{place} is no tokeniser: {error}") from error


def encode(cutter: Any, text: str) -> list[int]:
    """Return the ids of a text.

    Raises:
        InputError: The tokeniser has no token for a character of it, and none for unknown ones.
    """
    try:
        ids: list[int] = cutter.encode(text).ids
    except Exception as error:
        _let_through_but_the_package(error)
        first = next((one for one in text if not _is_read(cutter, one)), text)
        raise InputError(f"the tokeniser cannot read {first!r}") from error
    return ids


def _is_read(cutter: Any, text: str) -> bool:
    try:
        cutter.encode(text)
    except Exception as error:
        _let_through_but_the_package(error)
        return False
    return True


def _let_through_but_the_package(error: Exception) -> None:
    # The package knows no error of its own and raises this class; what is below it is ours.
    if type(error) is not Exception:
        raise error
