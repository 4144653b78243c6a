"""What a small model learns from: prompts and responses as rows of token ids.

A row is token 0, the prompt, the response and token 0 again, filled up with zeros. The response and
the end are learnt; the prompt is read only.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError
from revenuer.models import characters

END = 0


@dataclass(frozen=True)
class Lessons:
    """Rows to learn from.

    Attributes:
        tokens: (rows, length) ids.
        starts: (rows,) where the response begins.
        stops: (rows,) one past the end token.
    """

    tokens: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def learnt(self) -> NDArray[np.bool_]:
        """(rows, length - 1) whether the token after each place is learnt."""
        places = np.arange(1, self.tokens.shape[1])
        after: NDArray[np.bool_] = (places >= self.starts[:, None]) & (places < self.stops[:, None])
        return after


def legible(text: str, known: Container[str]) -> str:
    """Return a text without the characters that a model does not know."""
    return "".join(filter(known.__contains__, text))


def lessons(cutter: Any, pairs: Sequence[tuple[str, str]], context: int) -> Lessons:
    """Return prompts and responses as rows.

    Args:
        cutter: The model's `tokenizers.Tokenizer`.
        pairs: Prompt and response as the model reads and writes them.
        context: Longest row that the model takes.

    Raises:
        InputError: There are no pairs, or one is longer than the context.
    """
    if not pairs:
        raise InputError(
            "there is nothing to learn from: no response has an answer that can be read",
            hint="read responses.jsonl: was it cut off by max_tokens, or is it of another form?",
        )
    prompts = [characters.encode(cutter, prompt) for prompt, _ in pairs]
    said = [characters.encode(cutter, response) for _, response in pairs]
    starts = np.array([1 + len(ids) for ids in prompts])
    stops = starts + np.array([len(ids) + 1 for ids in said])
    # A model that reads `context` tokens predicts the one after them.
    if stops.max() > context + 1:
        raise InputError(
            f"a prompt and its response are {stops.max()} tokens; the model reads {context}",
            hint="give a shorter task",
        )
    tokens = np.full((len(pairs), int(stops.max())), END, np.int64)
    for row, (prompt, response) in enumerate(zip(prompts, said, strict=True)):
        tokens[row, 1 : 1 + len(prompt) + len(response)] = prompt + response
    return Lessons(tokens, starts, stops)
