"""Tests of revenuer.models.small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from revenuer.errors import InputError
from revenuer.models import small
from revenuer.models.small import Size, SmallModel

SIZE = Size(vocabulary=50, width=32, layers=2, heads=4, context=24)


@pytest.fixture(scope="module")
def model() -> SmallModel:
    """A model whose blocks do something: fresh ones are the identity."""
    made = SmallModel(SIZE, seed=3).eval()
    random = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(torch.randn(weight.shape, generator=random) * 0.2)
    return made


def test_generation_with_a_cache_predicts_what_reading_predicts(model: SmallModel) -> None:
    prompts = np.array([[0, 5, 9], [0, 7, 7]])

    written = small.generate(model, prompts, 10, small.sampler(np.random.default_rng(1)))
    seen: list[np.ndarray] = []

    def repeat(step: int, last: np.ndarray, logits: np.ndarray) -> np.ndarray:
        seen.append(logits)
        return written[:, step]

    small.generate(model, prompts, 10, repeat)

    for row in range(2):
        read = np.concatenate([prompts[row], written[row]])
        told = small.distributions(model, read)[2:-1]
        logits = torch.from_numpy(np.stack([step[row] for step in seen]))
        np.testing.assert_allclose(torch.softmax(logits, -1).numpy(), told, atol=1e-5)


def test_what_comes_later_changes_nothing_before(model: SmallModel) -> None:
    first = small.distributions(model, [0, 4, 8, 15])
    second = small.distributions(model, [0, 4, 8, 16])

    np.testing.assert_allclose(first[:3], second[:3], atol=1e-6)
    assert np.abs(first[3] - second[3]).max() > 1e-4


def test_distributions_are_distributions(model: SmallModel) -> None:
    told = small.distributions(model, [0, 1, 2])

    assert told.shape == (3, 50)
    np.testing.assert_allclose(told.sum(1), 1.0, rtol=1e-5)


def test_the_chooser_sees_what_was_written_and_nothing_else(model: SmallModel) -> None:
    seen: list[list[int]] = []

    def choose(step: int, last: np.ndarray, logits: np.ndarray) -> np.ndarray:
        seen.append(last[0].tolist())
        return np.array([step + 10])

    small.generate(model, np.array([[0, 3]]), 3, choose, history=2)

    assert seen == [[-1, -1], [-1, 10], [10, 11]]


def test_writing_stops_when_all_texts_have_ended(model: SmallModel) -> None:
    asked: list[tuple[int, int, list[int]]] = []

    def choose(step: int, last: np.ndarray, logits: np.ndarray) -> np.ndarray:
        asked.append((step, len(logits), last[:, -1].tolist()))
        # Texts end at the first, the second, the third and the second step.
        return np.array([[7, 5, 5, 5], [8, 7, 5, 7], [9, 8, 7, 8], [3, 3, 3, 3]])[step, : len(last)]

    whole = small.generate(model, np.zeros((4, 2), np.int64), 4, choose)
    every, asked[:] = list(asked), []
    cut = small.generate(model, np.zeros((4, 2), np.int64), 4, choose, end=7)

    assert [step for step, _, _ in every] == [0, 1, 2, 3]
    assert asked == every[:3]
    np.testing.assert_array_equal(cut[:, :3], whole[:, :3])
    assert cut[:, 3].tolist() == [7] * 4
    assert whole[:, 3].tolist() == [3] * 4


def test_texts_that_are_written_together_end_together_and_no_others(
    model: SmallModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small, "BATCH", 2)
    asked: list[int] = []

    def choose(step: int, last: np.ndarray, logits: np.ndarray) -> np.ndarray:
        asked.append(step)
        # The second batch never ends.
        return np.zeros(len(last), np.int64) if len(asked) == 1 else np.full(len(last), 5)

    written = small.generate(model, np.zeros((3, 1), np.int64), 3, choose, end=0)

    assert asked == [0, 0, 1, 2]
    assert written.tolist() == [[0, 0, 0], [0, 0, 0], [5, 5, 5]]


def test_at_temperature_zero_the_likeliest_token_is_taken() -> None:
    choose = small.sampler(np.random.default_rng(1), temperature=0)

    taken = choose(0, np.empty((2, 0), np.int64), np.array([[0.0, 2.0], [1.0, 0.5]], np.float32))

    assert taken.tolist() == [1, 0]


def test_a_model_comes_back_from_its_folder(model: SmallModel, tmp_path: Path) -> None:
    small.save(model, tmp_path / "kept", loss=1.5)

    again = small.load(tmp_path / "kept")

    told = small.distributions(again, [0, 1, 2])
    np.testing.assert_array_equal(told, small.distributions(model, [0, 1, 2]))


def test_weights_that_do_not_fit_are_refused(model: SmallModel, tmp_path: Path) -> None:
    small.save(model, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"layers": 3}))

    with pytest.raises(InputError, match="do not fit"):
        small.load(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no small model"):
        small.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, None])
def test_damaged_weights_are_refused(
    model: SmallModel, tmp_path: Path, content: bytes | None
) -> None:
    small.save(model, tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9] if content is None else content)

    with pytest.raises(InputError, match="no small model"):
        small.load(tmp_path)


def test_more_tokens_than_the_context_are_refused(model: SmallModel) -> None:
    with pytest.raises(InputError, match="do not fit a context of 24"):
        small.generate(
            model, np.zeros((1, 20), np.int64), 5, small.sampler(np.random.default_rng())
        )


def test_an_impossible_size_is_refused() -> None:
    with pytest.raises(InputError, match="no model has this size"):
        Size(vocabulary=10, width=30, heads=4)


def test_learnt_places_are_all_that_tells_one_order_from_another() -> None:
    size = Size(vocabulary=5, width=8, layers=1, heads=2, context=6, learns_places=True)
    model = SmallModel(size, seed=1).eval()
    random = torch.Generator().manual_seed(2)
    torch.nn.init.normal_(model.blocks[0].attention_out.weight, generator=random)
    orders = torch.tensor([[1, 2, 3], [2, 1, 3]])

    with torch.inference_mode():
        here, there = model(orders)[:, -1]
        model.embed_place.weight.zero_()
        same, again = model(orders)[:, -1]

    assert not torch.allclose(here, there, atol=1e-3)
    torch.testing.assert_close(same, again)
    assert model.parameters_count == 5 * 8 + 6 * 8 + 8 * 24 + 8 * 8 + 8 * 32 + 32 * 8


def test_learnt_places_go_on_where_the_cache_ends(tmp_path: Path) -> None:
    size = Size(vocabulary=5, width=8, layers=2, heads=2, context=6, learns_places=True)
    small.save(SmallModel(size, seed=1), tmp_path)
    model = small.load(tmp_path)
    random = torch.Generator().manual_seed(2)
    for block in model.blocks:
        torch.nn.init.normal_(block.attention_out.weight, generator=random)
    tokens = torch.tensor([[1, 2, 3, 4, 0]])
    cache: list[tuple[torch.Tensor, torch.Tensor]] = []

    with torch.inference_mode():
        whole = model(tokens)[:, -1]
        model(tokens[:, :4], cache)
        stepwise = model(tokens[:, 4:], cache)[:, -1]

    torch.testing.assert_close(whole, stepwise)
