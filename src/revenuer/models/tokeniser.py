"""What cuts text into the tokens of a model: the `tokenizer.json` in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
        with refusals():
            return Tokenizer.from_str(content)
    except TokeniserError as error:
        raise InputError(f"{place} is no tokeniser: {error}") from error


def encode(cutter: Any, text: str) -> list[int]:
    """Return the ids of a text.

    Raises:
        InputError: The tokeniser has no token for a character of it, and none for unknown ones.
    """
    try:
        with refusals():
            ids: list[int] = cutter.encode(text).ids
    except TokeniserError as error:
        first = next((one for one in text if not _is_read(cutter, one)), text)
        raise InputError(f"the tokeniser cannot read {first!r}") from error
    return ids


class TokeniserError(Exception):
    """The package `tokenizers` refuses something."""


@contextmanager
def refusals() -> Iterator[None]:
    """Give the errors of `tokenizers` a class: it raises the bare one; what is below it is ours.

    Raises:
        TokeniserError: The package does.
    """
    try:
        yield
    except Exception as error:
        if type(error) is not Exception:
            raise
        raise TokeniserError(str(error)) from error


def _is_read(cutter: Any, text: str) -> bool:
    try:
        with refusals():
            cutter.encode(text)
    except TokeniserError:
        return False
    return True
