"""Marks inside `generate`: last in line, refused where they cannot be, and on a real model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from revenuer.errors import InputError
from revenuer.prove.audit.detect import detect
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.huggingface import MarkProcessor, here, marked, there
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


def generate(
    model: Any, how: Any, rows: int = 3, length: int = 80, **others: Any
) -> list[list[int]]:
    """Return the generated tokens of each row."""
    torch.manual_seed(2)
    prompts = torch.arange(rows * PROMPT).reshape(rows, PROMPT) % 400
    settings = {"do_sample": True, "top_k": 0, "max_new_tokens": length, **others}
    made = model.generate(
        prompts, attention_mask=torch.ones_like(prompts), custom_generate=how, **settings
    )
    tokens: list[list[int]] = made[:, PROMPT:].tolist()
    return tokens


def log10_p(mark: GumbelMark | GreenMark, key: WatermarkKey, texts: list[list[int]]) -> float:
    """Return log10 of the exact p-value, each window counted once over all texts."""
    return detect(texts, key, mark).log10_p


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

    assert generate(model, marked(mark, KEY), length=12, **narrow) == greedy


def test_a_mark_never_draws_what_a_filter_removed(model: LlamaForCausalLM) -> None:
    made = torch.tensor(generate(model, marked(GumbelMark(candidates=8), KEY), top_k=20))

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

    assert streamer.taken == [*range(PROMPT), *made[0]]
    assert streamer.is_ended


def test_numbers_are_the_same_on_the_host_and_elsewhere() -> None:
    windows, tokens = torch.randint(-1, 50_000, (7, 2)), torch.randint(0, 50_000, (7, 31))

    assert torch.equal(here(KEY.seed, windows, tokens), there(KEY.seed, windows, tokens))


@pytest.mark.parametrize("mark", [GumbelMark(), GreenMark()], ids=lambda mark: mark.name)
def test_a_mark_made_on_a_device_is_read_as_well(
    model: LlamaForCausalLM, mark: GumbelMark | GreenMark, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("revenuer.prove.marks.huggingface.here", there)

    made = generate(model, marked(mark, KEY), length=40)

    assert log10_p(mark, KEY, made) < -5


@pytest.mark.parametrize("nothing", [float("nan"), -float("inf")])
def test_a_row_without_a_token_is_not_papered_over(nothing: float) -> None:
    processor = MarkProcessor(GumbelMark(private=0), KEY, prompt_tokens=0)
    scores = torch.zeros(2, 300)
    scores[1] = nothing

    left = processor(torch.tensor([[1, 2], [3, 4]]), scores)

    assert int((left[0] == 0).sum()) == 1
    with pytest.raises(RuntimeError, match="probability tensor"):
        torch.multinomial(left.softmax(dim=1), 1)


def test_calls_leave_nothing_behind(model: LlamaForCausalLM) -> None:
    how = marked(GumbelMark(private=0), KEY)

    first, again = generate(model, how, length=20), generate(model, how, length=20)

    assert first == again


@pytest.mark.slow
def test_a_real_model_is_marked_and_detected_and_unmarked_text_is_not(smollm2: Path) -> None:
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    model = AutoModelForCausalLM.from_pretrained(smollm2).eval()
    tokenizer.padding_side = "left"
    asked = [
        "Write a story about a lighthouse.",
        "Describe a busy market in the morning.",
        "Why do leaves change colour in autumn? Explain at length.",
        "Invent a festival and tell how it is celebrated.",
    ]
    prompts = tokenizer.apply_chat_template(
        [[{"role": "user", "content": one}] for one in asked],
        add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True,
    )  # fmt: skip
    end = model.generation_config.eos_token_id

    def made(how: Any) -> list[list[int]]:
        torch.manual_seed(3)
        out = model.generate(
            **prompts, do_sample=True, temperature=0.9, top_p=0.95, max_new_tokens=130,
            custom_generate=how,
        )  # fmt: skip
        rows = out[:, prompts["input_ids"].shape[1] :].tolist()
        return [row[: row.index(end) + 1] if end in row else row for row in rows]

    mark = GumbelMark()
    marked_text, plain = made(marked(mark, KEY)), made(None)

    assert log10_p(mark, KEY, marked_text) < -8
    assert log10_p(mark, WRONG, marked_text) > -3
    assert log10_p(mark, KEY, plain) > -3
