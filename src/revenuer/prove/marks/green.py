"""The green-list mark: after each window the key favours a share of the tokens a little.

A token is green after a window if its number is below gamma; green candidates get delta more logit
[1]. Each candidate is asked by itself, so no list of the vocabulary is shuffled, as the original
does. Text that has nothing to do with the key hits green with probability gamma.

Simple, and it leaves a trace under greedy decoding too. It pays in quality: the distribution is
changed (by some 0.2 to 0.3 nats a token at the defaults), and the trace is weaker than that of
`gumbel` at every length. Windows that stood before in the same completion are not favoured: a
detector scores them once.

[1] J. Kirchenbauer et al. A watermark for large language models. ICML 2023.
    https://arxiv.org/abs/2301.10226
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError
from revenuer.prove.marks import prf
from revenuer.prove.marks.sampling import Tokens, check, choose, ordinary


@dataclass(frozen=True)
class GreenMark:
    """Settings of the mark; detector and sampler must agree on `gamma` and `window`.

    Attributes:
        gamma: Share of tokens that are green, in (0, 1) and above 0 as float32.
        delta: What a green token's logit gains, in nats, above 0.
        window: Tokens before a token that its colour depends on.
        candidates: Most likely tokens that may gain.

    Raises:
        InputError: A setting is out of its range.
    """

    name: ClassVar[str] = "green"

    gamma: float = 0.25
    delta: float = 2.0
    window: int = 2
    candidates: int = 256

    def __post_init__(self) -> None:
        # Numbers are compared as float32, in which a share may vanish.
        if not (0 < self.gamma < 1 and np.float32(self.gamma) > 0):
            raise InputError(f"the green share lies in (0, 1), not at {self.gamma}")
        if not 0 < self.delta < math.inf:
            raise InputError(f"green tokens gain more than 0, not {self.delta}")
        check(self.window, self.candidates)

    @property
    def share(self) -> float:
        """The chance that a token is green; 2^-24 above it where `gamma` lies beside the grid."""
        return min(math.ceil(float(np.float32(self.gamma)) * 2**24) / 2**24, 1 - 2**-24)

    def scores(
        self, key: int, windows: NDArray[np.integer], tokens: NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Return 1 for each token that is green after its window, and 0 for the others.

        Null: the text is independent of the key, and no window is given twice. Then hits are
        independent with probability `share`, and n of them sum to Binomial(n, share).

        Args:
            key: In 0 .. 2^64 - 1.
            windows: (n, window) token ids, oldest first, `prf.ABSENT` before the first.
            tokens: (n,) the token after each window.

        Returns:
            (n,) zeros and ones.
        """
        is_green = prf.numbers(key, windows, tokens) < np.float32(self.gamma)
        return is_green.astype(np.float64)

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
        """Draw one token a row; arguments and errors as `GumbelMark.draw`."""
        numbers = prf.uniforms(prf.words(key, prf.states(key, windows), tokens))
        is_green = (numbers < np.float32(self.gamma)) & ~repeated[:, None]
        favoured = logits + np.float32(self.delta) * is_green
        return choose(ordinary(rng, tokens.shape), tokens, favoured)
