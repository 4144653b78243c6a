"""Every mark, by numpy and in transformers: what it promises, whoever carries it out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import binom, chisquare, gamma

from revenuer.prove.marks import prf
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.huggingface import MarkProcessor
from revenuer.prove.marks.keys import WatermarkKey
from revenuer.prove.marks.sampling import Completion

Mark = GumbelMark | GreenMark
Array = NDArray[np.int64]
#: (mark, key, generated (rows, n), logits (rows, vocabulary), seed) -> tokens (rows,).
Draw = Callable[[Mark, WatermarkKey, Array, NDArray[np.float32], int], Array]

KEY = WatermarkKey(bytes(range(32)))
VOCABULARY = 300


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Small tensors take longer where threads wait for one another."""
    torch.set_num_threads(1)


def by_numpy(
    mark: Mark, key: WatermarkKey, generated: Array, logits: NDArray[np.float32], seed: int
) -> Array:
    rows = []
    for row in generated:
        completion = Completion(mark.window)
        for token in row:
            completion.append(int(token))
        rows.append((completion.window, completion.is_repeated))
    windows, repeated = (np.array(column) for column in zip(*rows, strict=True))
    tokens = np.broadcast_to(np.arange(logits.shape[1]), logits.shape)
    rng = np.random.default_rng(seed)
    return mark.draw(key.seed, windows, tokens, logits, rng, repeated=repeated)


def by_transformers(
    mark: Mark, key: WatermarkKey, generated: Array, logits: NDArray[np.float32], seed: int
) -> Array:
    generator = torch.Generator().manual_seed(seed)
    prompt = torch.full((len(generated), 3), 7)
    processor = MarkProcessor(mark, key, prompt_tokens=3, generator=generator)
    ids = torch.cat([prompt, torch.from_numpy(generated)], dim=1)
    scores = processor(ids, torch.from_numpy(logits))
    drawn = torch.multinomial(scores.softmax(dim=1), 1, generator=generator)
    return np.asarray(drawn[:, 0].numpy())


@pytest.fixture(params=[by_numpy, by_transformers], ids=lambda draw: draw.__name__)
def draw(request: pytest.FixtureRequest) -> Draw:
    carrier: Draw = request.param
    return carrier


@pytest.fixture(params=[GumbelMark(), GreenMark()], ids=lambda mark: mark.name)
def mark(request: pytest.FixtureRequest) -> Mark:
    made: Mark = request.param
    return made


def trace(mark: Mark, key: WatermarkKey, windows: Array, tokens: Array) -> NDArray[np.float64]:
    """Return what a detector adds up."""
    return mark.scores(key.seed, windows, tokens)


def p_value(mark: Mark, key: WatermarkKey, texts: Array) -> float:
    """Return the exact p-value of generated texts, every window counted once."""
    padded = np.pad(texts, ((0, 0), (mark.window, 0)), constant_values=prf.ABSENT)
    windows = np.lib.stride_tricks.sliding_window_view(padded, mark.window, axis=1)[:, :-1]
    flat, tokens = windows.reshape(-1, mark.window), texts.ravel()
    _, first = np.unique(flat, axis=0, return_index=True)
    total, n = trace(mark, key, flat[first], tokens[first]).sum(), len(first)
    if isinstance(mark, GumbelMark):
        return float(gamma.sf(total, n))
    return float(binom.sf(total - 1, n, mark.gamma))


def texts(draw: Draw, mark: Mark, length: int = 60) -> Array:
    """Generate four texts from a model that knows words of very different frequency."""
    rng = np.random.default_rng(4)
    table = np.log(1 / (1 + np.arange(VOCABULARY, dtype=np.float32)))
    generated = np.empty((4, 0), np.int64)
    for step in range(length):
        logits = np.stack([table[rng.permutation(VOCABULARY)] for _ in range(4)])
        tokens = draw(mark, KEY, generated, logits, step)
        generated = np.concatenate([generated, tokens[:, None]], axis=1)
    return generated


def test_the_key_finds_its_mark_and_no_other_key_does(draw: Draw, mark: Mark) -> None:
    made = texts(draw, mark)

    assert p_value(mark, KEY, made) < 1e-8
    others = [p_value(mark, key, made) for key in KEY.decoys(200)]
    assert min(others) > 1e-5
    assert abs(np.mean(np.array(others) < 0.1) - 0.1) < 4 * np.sqrt(0.09 / 200)


