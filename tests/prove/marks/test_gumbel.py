"""The Gumbel-max mark: what vLLM generates, and settings that cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammainc

from revenuer.errors import InputError
from revenuer.prove.marks import prf
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.sampling import Completion

VOCABULARY, LENGTH = 128, 64
TOKENS = np.arange(VOCABULARY)


def golden(key: int, width: int) -> tuple[list[int], float]:
    """Generate as vLLM's published fixture says; return the tokens and their score."""
    mark = GumbelMark(window=width, private=0)
    completion, drawn, windows = Completion(width), [], []
    for position in range(LENGTH):
        logits = (((37 * TOKENS + 17 * position) % 131) - 56) / np.float32(16)
        windows.append(completion.window)
        (token,) = mark.draw(
            key, np.array([completion.window]), TOKENS[None], logits[None],
            np.random.default_rng(0), repeated=np.array([completion.is_repeated]),
        )  # fmt: skip
        drawn.append(int(token))
        completion.append(int(token))
    return drawn, float(mark.scores(key, np.array(windows), np.array(drawn)).sum())


def test_tokens_and_score_are_those_of_the_engine() -> None:
    tokens, score = golden(42, 4)

    assert tokens[:8] == [46, 24, 45, 80, 14, 26, 22, 124]
    assert tokens[-3:] == [109, 24, 77]
    assert score == pytest.approx(296.27295787856264, rel=1e-9)


def test_another_key_sees_nothing_in_them() -> None:
    tokens, _ = golden(42, 4)
    padded = [prf.ABSENT] * 4 + tokens
    windows = np.array([padded[i : i + 4] for i in range(LENGTH)])

    score = float(GumbelMark(window=4).scores(43, windows, np.array(tokens)).sum())

    assert score == pytest.approx(63.25096716585621, rel=1e-9)
    assert 1 - gammainc(LENGTH, score) == pytest.approx(0.5208447936891313, rel=1e-9)


def test_the_order_of_candidates_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    windows = rng.integers(0, 1000, (50, 2))
    tokens = np.stack([rng.permutation(1000)[:40] for _ in range(50)])
    logits = rng.normal(size=(50, 40)).astype(np.float32)
    shuffled = rng.permutation(40)
    mark, never = GumbelMark(private=0), np.zeros(50, bool)

    one = mark.draw(9, windows, tokens, logits, rng, repeated=never)
    other = mark.draw(9, windows, tokens[:, shuffled], logits[:, shuffled], rng, repeated=never)

    assert one.tolist() == other.tolist()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"window": 0}, "1 to 16 tokens, not 0"),
        ({"window": 17}, "1 to 16 tokens, not 17"),
        ({"private": 1.0}, r"lies in \[0, 1\), not at 1.0"),
        ({"private": -0.1}, "not at -0.1"),
        ({"private": float("nan")}, "not at nan"),
        ({"candidates": 1}, "needs two candidates, not 1"),
    ],
)
def test_settings_out_of_range_are_told(settings: dict[str, float], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        GumbelMark(**settings)  # type: ignore[arg-type]  # wrong on purpose
