"""Llamas of a few thousand weights that read characters, and what they are taught."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from revenuer.lab.distil.chats import Row
from revenuer.lab.distil.student import Material
from revenuer.lab.tasks import open_task
from revenuer.models.pretrained import PretrainedModel

END = "<end>"
CHARACTERS = string.digits + string.ascii_lowercase + "+-*/#<>: \n"
#: The system message, the request, then the answer: as templates go, if shorter.
TEMPLATE = (
    "{% for one in messages %}{{ one['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}:{% endif %}"
)
TASK = open_task({"name": "chain", "steps": 2})
PROBLEMS = [TASK.problem(number, "train") for number in range(6)]
MATERIAL = Material(TASK, PROBLEMS, [each.right for each in PROBLEMS], "digest")


def llama(
    place: Path,
    *,
    seed: int,
    rows: int = 1 + len(CHARACTERS),
    characters: str = CHARACTERS,
    template: str | None = TEMPLATE,
    reads: int = 128,
) -> Path:
    """Write the folder of one."""
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed)
        LlamaForCausalLM(
            LlamaConfig(
                vocab_size=rows, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
                num_attention_heads=2, max_position_embeddings=reads, eos_token_id=0,
                bos_token_id=0, initializer_range=0.5,
            )
        ).save_pretrained(place)  # fmt: skip
    known = {token: number for number, token in enumerate([END, *characters])}
    cutter = Tokenizer(WordLevel(known, unk_token=END))
    cutter.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    cutter.decoder = decoders.Fuse()
    PreTrainedTokenizerFast(
        tokenizer_object=cutter, eos_token=END, chat_template=template
    ).save_pretrained(place)
    return place


def loss(model: PretrainedModel, rows: list[Row]) -> float:
    """Return the mean negative log probability of responses, in nats a token."""
    found = [
        -np.log(model.score(row.asked, row.said)[range(len(row.said)), row.said]) for row in rows
    ]
    return float(np.mean(np.concatenate(found)))


def divergence(student: PretrainedModel, teacher: PretrainedModel, rows: list[Row]) -> float:
    """Return the mean forward divergence of a student from a teacher, in nats a token."""
    found = []
    for row in rows:
        its, own = (model.score(row.asked, row.said) for model in (teacher, student))
        found.append((its * np.log(its / own)).sum(-1))
    return float(np.mean(np.concatenate(found)))
