"""The pseudorandom numbers behind a mark: published vectors, and what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.prove.marks import prf

#: vLLM's compatibility vectors: context, token, word, mantissa.
VLLM = [
    ([1, 2, 3, 4], 7, 425429266, 1661833),
    ([1, 2, 3, 4], 8, 2706218805, 10571167),
    ([4, 5, 6, 7], 7, 2494036831, 9742331),
    ([4, 5, 6, 7], 8, 3424185538, 13375724),
]
#: Vectors of an independent implementation: key, context, token, state, word.
MORE = [
    (0x2A, [-1] * 4, 0, "74b1a826 661dc246 769ed250 b242310e", "fa2f6b05"),
    (0x2A, [-1, -1, -1, 10], 20, "5e185f27 b4bd7dfc b8a1af58 a982cd4f", "537adb4e"),
    (0x2A, [10, 20, 30, 40], 3, "cfb44338 8c342112 baaec7f4 a730241a", "59049c1a"),
    (0x2A, [10, 20, 30, 40], 4, "cfb44338 8c342112 baaec7f4 a730241a", "79e477cd"),
    (0x2A, [10, 20], 50000, "e2b86105 8551906b d4dfca51 2b3fdba7", "028e05e7"),
    (0x2A, [20, 10], 50000, "68d424a8 e8c1aa53 757baf0f ec927ceb", "21f4d468"),
    (0x2A, [7], 128255, "9bc0a110 53fdde05 0da7bd34 88ef9b38", "c2a98886"),
    (0x2A, [1, 2, 3, 4, 5], 6, "cac830ce b7456812 5c0505d6 90f89d0e", "53ffcea5"),
    (
        0x0123456789ABCDEF, [10, 20, 30, 40], 151643,
        "72af8c5d f58ad2f1 2c49ab60 4a71363c", "95aab575",
    ),
    (0, [0], 0, "824601bb 83e2cf75 1ee0351a 4bf2c840", "f120dca5"),
    (
        (1 << 64) - 1, [2147483647] * 16, 2147483647,
        "7e0d7c6c 31729285 1bc6cd62 88676a23", "123f987d",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("window", "token", "word", "mantissa"), VLLM)
def test_the_words_of_the_engine_come_out_bit_for_bit(
    window: list[int], token: int, word: int, mantissa: int
) -> None:
    states = prf.states(42, np.array([window]))
    (found,) = prf.words(42, states, np.array([[token]])).ravel()

    assert (int(found), int(found) >> 8) == (word, mantissa)


@pytest.mark.parametrize(("key", "window", "token", "state", "word"), MORE)
def test_states_and_words_agree_with_an_independent_implementation(
    key: int, window: list[int], token: int, state: str, word: str
) -> None:
    states = prf.states(key, np.array([window]))

    assert " ".join(f"{int(part):08x}" for part in states[0]) == state
    assert f"{int(prf.words(key, states, np.array([[token]]))[0, 0]):08x}" == word


def test_uniforms_lie_strictly_between_zero_and_one() -> None:
    edges = prf.uniforms(np.array([0, 0xFF, 0xFFFFFFFF], np.uint32))

    assert edges.dtype == np.float32
    assert edges[0] == edges[1] == np.float32(1 / (2**24 + 1))
    assert 0 < edges.min() < edges.max() < 1


@given(
    st.integers(0, 2**64 - 1),
    st.lists(st.tuples(st.integers(-1, 2**31 - 1), st.integers(-1, 2**31 - 1)), min_size=1),
    st.integers(0, 2**31 - 1),
)
def test_a_number_does_not_depend_on_what_is_asked_beside_it(
    key: int, windows: list[tuple[int, int]], token: int
) -> None:
    together = prf.numbers(key, np.array(windows), np.full(len(windows), token))
    alone = [prf.numbers(key, np.array([window]), np.array([token]))[0] for window in windows]

    assert together.tolist() == [float(one) for one in alone]


def test_numbers_are_uniform_and_keys_windows_and_tokens_independent() -> None:
    rng = np.random.default_rng(3)
    windows, tokens = rng.integers(0, 50_000, (20_000, 2)), rng.integers(0, 50_000, (20_000, 1))
    states = prf.states(5, windows)
    drawn = np.stack(
        [
            prf.uniforms(prf.words(5, states, tokens))[:, 0],
            prf.numbers(6, windows, tokens[:, 0]),
            prf.numbers(5, windows, tokens[:, 0] + 1),
            prf.numbers(5, windows[:, ::-1], tokens[:, 0]),
        ]
    ).astype(np.float64)

    assert np.abs(drawn.mean(axis=1) - 0.5).max() < 4 * np.sqrt(1 / 12 / 20_000)
    assert np.abs(np.corrcoef(drawn)[np.triu_indices(4, 1)]).max() < 4 / np.sqrt(20_000)
