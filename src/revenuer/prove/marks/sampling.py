"""Drawing a token: which candidate wins when each gets one random number.

A token drawn as argmax(logit - log(-log u)) with independent uniform u is a draw from
softmax(logit) [1]. So a mark needs no machinery of its own: with u from the key the draw is marked,
with u from ordinary randomness it is not, and either way the same few operations decide. They are
done in float32, and ties go to the lowest token, as the engine vLLM does it.

`Completion` says which window stands before the next token, and whether it stood there before.

[1] C. Maddison, D. Tarlow, T. Minka. A* sampling. NeurIPS 2014. https://arxiv.org/abs/1411.0030
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError
from revenuer.prove.marks import prf
from revenuer.prove.marks.prf import ABSENT, Words

Tokens = NDArray[np.int64]
Logits = NDArray[np.float32]


class Completion:
    """The windows of one completion while it grows; memory grows with its distinct windows.

    Args:
        width: Tokens in a window.
    """

    def __init__(self, width: int) -> None:
        self.window: tuple[int, ...] = (ABSENT,) * width
        self._seen: set[tuple[int, ...]] = set()

    @property
    def is_repeated(self) -> bool:
        """Whether an earlier token of this completion had the same window."""
        return self.window in self._seen

    def append(self, token: int) -> None:
        """Take in the token that was drawn."""
        self._seen.add(self.window)
        self.window = (*self.window[1:], token)


def check(window: int, candidates: int) -> None:
    """Refuse what no mark can be made with.

    Raises:
        InputError: A window is too narrow or too wide, or there is nothing to choose among.
    """
    prf.check_width(window)
    if candidates < 2:
        raise InputError(f"a choice needs two candidates, not {candidates}")


def choose(words: Words, tokens: NDArray[np.integer], logits: NDArray[np.floating]) -> Tokens:
    """Return the token that wins in each row.

    Args:
        words: (rows, candidates) random words, of which the upper 24 bits count.
        tokens: (rows, candidates) token ids, in any order.
        logits: (rows, candidates) after all filters, -inf for what must not be drawn.

    Returns:
        (rows,) token ids.

    Raises:
        InputError: A row has nothing to draw from.
    """
    ids = np.ascontiguousarray(tokens, np.int64)
    drawn = _choose(words, ids, np.ascontiguousarray(logits, np.float32))
    if (drawn == ABSENT).any():
        raise InputError(
            f"row {int(np.argmin(drawn))} has no token to draw: all logits are -inf or not numbers"
        )
    return drawn


def ordinary(rng: np.random.Generator, shape: tuple[int, ...]) -> Words:
    """Return words that no key has to do with."""
    return rng.integers(0, 1 << 32, shape, np.uint32)


@numba.njit(cache=True, nogil=True)
def _choose(words: Words, tokens: Tokens, logits: Logits) -> Tokens:
    out = np.full(len(words), ABSENT)
    for row in range(words.shape[0]):
        best = np.float32(-np.inf)
        for place in range(words.shape[1]):
            logit = logits[row, place]
            # Most candidates are filtered out; two logarithms less for each.
            if not logit > -np.inf:
                continue
            u = np.float32((np.float64(words[row, place] >> np.uint32(8)) + 1.0) / 16777217.0)
            value = logit - np.log(-np.log(u))
            token = tokens[row, place]
            if value > best or (value == best and token < out[row]):
                best, out[row] = value, token
    return out
