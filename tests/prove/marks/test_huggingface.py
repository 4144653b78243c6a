"""Marks inside `generate`: last in line, refused where they cannot be, and on a real model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import binom, gamma
from transformers import LlamaConfig, LlamaForCausalLM

from revenuer.errors import InputError
from revenuer.prove.marks import prf
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.huggingface import marked
from revenuer.prove.marks.keys import WatermarkKey

KEY = WatermarkKey(bytes(range(32)))
WRONG = KEY.derive("another")
PROMPT = 5


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    """Return a model with random weights: near uniform, so that there is much to choose."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    config = LlamaConfig(
        vocab_size=400, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, bos_token_id=None, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def generate(model: Any, how: Any, rows: int = 3, length: int = 80, **others: Any) -> torch.Tensor:
    """Return (rows, length) generated tokens."""
    torch.manual_seed(2)
    prompts = torch.arange(rows * PROMPT).reshape(rows, PROMPT) % 400
    settings = {"do_sample": True, "top_k": 0, "max_new_tokens": length, **others}
    made: torch.Tensor = model.generate(
        prompts, attention_mask=torch.ones_like(prompts), custom_generate=how, **settings
    )
    return made[:, PROMPT:]


def log10_p(mark: GumbelMark | GreenMark, key: WatermarkKey, made: torch.Tensor) -> float:
    """Return log10 of the exact p-value, each window counted once."""
    texts = made.numpy()
    padded = np.pad(texts, ((0, 0), (mark.window, 0)), constant_values=prf.ABSENT)
    windows = np.lib.stride_tricks.sliding_window_view(padded, mark.window, axis=1)[:, :-1]
    flat = windows.reshape(-1, mark.window)
    _, first = np.unique(flat, axis=0, return_index=True)
    if isinstance(mark, GumbelMark):
        total = mark.scores(key.seed, flat[first], texts.ravel()[first]).sum()
        return float(gamma.logsf(total, len(first)) / np.log(10))
    hits = mark.hits(key.seed, flat[first], texts.ravel()[first]).sum()
    return float(binom.logsf(hits - 1, len(first), mark.gamma) / np.log(10))


@pytest.mark.parametrize("mark", [GumbelMark(), GreenMark()], ids=lambda mark: mark.name)
def test_what_is_generated_carries_the_mark(
    model: LlamaForCausalLM, mark: GumbelMark | GreenMark
) -> None:
    made = generate(model, marked(mark, KEY), temperature=0.8, top_k=100)

    assert log10_p(mark, KEY, made) < -8
    assert log10_p(mark, WRONG, made) > -3
    assert log10_p(mark, KEY, generate(model, None, temperature=0.8, top_k=100)) > -3


@pytest.mark.parametrize(
    "narrow",
    [{"temperature": 1e-4}, {"top_k": 1}, {"top_p": 1e-6}],
    ids=lambda how: next(iter(how)),
)
@pytest.mark.parametrize("mark", [GumbelMark(), GreenMark()], ids=lambda mark: mark.name)
def test_temperature_and_filters_come_before_the_mark(
    model: LlamaForCausalLM, mark: GumbelMark | GreenMark, narrow: dict[str, float]
) -> None:
    greedy = generate(model, None, do_sample=False, length=12)

    assert torch.equal(generate(model, marked(mark, KEY), length=12, **narrow), greedy)


def test_a_mark_never_draws_what_a_filter_removed(model: LlamaForCausalLM) -> None:
    made = generate(model, marked(GumbelMark(candidates=8), KEY), top_k=20)

    prompts = torch.arange(3 * PROMPT).reshape(3, PROMPT)
    with torch.no_grad():
        raw = model(torch.cat([prompts, made], dim=1)).logits[:, PROMPT - 1 : -1]
    ranks = (raw > raw.gather(2, made[..., None]) + 1e-6).sum(dim=2)
    assert 8 <= int(ranks.max()) < 20


def test_a_green_mark_acts_in_greedy_decoding_too(model: LlamaForCausalLM) -> None:
    made = generate(model, marked(GreenMark(), KEY), do_sample=False)

    assert log10_p(GreenMark(), KEY, made) < -8


@pytest.mark.parametrize(
    ("mark", "how", "sentence"),
    [
        (GumbelMark(), {"do_sample": False}, "greedy decoding takes the likeliest token"),
        (GumbelMark(), {"num_beams": 2}, "cannot act in beam sample"),
        (GreenMark(), {"num_beams": 2, "do_sample": False}, "cannot act in beam search"),
        (GreenMark(), {"prompt_lookup_num_tokens": 2}, "cannot act in assisted generation"),
    ],
)
def test_where_nothing_can_be_marked_it_is_said(
    model: LlamaForCausalLM, mark: GumbelMark | GreenMark, how: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        generate(model, marked(mark, KEY), rows=1, length=3, **how)


def test_a_streamer_gets_prompt_and_tokens(model: LlamaForCausalLM) -> None:
    class Streamer:
        def __init__(self) -> None:
            self.taken: list[int] = []
            self.is_ended = False

        def put(self, value: torch.Tensor) -> None:
            self.taken += value.flatten().tolist()

        def end(self) -> None:
            self.is_ended = True

    streamer = Streamer()
    made = generate(model, marked(GumbelMark(), KEY, streamer=streamer), rows=1, length=6)

    assert streamer.taken == [*range(PROMPT), *made[0].tolist()]
    assert streamer.is_ended


def test_calls_leave_nothing_behind(model: LlamaForCausalLM) -> None:
    how = marked(GumbelMark(private=0), KEY)

    first, again = generate(model, how, length=20), generate(model, how, length=20)

    assert torch.equal(first, again)
