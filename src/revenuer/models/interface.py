"""What may be asked of a model, whoever runs it.

Not every model can be asked everything. `capabilities` says what one can, and what it cannot raises
an error that names it: an audit must know beforehand which of its tests are open to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Distributions = NDArray[np.float32]


class Capability(Flag):
    """What a model tells.

    Attributes:
        TEXT: What it writes after a prompt.
        TOP: Of each token it writes, the likeliest alternatives with their log probabilities.
        TOKENS: The ids of what it writes, in its own tokeniser.
        DISTRIBUTIONS: The whole next-token distribution at each place of any text.
    """

    TEXT = auto()
    TOP = auto()
    TOKENS = auto()
    DISTRIBUTIONS = auto()


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one completion took, as the server or the tokeniser counts.

    Attributes:
        asked_tokens: That the model read, template and special tokens included.
        written_tokens: That it wrote, reasoning and the end token included.
    """

    asked_tokens: int
    written_tokens: int


@dataclass(frozen=True)
class Completion:
    """What a model wrote after one prompt.

    Attributes:
        text: As text, empty where it wrote nothing.
        tokens: Its ids, where the model tells them.
        top: For each token, alternatives and their natural log probabilities, where it tells them;
            tokens of the reasoning may be among them.
        reasoning: What the model thought before it answered, where it is told apart.
        usage: Tokens read and written, where they are counted.
    """

    text: str
    tokens: tuple[int, ...] | None = None
    top: tuple[Mapping[str, float], ...] | None = None
    reasoning: str = ""
    usage: Usage | None = None


class Model(Protocol):
    """A teacher, a student or a suspect."""

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    @property
    def capabilities(self) -> Capability:
        """What it can be asked."""
        ...

    def generate(
        self, prompts: Sequence[str], *, limit: int, temperature: float = 1.0, seed: int = 0
    ) -> list[Completion]:
        """Return what it writes after each prompt.

        Args:
            prompts: Texts; each is asked by itself.
            limit: Most tokens to write.
            temperature: 0 takes the likeliest token.
            seed: Of the sampling, where the model heeds one.

        Raises:
            InputError: The model cannot be reached, or refuses.
        """
        ...

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text in its own tokeniser.

        Raises:
            InputError: It does not tell.
        """
        ...

    def score(self, context: Sequence[int], completion: Sequence[int]) -> Distributions:
        """Return what it predicts at each token of a completion.

        Args:
            context: Ids before the completion, at least one.
            completion: Ids that it reads.

        Returns:
            (tokens of the completion, vocabulary) probabilities, each given all that is before.

        Raises:
            InputError: It does not tell.
        """
        ...
