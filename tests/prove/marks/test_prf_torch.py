"""The numbers on torch tensors are those of numpy, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from revenuer.prove.marks import prf, prf_torch
from revenuer.prove.marks.sampling import Completion

KEYS = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 2**32, 2**63, 2**64 - 1]))


@settings(max_examples=60)
@given(KEYS, st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_states_words_and_numbers_are_those_of_numpy(key: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    windows = rng.integers(-1, 2**31, (3, width))
    tokens = rng.integers(0, 2**31, (3, 5))
    states = prf.states(key, windows)

    state = prf_torch.states(key, torch.from_numpy(windows))
    words = prf_torch.words(key, state, torch.from_numpy(tokens))

    assert torch.stack(state, dim=1).tolist() == states.tolist()
    expected = prf.words(key, states, tokens)
    assert words.tolist() == expected.tolist()
    assert prf_torch.uniforms(words).numpy().tobytes() == prf.uniforms(expected).tobytes()


def test_every_number_there_is_agrees() -> None:
    words = np.arange(2**24, dtype=np.uint32) << np.uint32(8)

    found = prf_torch.uniforms(torch.from_numpy(words.astype(np.int64)))

    assert found.numpy().tobytes() == prf.uniforms(words).tobytes()


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_windows_and_repeats_are_those_of_a_growing_completion(width: int) -> None:
    rng = np.random.default_rng(width)
    rows = rng.integers(0, 3, (4, 30))
    states = [Completion(width) for _ in rows]

    for length in range(rows.shape[1] + 1):
        now, is_repeated = prf_torch.windows(torch.from_numpy(rows[:, :length]), width)

        assert [tuple(window) for window in now.tolist()] == [state.window for state in states]
        assert is_repeated.tolist() == [state.is_repeated for state in states]
        if length < rows.shape[1]:
            for state, token in zip(states, rows[:, length], strict=True):
                state.append(int(token))