def test_the_promised_share_of_steps_is_left_to_ordinary_randomness(draw: Draw) -> None:
    rng = np.random.default_rng(6)
    rows = 1_000
    generated = rng.integers(0, 10_000, (rows, 2))
    logits = np.zeros((rows, VOCABULARY), np.float32)

    for private in (0.0, 0.3, 0.8):
        mark = GumbelMark(private=private, candidates=VOCABULARY)
        one, other = (draw(mark, KEY, generated, logits, seed) for seed in (1, 2))
        by_key = draw(GumbelMark(private=0, candidates=VOCABULARY), KEY, generated, logits, 3)

        for drawn in (one, other):
            expected = 1 - private + private / VOCABULARY
            spread = np.sqrt(expected * (1 - expected) / rows)
            assert abs(np.mean(drawn == by_key) - expected) <= 4 * spread
        if private:
            # Which steps those are is not in the key.
            assert (one != other).any()


@pytest.mark.parametrize("candidates", [12, 4])
def test_over_keys_the_distribution_is_that_of_the_model(draw: Draw, candidates: int) -> None:
    if draw is by_numpy:
        candidates = 12  # numpy draws among the candidates that it is given
    shares = np.array([0.3, 0.2, 0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.02, 0.02, 0.005, 0.005])
    logits = np.log(shares).astype(np.float32)[None]
    generated, keys = np.array([[11, 12]]), 1_200
    mark = GumbelMark(candidates=candidates)

    drawn = [
        int(draw(mark, key, generated, logits, seed)[0])
        for seed, key in enumerate(KEY.decoys(keys))
    ]
    by_one_key = [int(draw(mark, KEY, generated, logits, seed)[0]) for seed in range(300)]

    counts = np.bincount(drawn, minlength=len(shares))
    assert chisquare(counts, shares * keys).pvalue > 1e-4
    marked_share = 0.7 * (1 if candidates == 12 else shares[:4].sum())
    assert np.bincount(by_one_key).max() / 300 > marked_share - 4 * np.sqrt(0.25 / 300)


def test_a_window_that_stood_before_is_not_marked_again(draw: Draw, mark: Mark) -> None:
    rows = 2_000
    rng = np.random.default_rng(8)
    pairs = rng.integers(0, 10_000, (rows, 2))
    generated = np.concatenate([pairs, rng.integers(0, 10_000, (rows, 1)), pairs], axis=1)
    logits = np.zeros((rows, VOCABULARY), np.float32)

    found = trace(mark, KEY, pairs, draw(mark, KEY, generated, logits, 9))

    mean, variance = (1, 1) if mark.name == "gumbel" else (0.25, 0.1875)
    assert abs(found.mean() - mean) < 4 * np.sqrt(variance / rows)


def test_a_repeat_in_one_row_leaves_the_others_marked(draw: Draw, mark: Mark) -> None:
    rows = 2_000
    rng = np.random.default_rng(10)
    generated = rng.integers(0, 10_000, (rows, 5))
    generated[::2, 3:] = generated[::2, :2]
    logits = np.zeros((rows, VOCABULARY), np.float32)

    found = trace(mark, KEY, generated[:, 3:], draw(mark, KEY, generated, logits, 9))

    mean, variance = (1, 1) if mark.name == "gumbel" else (0.25, 0.1875)
    assert abs(found[::2].mean() - mean) < 4 * np.sqrt(variance / rows * 2)
    assert found[1::2].mean() > 2 * mean


def test_a_row_is_marked_in_a_batch_as_it_is_alone(draw: Draw) -> None:
    rng = np.random.default_rng(12)
    generated = rng.integers(0, 10_000, (20, 6))
    logits = rng.normal(size=(20, VOCABULARY)).astype(np.float32)
    mark = GumbelMark(private=0, candidates=VOCABULARY)

    together = draw(mark, KEY, generated, logits, 1)

    alone = [draw(mark, KEY, generated[i : i + 1], logits[i : i + 1], 2)[0] for i in range(20)]
    assert together.tolist() == [int(token) for token in alone]
    both = [carrier(mark, KEY, generated, logits, 1) for carrier in (by_numpy, by_transformers)]
    assert both[0].tolist() == both[1].tolist()


def test_a_prompt_is_no_part_of_any_window(mark: Mark) -> None:
    logits = torch.zeros((1, VOCABULARY))
    made = [
        MarkProcessor(mark, KEY, prompt_tokens=2, generator=torch.Generator().manual_seed(1))(
            torch.tensor([prompt]), logits
        )
        for prompt in ([1, 2], [3, 4])
    ]

    assert torch.equal(*made)
