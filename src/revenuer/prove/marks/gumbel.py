"""The Gumbel-max mark: the key chooses among the tokens, as likely as ever, and leaves its trace.

At each step every candidate gets a number u from (key, window, token), and the argmax of
logit - log(-log u) is taken [1]. Over keys that is an ordinary draw: nobody without the key sees a
difference in one completion. With the key, the u of what was taken lie too near to 1; `scores`
turns them into numbers that are Exp(1) for text that has nothing to do with the key.

Three choices keep it useful:

* A small window. A student learns the mark only of windows that it meets again.
* Some steps are drawn with ordinary randomness, so that a window does not always lead to the same
  token: marked all over, texts fall into loops. Which steps those are nobody can tell, the key
  included.
* A window that stood already in the same completion gets an ordinary draw too: the same u again
  would repeat what was said, and a detector scores it only once.

Only candidates that survive top-k get a number, so the cost does not grow with the vocabulary.

It fails where there is no choice: greedy decoding, and text of near-certain tokens. The draw is
distorted for whoever sees many completions of one window: they share the key's choice.

[1] S. Aaronson. My AI safety lecture for UT Effective Altruism. 2022. As defined and analysed by
    X. Li et al. A statistical framework of watermarks for large language models. Annals of
    Statistics 53, 2025. https://arxiv.org/abs/2404.01245
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError
from revenuer.prove.marks import prf
from revenuer.prove.marks.sampling import Tokens, check, choose, ordinary


@dataclass(frozen=True)
class GumbelMark:
    """Settings of the mark; detector and sampler must agree on `window`.

    Attributes:
        window: Tokens before a token that its number depends on.
        private: Share of steps drawn with ordinary randomness, in [0, 1).
        candidates: Most likely tokens that the key chooses among. Engines draw what lies beyond
            with ordinary randomness, as often as the model would.

    Raises:
        InputError: A setting is out of its range.
    """

    name: ClassVar[str] = "gumbel"

    window: int = 2
    private: float = 0.3
    candidates: int = 256

    def __post_init__(self) -> None:
        check(self.window, self.candidates)
        if not 0 <= self.private < 1:
            raise InputError(f"the private share lies in [0, 1), not at {self.private}")

    def scores(
        self, key: int, windows: NDArray[np.integer], tokens: NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Return what each token says for the key.

        Null: the text is independent of the key, and no window is given twice. Then scores are
        independent and Exp(1), up to the grid of 2^24 numbers, and n of them sum to Gamma(n, 1).

        Args:
            key: In 0 .. 2^64 - 1.
            windows: (n, window) token ids, oldest first, `prf.ABSENT` before the first.
            tokens: (n,) the token after each window.

        Returns:
            (n,) scores in (0, 16.7).
        """
        return -np.log1p(-prf.numbers(key, windows, tokens).astype(np.float64))

    def draw(
        self,
        key: int,
        windows: NDArray[np.integer],
        tokens: NDArray[np.integer],
        logits: NDArray[np.floating],
        rng: np.random.Generator,
        *,
        repeated: NDArray[np.bool_],
    ) -> Tokens:
        """Draw one token a row.

        Args:
            key: In 0 .. 2^64 - 1.
            windows: (rows, window), as in `scores`, of generated tokens only.
            tokens: (rows, candidates) what may be drawn.
            logits: (rows, candidates) after temperature and filters; -inf is never drawn.
            rng: Ordinary randomness: it must not be made from the key.
            repeated: (rows,) whether the window stood in that row's completion before.

        Returns:
            (rows,) token ids.

        Raises:
            InputError: A row has nothing to draw from.
        """
        words = prf.words(key, prf.states(key, windows), tokens)
        is_free = repeated | (rng.random(len(words)) < self.private)
        words[is_free] = ordinary(rng, (int(is_free.sum()), words.shape[1]))
        return choose(words, tokens, logits)
