"""The green-list mark: its share, its gain, and settings that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.errors import InputError
from revenuer.prove.marks.green import GreenMark

N = 20_000


def test_the_promised_share_is_green_after_any_window() -> None:
    rng = np.random.default_rng(1)
    windows, tokens = rng.integers(0, 50_000, (N, 2)), rng.integers(0, 50_000, N)

    for gamma in (0.1, 0.25, 0.5):
        share = GreenMark(gamma=gamma).scores(3, windows, tokens).mean()
        assert abs(share - gamma) < 4 * np.sqrt(gamma * (1 - gamma) / N)


def test_green_tokens_gain_delta() -> None:
    rng = np.random.default_rng(2)
    mark = GreenMark()
    windows = rng.integers(0, 50_000, (N, 2))
    tokens = rng.integers(0, 50_000, (N, 2))
    is_green = np.stack([mark.scores(3, windows, tokens[:, place]) for place in (0, 1)], axis=1)
    is_split = is_green[:, 0] != is_green[:, 1]

    drawn = mark.draw(
        3, windows, tokens, np.zeros((N, 2), np.float32), rng, repeated=np.zeros(N, bool)
    )

    expected = np.exp(2) / (np.exp(2) + 1)
    taken = is_green[np.arange(N), (drawn == tokens[:, 1]).astype(int)][is_split]
    assert abs(taken.mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / len(taken))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"gamma": 0.0}, r"lies in \(0, 1\), not at 0.0"),
        ({"gamma": 1.0}, "not at 1.0"),
        ({"gamma": 1e-60}, "not at 1e-60"),
        ({"delta": 0.0}, "more than 0, not 0.0"),
        ({"delta": float("nan")}, "not nan"),
        ({"window": 0}, "1 to 16 tokens, not 0"),
        ({"window": 17}, "1 to 16 tokens, not 17"),
        ({"candidates": 1}, "needs two candidates, not 1"),
    ],
)
def test_settings_out_of_range_are_told(settings: dict[str, float], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        GreenMark(**settings)  # type: ignore[arg-type]  # wrong on purpose
