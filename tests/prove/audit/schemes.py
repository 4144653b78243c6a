"""Marks for tests, and a sampler that marks every step as strongly as can be."""

from __future__ import annotations

import numpy as np

from revenuer.prove.audit.detect import Mark
from revenuer.prove.audit.windows import windows
from revenuer.prove.marks import prf
from revenuer.prove.marks.green import GreenMark as Green
from revenuer.prove.marks.gumbel import GumbelMark as Gumbel

__all__ = ["Green", "Gumbel", "marked"]

VOCABULARY = 50


def marked(seed: int, length: int, scheme: Mark, rng: np.random.Generator) -> list[int]:
    """Sample from a random half of 50 tokens at each step, marked at every step."""
    text: list[int] = []
    ids = np.arange(VOCABULARY)[None, :]
    for _ in range(length):
        window = windows([*text, 0], scheme.window)[-1:]
        u = prf.uniforms(prf.words(seed, prf.states(seed, window), ids))[0]
        # A green token is seven times as likely; Gumbel takes the largest number.
        allowed = rng.permutation(VOCABULARY) < VOCABULARY // 2
        best = u == (u * allowed).max()
        favoured = np.where(u < scheme.gamma, 7.0, 1.0) if isinstance(scheme, Green) else best
        weights = allowed * favoured
        text.append(int(rng.choice(VOCABULARY, p=weights / weights.sum())))
    return text
