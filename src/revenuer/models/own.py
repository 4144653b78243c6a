"""A small model of the project's own, behind the interface of all models.

Prompts of equal length are read together. What is written after one does not depend on the others:
each prompt has a stream of chance of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError
from revenuer.models import small, tokeniser
from revenuer.models.interface import Capability, Completion, Distributions, Usage


class OwnModel:
    """A `SmallModel`, with the tokeniser that stands in its folder if it has one.

    Without a tokeniser it scores ids and speaks no text.
    """

    def __init__(self, name: str, model: small.SmallModel, cutter: Any) -> None:
        self.name, self.model, self._tokeniser = name, model, cutter

    @property
    def capabilities(self) -> Capability:
        """Everything but alternatives by name; text if there is a tokeniser."""
        said = Capability.TEXT | Capability.TOKENS if self._tokeniser else Capability(0)
        return Capability.DISTRIBUTIONS | said

    def generate(
        self, prompts: Sequence[str], *, limit: int, temperature: float = 1.0, seed: int = 0
    ) -> list[Completion]:
        """Return what it writes; token 0 ends a text and stands before each.

        Order of draws: the token at place s (from 0) after prompt i (from 0) is drawn with the
        number at place s of the stream that (seed, i) seeds, along the sum of probabilities from
        token 0 on. So a prompt's text depends on the seed and on its place among the prompts; not
        on the other prompts, on which of them are read together or, but for its end, on the limit.
        Where two sums are equal but for rounding, machines may differ.
        """
        ids = [[0, *self.encode(prompt)] for prompt in prompts]
        largest = max((max(each) for each in ids), default=0)
        if largest >= self.model.size.vocabulary:
            raise InputError(
                f"the tokeniser of {self.name} is another model's: it gives the id "
                f"{largest}, of {self.model.size.vocabulary} that the model knows"
            )
        written: dict[int, list[int]] = {}
        for places in _alike(ids):
            chance = np.stack([np.random.default_rng((seed, at)).random(limit) for at in places])
            told = small.generate(
                self.model,
                np.array([ids[at] for at in places]),
                limit,
                _drawn(chance, temperature),
                end=0,
            )
            written |= zip(places, told.tolist(), strict=True)
        return [self._told(ids[at], written[at]) for at in range(len(ids))]

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""
        if self._tokeniser is None:
            raise InputError(f"{self.name} has no tokenizer.json", hint="give token ids")
        return tokeniser.encode(self._tokeniser, text)

    def score(self, context: Sequence[int], completion: Sequence[int]) -> Distributions:
        """Return what it predicts at each token of a completion: (tokens, vocabulary)."""
        ids = [*context, *completion]
        size = self.model.size
        if (
            not context
            or len(ids) > size.context
            or not 0 <= min(ids) <= max(ids) < size.vocabulary
        ):
            raise InputError(
                f"{self.name} reads 1 to {size.context} ids below {size.vocabulary}, "
                "one of them before the completion"
            )
        return small.distributions(self.model, ids)[len(context) - 1 : -1]

    def _told(self, read: list[int], written: list[int]) -> Completion:
        has_ended = 0 in written
        tokens = written[: written.index(0)] if has_ended else written
        usage = Usage(asked_tokens=len(read), written_tokens=len(tokens) + has_ended)
        assert self._tokeniser is not None  # noqa: S101 - `encode` has asked for it
        return Completion(self._tokeniser.decode(tokens), tuple(tokens), usage=usage)


def _alike(texts: list[list[int]]) -> Iterator[list[int]]:
    """Yield places of texts of one length, as many as are written at once."""
    by_length: dict[int, list[int]] = {}
    for at, text in enumerate(texts):
        by_length.setdefault(len(text), []).append(at)
    for places in by_length.values():
        for first in range(0, len(places), small.BATCH):
            yield places[first : first + small.BATCH]


def _drawn(chance: NDArray[np.float64], temperature: float) -> small.Chooser:
    """Return a chooser that draws with the chance of (rows, steps), each in [0, 1)."""

    def choose(step: int, last: small.Tokens, logits: NDArray[np.float32]) -> small.Tokens:
        if temperature == 0:
            return logits.argmax(1)
        shares = logits / np.float64(temperature)
        sums = np.exp(shares - shares.max(1, keepdims=True)).cumsum(1)
        # The first token whose sum lies above what was drawn; one without probability never is.
        return (sums > chance[:, step, None] * sums[:, -1:]).argmax(1)

    return choose


def open_at(place: str) -> OwnModel:
    """Read the model in a folder."""
    folder = Path(place)
    held = tokeniser.load(folder) if (folder / tokeniser.FILE).exists() else None
    return OwnModel(folder.name, small.load(folder), held)
