"""One draw: in proportion to softmax, float32, ties to the lowest, nothing from nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from revenuer.errors import InputError
from revenuer.prove.marks.sampling import Completion, choose, ordinary

ROWS = 40_000


def test_tokens_are_drawn_in_proportion_to_softmax() -> None:
    rng = np.random.default_rng(1)
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    tokens = np.tile([40, 10, 30, 20], (ROWS, 1))
    logits = np.tile(np.log(shares).astype(np.float32), (ROWS, 1))

    drawn = choose(ordinary(rng, tokens.shape), tokens, logits)

    counts = [int((drawn == token).sum()) for token in (40, 10, 30, 20)]
    assert chisquare(counts, shares * ROWS).pvalue > 1e-4


def test_the_lowest_of_equal_tokens_wins_in_whatever_order() -> None:
    words = np.full((1, 3), 7 << 8, np.uint32)
    logits = np.zeros((1, 3), np.float32)

    for order in ([9, 3, 5], [3, 5, 9], [5, 9, 3]):
        assert choose(words, np.array([order]), logits).tolist() == [3]


def test_what_a_filter_removed_is_never_drawn() -> None:
    words = ordinary(np.random.default_rng(2), (500, 4))
    logits = np.tile(np.array([-np.inf, 0, -np.inf, 0], np.float32), (500, 1))

    assert set(choose(words, np.tile(np.arange(4), (500, 1)), logits).tolist()) == {1, 3}


@pytest.mark.parametrize("nothing", [-np.inf, np.nan])
def test_a_row_without_a_token_is_told(nothing: float) -> None:
    logits = np.array([[0.0, 1.0], [nothing, nothing]], np.float32)

    with pytest.raises(InputError, match="row 1 has no token to draw"):
        choose(np.ones((2, 2), np.uint32), np.array([[1, 2], [1, 2]]), logits)


def test_a_window_is_repeated_when_it_stood_before_a_token_already() -> None:
    completion = Completion(2)
    told = []
    for token in [5, 6, 5, 6, 7, 5, 6]:
        told.append((completion.window, completion.is_repeated))
        completion.append(token)

    assert told == [
        ((-1, -1), False), ((-1, 5), False), ((5, 6), False), ((6, 5), False), ((5, 6), True),
        ((6, 7), False), ((7, 5), False),
    ]  # fmt: skip
    assert (completion.window, completion.is_repeated) == ((5, 6), True)
