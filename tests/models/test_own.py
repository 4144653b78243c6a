"""Tests of revenuer.models.own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel

from revenuer.errors import InputError
from revenuer.models import Capability, small
from revenuer.models.own import OwnModel, open_at
from revenuer.models.small import Size, SmallModel

WORDS = ("<end>", "a", "still", "in", "the", "wood")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that was never trained, with a tokeniser of six words."""
    size = Size(vocabulary=len(WORDS), width=16, layers=1, heads=2, context=16)
    small.save(SmallModel(size), tmp_path)
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


def test_scores_stand_at_the_tokens_of_the_completion(folder: Path) -> None:
    model = open_at(str(folder))

    told = model.score([0, 1], [2, 3, 4])

    np.testing.assert_array_equal(told, small.distributions(model.model, [0, 1, 2, 3, 4])[1:4])


def test_without_a_tokeniser_it_speaks_no_text() -> None:
    model = OwnModel("m", SmallModel(Size(vocabulary=8, width=16, layers=1, heads=2)), None)

    with pytest.raises(InputError, match=r"no tokenizer\.json"):
        model.generate(["a"], limit=2)


@pytest.mark.parametrize(("context", "completion"), [([], [1]), ([0], [6]), ([0], [1] * 16)])
def test_what_it_cannot_read_is_refused(
    folder: Path, context: list[int], completion: list[int]
) -> None:
    with pytest.raises(InputError, match="reads 1 to 16 ids below 6"):
        open_at(str(folder)).score(context, completion)
