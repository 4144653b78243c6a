"""A tokeniser that reads characters, for small models and small tasks.

Token 0 ends a text; token i is the i-th character of the alphabet. Nothing is normalised, added or
lost: what is encoded comes back as it was, and a character that is not in the alphabet is refused
rather than read as another. A model has one token more than the alphabet has characters. Saved as
`tokenizer.json` in its folder, `open_model` reads and writes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import WordLevel

from revenuer.errors import InputError
from revenuer.models.tokeniser import FILE

#: What token 0 looks like: a control character, so that no text has it.
END = "\x03"


def tokeniser(alphabet: str) -> Tokenizer:
    """Return a tokeniser.

    Args:
        alphabet: Its characters, each once.

    Raises:
        InputError: A character stands there twice, or cannot be one; or there is none.
    """
    if not alphabet:
        raise InputError("an alphabet has at least one character")
    for at, one in enumerate(alphabet):
        if one in alphabet[:at]:
            raise InputError(f"the alphabet has {one!r} twice")
        if one == END or "\ud800" <= one <= "\udfff":
            raise InputError(f"{one!r} cannot be a character of an alphabet")
    # No token stands for unknown ones: the package then refuses them.
    made = Tokenizer(WordLevel({one: at for at, one in enumerate((END, *alphabet))}))
    made.add_special_tokens([AddedToken(END, special=True, normalized=False)])
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    made.decoder = decoders.Fuse()
    return made


def encode(cutter: Tokenizer, text: str) -> list[int]:
    """Return the ids of a text's characters, no end added.

    Raises:
        InputError: A character is not in the alphabet.
    """
    known = cutter.get_vocab(with_added_tokens=True)
    for one in text:
        if known.get(one, 0) == 0:
            raise InputError(f"{one!r} is not in the alphabet", hint=f"it has {_alphabet(known)}")
    return [known[one] for one in text]


def decode(cutter: Tokenizer, tokens: Sequence[int]) -> str:
    """Return the text of ids, up to the first end."""
    written = list(tokens)
    return str(cutter.decode(written[: written.index(0)] if 0 in written else written))


def save(cutter: Tokenizer, folder: Path) -> None:
    """Write it into a model's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(cutter.to_str(pretty=True) + "\n", encoding="utf-8")


def _alphabet(known: dict[str, Any]) -> str:
    return repr("".join(sorted(known, key=lambda one: known[one])[1:]))
