"""A small model of the project's own, behind the interface of all models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from revenuer.errors import InputError
from revenuer.models import small, tokeniser
from revenuer.models.interface import Capability, Completion, Distributions


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
        """Return what it writes; token 0 ends a text and stands before each."""
        choose = small.sampler(np.random.default_rng(seed), temperature=temperature)
        found = []
        for prompt in prompts:
            ids = np.array([[0, *self.encode(prompt)]])
            if ids.max() >= self.model.size.vocabulary:
                raise InputError(
                    f"the tokeniser of {self.name} is another model's: it gives the id "
                    f"{ids.max()}, of {self.model.size.vocabulary} that the model knows"
                )
            written = small.generate(self.model, ids, limit, choose)[0].tolist()
            tokens = written[: written.index(0)] if 0 in written else written
            assert self._tokeniser is not None  # noqa: S101 - `encode` has asked for it
            found.append(Completion(self._tokeniser.decode(tokens), tuple(tokens)))
        return found

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""
        if self._tokeniser is None:
            raise InputError(f"{self.name} has no tokenizer.json", hint="give token ids")
        ids: list[int] = self._tokeniser.encode(text).ids
        return ids

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


def open_at(place: str) -> OwnModel:
    """Read the model in a folder."""
    folder = Path(place)
    held = tokeniser.load(folder) if (folder / tokeniser.FILE).exists() else None
    return OwnModel(folder.name, small.load(folder), held)
