"""A GGUF file of the Llama family, read into transformers.

Quantised weights are taken back to float32. Transformers has a reader of its own, which asks for
one more package; this one asks for `gguf` only, knows one architecture and refuses the others.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from transformers import AutoConfig, AutoTokenizer, LlamaForCausalLM

from revenuer.errors import InputError
from revenuer.models import tokeniser

_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_BLOCK = re.compile(r"blk\.([0-9]+)\.(\w+)\.weight")
_PARTS = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}

#: What reading a damaged file raises, here and in the packages that read it.
_DAMAGED = (
    OSError,
    ValueError,
    LookupError,
    RuntimeError,
    TypeError,
    AttributeError,
    ArithmeticError,
)


def read(path: Path) -> tuple[Any, Any]:
    """Return model and tokeniser.

    Raises:
        InputError: The file is damaged, or of another architecture.
    """
    try:
        tensors = GGUFReader(path).tensors
        config = AutoConfig.from_pretrained(path.parent, gguf_file=path.name)
        if config.model_type != "llama":
            raise InputError(
                f"{path.name} is of the architecture {config.model_type}; only llama is read",
                hint="convert it to a transformers folder",
            )
        model = LlamaForCausalLM(config)
        missing, unknown = model.load_state_dict(_weights(tensors, config), strict=False)
        with tokeniser.refusals():
            cutter = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    except InputError:
        raise
    except (*_DAMAGED, tokeniser.TokeniserError) as error:
        raise InputError(f"{path.name} is no GGUF file that can be read: {error}") from error
    # Without a head of its own the embedding is the head.
    if unknown or missing not in ([], ["lm_head.weight"]):
        raise InputError(f"{path.name} lacks {missing[:3]} or holds unknown {unknown[:3]}")
    if missing:
        model.tie_weights()
    return model, cutter


def _weights(tensors: Any, config: Any) -> dict[str, Any]:
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    weights = {}
    for tensor in tensors:
        own, name = dequantize(tensor.data, tensor.tensor_type), tensor.name.removesuffix(".weight")
        ours = _NAMES.get(name)
        if ours is None:
            block = _BLOCK.fullmatch(tensor.name)
            if block is None or block[2] not in _PARTS:
                # Rotary factors, biases: without them the model would be another one.
                raise InputError(
                    f"the GGUF file holds the tensor {tensor.name}, which is not read",
                    hint="convert it to a transformers folder",
                )
            layer, part = block.groups()
            ours = f"model.layers.{layer}.{_PARTS[part]}"
            if part in heads:
                # GGUF lays the two halves of a rotary pair side by side.
                split = own.reshape(heads[part], -1, 2, own.shape[-1])
                own = split.swapaxes(1, 2).reshape(own.shape)
        weights[f"{ours}.weight"] = torch.tensor(own, dtype=torch.float32)
    return weights
