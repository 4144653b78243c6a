"""Tests of revenuer.models.pretrained, with a Llama of a few thousand weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from revenuer import models
from revenuer.errors import InputError
from revenuer.models import Capability, Usage

WORDS = ("<end>", "a", "still", "in", "the", "wood")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as transformers writes it."""
    place = tmp_path_factory.mktemp("llama")
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(1)
        LlamaForCausalLM(
            LlamaConfig(
                vocab_size=6, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
                num_attention_heads=2, max_position_embeddings=32, eos_token_id=0, bos_token_id=0,
            )
        ).save_pretrained(place)  # fmt: skip
    tokeniser = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="a"))  # noqa: S106
    tokeniser.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokeniser, eos_token="<end>").save_pretrained(  # noqa: S106
        place
    )
    return place


def test_it_scores_what_its_own_forward_pass_says(folder: Path) -> None:
    model = models.open_model(str(folder))

    told = model.score([1, 2], [3, 4])

    with torch.inference_mode():
        logits = LlamaForCausalLM.from_pretrained(folder)(torch.tensor([[1, 2, 3, 4]])).logits
    np.testing.assert_allclose(told, torch.softmax(logits[0, 1:3], -1).numpy(), atol=1e-6)


def test_it_writes_the_same_for_the_same_seed_and_draws_for_nobody_else(folder: Path) -> None:
    model = models.open_model(str(folder))
    before = torch.random.get_rng_state()

    first, again = (model.generate(["a still"], limit=8, seed=4)[0] for _ in range(2))
    (other,) = model.generate(["a still"], limit=8, seed=5)

    assert Capability.DISTRIBUTIONS in model.capabilities
    assert first == again
    assert first.tokens != other.tokens
    assert torch.equal(before, torch.random.get_rng_state())


def test_it_counts_what_it_read_and_wrote(folder: Path) -> None:
    model = models.open_model(str(folder))

    two, nothing = model.generate(["a still", ""], limit=3, temperature=0)

    assert two.tokens is not None
    assert two.usage == Usage(asked_tokens=2, written_tokens=len(two.tokens))
    # The start that stands in for an empty prompt was read too.
    assert nothing.usage is not None
    assert nothing.usage.asked_tokens == 1


def test_a_folder_that_transformers_cannot_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')

    with pytest.raises(InputError, match="transformers cannot read"):
        models.open_model(str(tmp_path))


def test_a_damaged_tokeniser_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    place = shutil.copytree(folder, tmp_path / "damaged")
    (place / "tokenizer.json").write_text('{"added_tokens": [], "model": 1}')

    with pytest.raises(InputError, match="is no tokeniser"):
        models.open_model(str(place))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.safetensors", b""),
        ("model.safetensors", b"\xff" * 100),
        ("tokenizer_config.json", b"[]"),
    ],
)
def test_a_damaged_folder_is_a_sentence(
    folder: Path, tmp_path: Path, file: str, content: bytes
) -> None:
    place = shutil.copytree(folder, tmp_path / "damaged")
    (place / file).write_bytes(content)

    with pytest.raises(InputError, match=r"transformers cannot read .*damaged: ."):
        models.open_model(str(place))


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": [1]}, {"num_attention_heads": 0}, {"hidden_size": "x"}, {"hidden_size": 32},
        {"quantization_config": {"quant_method": "gptq", "bits": 4}},
    ],
)  # fmt: skip
def test_a_config_that_cannot_be_is_a_sentence(
    folder: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    place = shutil.copytree(folder, tmp_path / "odd")
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps(config | change))

    with pytest.raises(InputError, match=r"transformers cannot read .*odd: ."):
        models.open_model(str(place))


def test_weights_that_are_missing_are_not_drawn_at_random(folder: Path, tmp_path: Path) -> None:
    place = shutil.copytree(folder, tmp_path / "partial")
    weights = load_file(place / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, place / "model.safetensors", metadata={"format": "pt"})

    with pytest.raises(InputError, match=r"partial lacks the weights lm_head\.weight"):
        models.open_model(str(place))


def test_a_tokeniser_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    place = shutil.copytree(folder, tmp_path / "mixed")
    said = (place / "tokenizer.json").read_text().replace('"wood": 5', '"wood": 9')
    (place / "tokenizer.json").write_text(said)

    with pytest.raises(InputError, match="mixed is another model's: it gives the id 9, of 6"):
        models.open_model(str(place)).generate(["wood"], limit=1)


def test_ids_beyond_the_vocabulary_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="ids below 6"):
        models.open_model(str(folder)).score([1], [9])
