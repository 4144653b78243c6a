"""Texts without a mark, as token ids, of kinds that mislead detectors.

A kind is a number of sets, a set the texts of one audit: about 350 tokens each, so that many keys
can be tried, and enough for 200 units after repeats are gone where the kind allows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError

SETS = 20
TOKENS = 350
VOCABULARY = 3_000
Ids = NDArray[np.int64]
Corpora = list[list[Ids]]


def made(rng: np.random.Generator) -> Iterator[tuple[str, Corpora]]:
    """Yield each kind with its sets."""
    yield "plain", [_plain(rng) for _ in range(SETS)]
    yield "repeated", [_repeated(rng) for _ in range(SETS)]
    yield "templated", [_templated(rng) for _ in range(SETS)]


def of_students(folder: Path) -> tuple[Corpora, list[str]]:
    """Read what students wrote: a .npy of token ids each, one row a text, -1 after its end.

    Raises:
        InputError: No such file, or one without texts.
    """
    files = sorted(folder.glob("*.npy"))
    if not files:
        raise InputError(f"no .npy file in {folder}")
    corpora: Corpora = []
    for file in files:
        rows = np.atleast_2d(np.load(file, allow_pickle=False))
        texts = [row[row >= 0].astype(np.int64) for row in rows]
        sets = list(_in_sets([text for text in texts if len(text)]))
        if not sets:
            raise InputError(f"{file} holds no text")
        corpora += sets[: SETS // 2]
    return corpora, [file.stem for file in files]


def _in_sets(texts: list[Ids]) -> Iterator[list[Ids]]:
    held: list[Ids] = []
    for text in texts:
        for start in range(0, len(text), TOKENS):
            held.append(text[start : start + TOKENS])
            if sum(len(one) for one in held) >= TOKENS:
                yield held
                held = []
    if held:
        yield held


def _plain(rng: np.random.Generator) -> list[Ids]:
    """A source with memory: each token is drawn from a Zipf law that the last one rotates."""
    return [_walk(rng, TOKENS // 3) for _ in range(3)]


def _repeated(rng: np.random.Generator) -> list[Ids]:
    """A passage in every text, another said twice in a row, and a loop of three tokens."""
    passage, said_twice = _walk(rng, 60), _walk(rng, 40)
    loop = np.tile(rng.integers(0, VOCABULARY, 3), 15)
    return [
        np.concatenate([_walk(rng, 30), passage, said_twice, said_twice]),
        np.concatenate([passage, loop, _walk(rng, 30)]),
        np.concatenate([_walk(rng, 20), passage, passage, loop]),
        rng.integers(0, 4, 60),  # four tokens only: few windows, all met again
        np.concatenate([passage, _walk(rng, 40)]),
    ]


def _templated(rng: np.random.Generator) -> list[Ids]:
    """One answer of a service, given fifteen times with names, numbers and a reason filled in."""
    parts = [_walk(rng, int(length)) for length in rng.integers(4, 12, 5)]
    names, reasons = rng.integers(0, VOCABULARY, (6, 2)), rng.integers(0, VOCABULARY, (9, 8))
    digits = rng.choice(VOCABULARY, 10, replace=False)
    texts = []
    for _ in range(15):
        name, reason = rng.choice(names), rng.choice(reasons)
        number = digits[rng.integers(0, 10, rng.integers(2, 6))]
        texts.append(
            np.concatenate(
                [parts[0], name, parts[1], number, parts[2], reason, parts[3], name, parts[4]]
            )
        )
    return texts


def _walk(rng: np.random.Generator, length: int) -> Ids:
    steps = (rng.zipf(1.2, length) - 1) % VOCABULARY
    out = np.empty(length, np.int64)
    last = int(rng.integers(0, VOCABULARY))
    for i, step in enumerate(steps):
        last = (7 * (last % 40) + int(step)) % VOCABULARY
        out[i] = last
    return out
