"""The token ids that a test scored, as a text of which every byte counts.

One line a list of ids: its kind, then the ids with one space before each. In the order in which
they were taken in:

    context   what the suspect was given; bars its windows in the lines that follow
    text      a text that was scored, from its first generated token on
    read      a text that the suspect read; what it said there stands in the next line
    said      the token that it would have said at each place of that text

Lines are all there is: no header, no empty line, so that one list has one spelling.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike

from revenuer.errors import InputError
from revenuer.prove.audit.windows import LARGEST, Tokens, read

Kind = Literal["context", "text", "read", "said"]
_LINE = re.compile(rf"({'|'.join(get_args(Kind))})((?: (?:0|[1-9][0-9]{{0,9}}))*)\n".encode())


class Line(NamedTuple):
    """A list of token ids, and what it is."""

    kind: Kind
    ids: Tokens


class Scored(NamedTuple):
    """Where a token was scored: what stands before each, and the token.

    Attributes:
        before: (n,) ids whose windows are asked.
        tokens: (n,) ids that are scored; the same, unless a suspect read and said others.
        contexts: Ids of what it was given since the last.
    """

    before: Tokens
    tokens: Tokens
    contexts: tuple[Tokens, ...]


def lines(texts: Sequence[ArrayLike], contexts: Sequence[ArrayLike] = ()) -> list[Line]:
    """Return what `detect` scored: all contexts bar all texts.

    Raises:
        InputError: A text is no row of token ids.
    """
    named: list[tuple[Kind, Sequence[ArrayLike]]] = [("context", contexts), ("text", texts)]
    return [
        Line(kind, read(ids, name=f"{kind} {number}"))
        for kind, rows in named
        for number, ids in enumerate(rows)
    ]


def dump(lines: Sequence[Line]) -> bytes:
    r"""Return the text of token ids.

    Example:
        >>> dump(lines([[5, 6], []], contexts=[[7]]))
        b'context 7\ntext 5 6\ntext\n'
    """
    return "".join(" ".join([kind, *map(str, ids.tolist())]) + "\n" for kind, ids in lines).encode()


def load(data: bytes) -> list[Line]:
    """Read what `dump` writes.

    Raises:
        InputError: It is anything else.
    """
    found: list[Line] = []
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        matched = _LINE.fullmatch(line)
        ids = [int(word) for word in matched[2].split()] if matched else []
        if matched is None or any(one >= LARGEST for one in ids):
            raise InputError(
                f"line {number} of the token ids is none of {', '.join(get_args(Kind))} with ids"
            )
        kind: Kind = matched[1].decode()  # type: ignore[assignment]  # the pattern has no others
        found.append(Line(kind, np.asarray(ids, np.int64)))
    return found


def scored(lines: Sequence[Line]) -> Iterator[Scored]:
    """Yield what was scored, with the contexts that came before it.

    Raises:
        InputError: What was said does not fit what was read.
    """
    contexts: list[Tokens] = []
    before: Tokens = np.empty(0, np.int64)
    for kind, ids in lines:
        if kind == "context":
            contexts.append(ids)
            continue
        if kind in ("text", "read"):
            before = ids
        if len(ids) != len(before):
            raise InputError("what a suspect said does not fit the token ids that it read")
        if kind in ("text", "said"):
            yield Scored(before, ids, tuple(contexts))
            contexts.clear()


def digest(data: bytes) -> str:
    """Return what a bundle says of token ids: SHA-256 of their text, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
