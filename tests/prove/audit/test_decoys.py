"""The rank of a key among keys that nothing was marked with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike
from tests.prove.audit.schemes import Green, Gumbel, marked

from revenuer.errors import InputError
from revenuer.prove.audit.decoys import rank
from revenuer.prove.audit.detect import Mark, first_units, judge
from revenuer.prove.marks.keys import WatermarkKey

KEY = WatermarkKey(bytes(range(32)))


def total(texts: Sequence[ArrayLike], scheme: Mark) -> Callable[[int], float]:
    units = first_units(texts, scheme.window)
    return lambda seed: judge(units, seed, scheme).total


def test_the_real_key_beats_every_decoy_on_its_own_text() -> None:
    for scheme in (Gumbel(), Green()):
        text = marked(KEY.seed, 300, scheme, np.random.default_rng(1))

        found = rank(total([text], scheme), KEY, count=99)

        assert (found.at_least, found.log10_p) == (0, -2.0)
        assert found.smallest_log10_p == -2.0


def test_on_other_text_every_rank_is_as_likely() -> None:
    rng = np.random.default_rng(2)
    score = total([rng.integers(0, 300, 200)], Gumbel())
    ranks = [rank(score, WatermarkKey(rng.bytes(32)), count=9).at_least for _ in range(400)]

    counts = np.bincount(ranks, minlength=10)
    assert ((counts - 40) ** 2 / 40).sum() < 33.7  # chi-squared, 9 degrees, 1e-4
    assert len(counts) == 10


def test_the_smallest_rank_is_what_was_said_and_ties_count_against_the_key() -> None:
    empty = total([[]], Gumbel())

    assert rank(empty, KEY, count=9) == (9, 9, 0.0, -math.log10(10))
    with pytest.raises(InputError, match="at least one decoy"):
        rank(empty, KEY, count=0)
