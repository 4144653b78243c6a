"""Plain marks for tests: what a detector must know of a scheme, and a sampler of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from revenuer.prove.audit.detect import Mark
from revenuer.prove.audit.windows import windows
from revenuer.prove.marks import prf

VOCABULARY = 50


@dataclass(frozen=True)
class Gumbel:
    """Every step marked."""

    window: int = 2
    name: str = "gumbel"


@dataclass(frozen=True)
class Green:
    """A quarter of the tokens favoured."""

    window: int = 2
    gamma: float = 0.25
    name: str = "green"


def marked(seed: int, length: int, scheme: Mark, rng: np.random.Generator) -> list[int]:
    """Sample from a random half of 50 tokens at each step, marked at every step."""
    text: list[int] = []
    ids = np.arange(VOCABULARY)[None, :]
    for _ in range(length):
        window = windows([*text, 0], scheme.window)[-1:]
        u = prf.uniforms(prf.words(seed, prf.states(seed, window), ids))[0]
        gamma = getattr(scheme, "gamma", None)
        # A green token is seven times as likely; Gumbel takes the largest number.
        allowed = rng.permutation(VOCABULARY) < VOCABULARY // 2
        best = u == (u * allowed).max()
        weights = allowed * (best if gamma is None else np.where(u < gamma, 7.0, 1.0))
        text.append(int(rng.choice(VOCABULARY, p=weights / weights.sum())))
    return text
