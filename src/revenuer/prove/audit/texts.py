"""Texts to be tested, from files: token ids, or text and the tokeniser that cuts it.

A mark lies in tokens. Ids that were logged when the text was made are read as they are; text must
be cut into tokens again, which does not always give the same ones back: a few windows are lost
around each difference, evidence is never made.

A file is JSON lines or one text; its content decides. A line is a list of ids, or an object with
`tokens` or `text`, and with `prompt_tokens` or `prompt` where what was asked is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from revenuer.errors import InputError
from revenuer.models import tokeniser
from revenuer.prove.audit.windows import Tokens, read

Encode = Callable[[str], list[int]]


class Text(NamedTuple):
    """One text.

    Attributes:
        tokens: Ids from the first generated token on; None where only a prompt is given.
        context: Ids of what was asked; empty where that is not known.
        prompt: What was asked, as text, where it is.
    """

    tokens: Tokens | None
    context: Tokens
    prompt: str | None


def tokenizer(folder: Path) -> Encode:
    """Return what cuts text into the tokens of a model.

    Args:
        folder: Holds `tokenizer.json`, as a model's folder does.

    Raises:
        InputError: There is none, or what reads it is not installed.
    """
    made = tokeniser.load(folder)
    return lambda text: list(made.encode(text, add_special_tokens=False).ids)


def parse(content: bytes, name: str, encode: Encode | None = None) -> list[Text]:
    """Return the texts of a file.

    Args:
        content: Its bytes.
        name: What to call it in errors.
        encode: Cuts text into tokens; None if only ids are to be read.

    Raises:
        InputError: A line is none of those above, or text has no tokeniser.
    """
    try:
        # Editors set a mark before the first line; it is no part of it.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is no text in UTF-8") from error
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise InputError(f"{name} is empty")
    if not lines[0][1].lstrip().startswith(("{", "[")):
        return [Text(_encoded(text, name, encode), np.empty(0, np.int64), None)]
    return [_line(line, f"{name}:{number}", encode) for number, line in lines]


def _line(line: str, name: str, encode: Encode | None) -> Text:
    try:
        held = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no JSON") from error
    held = {"tokens": held} if isinstance(held, list) else held
    if (
        not isinstance(held, dict)
        or not {"tokens", "text", "prompt", "prompt_tokens"} & held.keys()
    ):
        raise InputError(f"{name} has neither `tokens` nor `text`")
    prompt = held.get("prompt")
    for part in ("prompt", "text"):
        if isinstance(held.get(part), str) and re.search("[\ud800-\udfff]", held[part]):
            raise InputError(f"{part} of {name} holds half a character")
    return Text(
        _ids(held, "tokens", "text", name, encode),
        _prompt(held, name, encode),
        prompt if isinstance(prompt, str) else None,
    )


def _prompt(held: dict[str, Any], name: str, encode: Encode | None) -> Tokens:
    if encode is None and "prompt_tokens" not in held:
        # Of a prompt without its tokens no window can be barred; ids alone are read as they are.
        held = {key: value for key, value in held.items() if key != "prompt"}
    found = _ids(held, "prompt_tokens", "prompt", name, encode)
    return np.empty(0, np.int64) if found is None else found


def _ids(
    held: dict[str, Any], ids: str, text: str, name: str, encode: Encode | None
) -> Tokens | None:
    if held.get(ids) is not None:
        return read(held[ids], name=f"{ids} of {name}")
    if held.get(text) is None:
        return None
    if not isinstance(held[text], str):
        raise InputError(f"{text} of {name} is no text")
    return _encoded(held[text], name, encode)


def _encoded(text: str, name: str, encode: Encode | None) -> Tokens:
    if encode is None:
        raise InputError(
            f"{name} holds text, but a mark lies in token ids",
            hint="give --tokenizer DIR, or JSON lines with `tokens`",
        )
    return read(encode(text), name=name)
