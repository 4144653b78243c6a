"""What a suspect said, kept small, and what a key makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.errors import InputError
from revenuer.prove.audit import readings
from revenuer.prove.audit.windows import windows
from revenuer.prove.marks.gumbel import GumbelMark

MARK = GumbelMark(window=2)
TEXT = np.arange(40) * 7 % 23


def distributions(seed: int, size: int = 23) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(size), len(TEXT))


def test_the_likeliest_tokens_of_our_own_model_are_kept() -> None:
    suspect, ours = distributions(1), distributions(2)

    kept = readings.predicted(windows(TEXT, 2), suspect, ours, 5)

    assert (np.sort(kept.tokens, 1) == np.sort(np.argsort(-ours, axis=1)[:, :5], 1)).all()
    assert kept.reference is not None
    rows = np.arange(len(TEXT))[:, None]
    assert (kept.suspect == suspect[rows, kept.tokens]).all()
    assert (kept.reference == ours[rows, kept.tokens]).all()


def test_missing_units_count_as_nothing() -> None:
    said = readings.said(windows(TEXT, 2), TEXT)

    alone = readings.judge_tokens(said, 5, MARK, None)
    registered = readings.judge_tokens(said, 5, MARK, 2 * len(TEXT))

    assert registered.total == alone.total
    assert registered.log10_p > alone.log10_p


def test_supervised_p_is_one_over_e() -> None:
    read = readings.predicted(windows(TEXT, 2), distributions(3), None, 23)

    judged = readings.judge_bets(read, 5, MARK, is_supervised=True)

    assert judged.log10_p == min(0.0, -judged.path[-1])


def test_parts_are_judged_as_one() -> None:
    before, suspect = windows(TEXT, 2), distributions(4)
    whole = readings.predicted(before, suspect, None, 6)
    parts = [readings.predicted(before[i::2], suspect[i::2], None, 6) for i in (0, 1)]

    together = readings.judge_bets(readings.joined(parts), 9, MARK, is_supervised=False)

    assert together.total == pytest.approx(
        readings.judge_bets(whole, 9, MARK, is_supervised=False).total
    )


def test_different_vocabularies_are_refused() -> None:
    before = windows(TEXT, 2)
    small = readings.predicted(before, distributions(5, 4), None, 23)

    with pytest.raises(InputError, match="different vocabularies"):
        readings.joined([small, readings.predicted(before, distributions(5), None, 23)])
