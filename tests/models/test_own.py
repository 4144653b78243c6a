"""Tests of revenuer.models.own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel

from revenuer.errors import InputError
from revenuer.models import Capability, Usage, small
from revenuer.models.own import OwnModel, _drawn, open_at
from revenuer.models.small import Size, SmallModel

WORDS = ("<end>", "a", "still", "in", "the", "wood")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that was never trained, with a tokeniser of six words."""
    size = Size(vocabulary=len(WORDS), width=16, layers=1, heads=2, context=16)
    model, random = SmallModel(size), torch.Generator().manual_seed(4)
    with torch.no_grad():
        # Fresh blocks are the identity.
        for weight in model.parameters():
            weight.add_(torch.randn(weight.shape, generator=random) * 0.2)
    small.save(model, tmp_path)
    tokeniser = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="a"))  # noqa: S106
    tokeniser.pre_tokenizer = pre_tokenizers.Whitespace()
    tokeniser.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_it_writes_text_and_tells_its_tokens(folder: Path) -> None:
    model = open_at(str(folder))

    first, again = (model.generate(["a still"], limit=6, seed=2)[0] for _ in range(2))

    assert Capability.TEXT in model.capabilities
    assert first == again
    assert first.tokens is not None
    assert 0 not in first.tokens
    assert first.text == " ".join(WORDS[i] for i in first.tokens)


def test_a_tokeniser_of_another_model_is_refused(folder: Path) -> None:
    said = (folder / "tokenizer.json").read_text().replace('"wood":5', '"wood":9')
    said = said.replace('"wood": 5', '"wood": 9')
    (folder / "tokenizer.json").write_text(said)

    with pytest.raises(InputError, match="is another model's: it gives the id 9, of 6"):
        open_at(str(folder)).generate(["a wood"], limit=1)


def by_hand(model: OwnModel, prompt: str, chance: np.ndarray) -> tuple[int, ...]:
    """Draw a text alone, token by token."""
    ids, written = [0, *model.encode(prompt)], []
    for one in chance:
        sums = np.cumsum(small.distributions(model.model, [*ids, *written])[-1].astype(float))
        token = int(np.searchsorted(sums, one * sums[-1], side="right"))
        if token == 0:
            break
        written.append(token)
    return tuple(written)


PROMPTS = ["a still", "in", "the wood in", "wood", "still in", "", "a a"]


@pytest.mark.parametrize("batch", [1, 2, 128])
def test_each_text_is_drawn_from_a_stream_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    model = open_at(str(folder))
    monkeypatch.setattr(small, "BATCH", batch)

    found = model.generate(PROMPTS, limit=9, seed=4)

    for at, (prompt, one) in enumerate(zip(PROMPTS, found, strict=True)):
        chance = np.random.default_rng((4, at)).random(9)
        assert one.tokens == by_hand(model, prompt, chance)
    assert len({one.tokens for one in found}) > 4


def test_other_prompts_and_the_limit_change_nothing_before_the_end(folder: Path) -> None:
    model = open_at(str(folder))
    others = ["wood wood", "in", "the", "a", "the", "the", "the wood"]

    first = model.generate(PROMPTS, limit=9, seed=4)[1]
    among_others = model.generate(others, limit=9, seed=4)[1]
    shorter = model.generate(PROMPTS, limit=3, seed=4)[1]

    assert first == among_others
    assert first.tokens is not None
    assert shorter.tokens == first.tokens[:3]


def test_tokens_are_drawn_as_often_as_they_are_likely(folder: Path) -> None:
    model = open_at(str(folder))

    found = model.generate(["a still"] * 4_000, limit=1, temperature=0.5, seed=1)

    drawn = [one.tokens[0] if one.tokens else 0 for one in found]
    (told,) = model.score([0, 1, 2], [0])
    expected = told**2 / (told**2).sum()
    shares = np.bincount(drawn, minlength=len(WORDS)) / len(drawn)
    assert np.abs(expected - 1 / 6).max() > 0.005
    noise = 4 * np.sqrt(expected * (1 - expected) / len(drawn))
    assert (np.abs(shares - expected) < noise).all()


@pytest.mark.parametrize("most", [0, 5_000, -5_000])
def test_what_has_no_probability_is_never_drawn(most: float) -> None:
    logits = np.array([[-9_000, 0, 0, -9_000]], np.float32) + np.float32(most)

    def drawn(chance: float) -> int:
        return int(_drawn(np.array([[chance]]), 1.0)(0, np.empty((1, 0), np.int64), logits)[0])

    assert [drawn(chance) for chance in (0.0, 0.49, 0.5, np.nextafter(1, 0))] == [1, 1, 2, 2]


def test_at_temperature_zero_chance_has_no_say(folder: Path) -> None:
    model = open_at(str(folder))

    first = model.generate(PROMPTS, limit=5, temperature=0, seed=1)

    assert first == model.generate(PROMPTS, limit=5, temperature=0, seed=2)
    (told,) = model.score([0, 1, 2], [0])
    assert first[0].tokens is not None
    assert (first[0].tokens or (0,))[0] == told.argmax()


def test_it_counts_what_it_read_and_wrote(folder: Path) -> None:
    model = open_at(str(folder))

    found = model.generate(["a still in"] * 50, limit=4, seed=1)

    for one in found:
        assert one.tokens is not None
        # The start is read; an end is written.
        wrote = len(one.tokens) + (len(one.tokens) < 4)
        assert one.usage == Usage(asked_tokens=4, written_tokens=wrote)
    assert {len(one.tokens or ()) for one in found} == {0, 1, 2, 3, 4}
    assert model.generate([], limit=4) == []


def test_scores_stand_at_the_tokens_of_the_completion(folder: Path) -> None:
    model = open_at(str(folder))

    told = model.score([0, 1], [2, 3, 4])

    np.testing.assert_array_equal(told, small.distributions(model.model, [0, 1, 2, 3, 4])[1:4])


def test_without_a_tokeniser_it_speaks_no_text() -> None:
    model = OwnModel("m", SmallModel(Size(vocabulary=8, width=16, layers=1, heads=2)), None)

    assert model.capabilities == Capability.DISTRIBUTIONS
    with pytest.raises(InputError, match=r"no tokenizer\.json"):
        model.generate(["a"], limit=2)


@pytest.mark.parametrize(
    ("context", "completion"), [([], [1]), ([0], [6]), ([0], [-1]), ([0], [1] * 16)]
)
def test_what_it_cannot_read_is_refused(
    folder: Path, context: list[int], completion: list[int]
) -> None:
    with pytest.raises(InputError, match="reads 1 to 16 ids below 6"):
        open_at(str(folder)).score(context, completion)


def test_a_text_may_fill_the_context(folder: Path) -> None:
    assert open_at(str(folder)).score([0], [5] * 15).shape == (15, 6)
