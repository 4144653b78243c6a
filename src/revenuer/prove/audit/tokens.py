"""The token ids that a test scored, as a text of which every byte counts.

One line a text: `text`, then its ids with one space before each. What the suspect was given stands
in lines that begin with `context`. Digest and lines are all there is: no header, no empty line, so
that one list of ids has one spelling.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from revenuer.errors import InputError
from revenuer.prove.audit.windows import LARGEST, Tokens, read

_LINE = re.compile(rb"(text|context)((?: (?:0|[1-9][0-9]{0,9}))*)\n")


@dataclass(frozen=True)
class Scored:
    """What was scored.

    Attributes:
        texts: Token ids of each text, from its first generated token on.
        contexts: Token ids of each thing that the suspect was given.
    """

    texts: Sequence[ArrayLike]
    contexts: Sequence[ArrayLike] = field(default_factory=tuple)


def dump(scored: Scored) -> bytes:
    r"""Return the text of token ids.

    Raises:
        InputError: A text is no row of token ids.

    Example:
        >>> dump(Scored([[5, 6], []], contexts=[[7]]))
        b'context 7\ntext 5 6\ntext\n'
    """
    named = (("context", scored.contexts), ("text", scored.texts))
    lines = [
        " ".join([kind, *map(str, read(ids, name=f"{kind} {number}").tolist())])
        for kind, rows in named
        for number, ids in enumerate(rows)
    ]
    return "".join(line + "\n" for line in lines).encode()


def load(data: bytes) -> Scored:
    """Read what `dump` writes.

    Raises:
        InputError: It is anything else.
    """
    found: dict[bytes, list[Tokens]] = {b"context": [], b"text": []}
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        matched = _LINE.fullmatch(line)
        ids = [int(word) for word in matched[2].split()] if matched else []
        if matched is None or any(one >= LARGEST for one in ids):
            raise InputError(f"line {number} of the token ids is no `text` or `context` with ids")
        found[matched[1]].append(np.asarray(ids, np.int64))
    return Scored(found[b"text"], found[b"context"])


def digest(data: bytes) -> str:
    """Return what a bundle says of token ids: SHA-256 of their text, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
