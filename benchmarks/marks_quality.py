"""What a real small model loses by its marks: perplexity, repetition; and what is seen of them.

Perplexity is that of the model itself on what it wrote. Over keys a Gumbel mark leaves the
distribution of a single text as it was, but texts of one key have much in common, their first token
before all: standard errors are over keys, not over texts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import measure
import numpy as np
import real_model
import torch
import transformers
from measure import Figures
from transformers import AutoModelForCausalLM, AutoTokenizer

from revenuer.prove.audit.detect import detect
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.huggingface import marked
from revenuer.prove.marks.keys import WatermarkKey

#: Texts that share a key.
BATCH = 4
FLAG = -4.0
_TASKS = (
    "Write a short story about {}.", "Explain {} to a beginner.", "Describe {} in detail.",
    "Give some advice about {}.",
)  # fmt: skip
_TOPICS = (
    "a lighthouse", "baking bread", "a night train", "keeping bees", "an old library",
    "growing tomatoes", "a walk in the rain", "learning the piano", "a paper kite", "snowfall",
    "a street market", "mending a bicycle", "the tides", "a chess club", "making cheese", "bridges",
)  # fmt: skip
PROMPTS = [task.format(topic) for topic in _TOPICS for task in _TASKS]


def compare(key: WatermarkKey, texts: int, tokens: int) -> Figures:
    """Generate with and without marks; return perplexity and repetition of each."""
    transformers.utils.logging.disable_progress_bar()
    folder = real_model.folder()
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    ways: dict[str, GumbelMark | GreenMark | None] = {
        "plain": None,
        "gumbel": GumbelMark(),
        "gumbel_no_private": GumbelMark(private=0),
        "green": GreenMark(),
    }
    figures: Figures = {}
    rows = []
    for name, mark in ways.items():
        # Keys of its own for each way, so that no two ways share the luck of one.
        made, nats, keys = _generate(
            model, tokenizer, PROMPTS[:texts], tokens, mark, key.derive(name)
        )
        losses = np.array([one.mean() for one in nats])
        repeats = np.array([_repeated(one) for one in made])
        scheme = mark or GumbelMark()
        found = np.array(
            [detect([one], own, scheme).log10_p for one, own in zip(made, keys, strict=True)]
        )
        figures[f"perplexity_{name}"] = float(np.exp(np.concatenate(nats).mean()))
        figures[f"repeated_{name}"] = float(repeats.mean())
        figures[f"real_tpr_1e4_{name}"] = float((found <= FLAG).mean())
        by_key = losses.reshape(-1, BATCH).mean(axis=1)
        spread = by_key.std(ddof=1) / np.sqrt(len(by_key))
        figures[f"nats_{name}"], figures[f"nats_error_{name}"] = float(losses.mean()), float(spread)
        rows.append(
            (
                name, figures[f"perplexity_{name}"], f"{losses.mean():.3f} ± {spread:.3f}",
                figures[f"repeated_{name}"], int((repeats > 0.5).sum()),
                float(np.median(found)), figures[f"real_tpr_1e4_{name}"],
            )
        )  # fmt: skip
    header = (
        "way", "perplexity", "nats a token", "repeated 4-grams", "loops",
        "median log10 p", "p <= 1e-4",
    )  # fmt: skip
    measure.table("A real small model", header, rows)
    return figures


def _generate(
    model: Any, tokenizer: Any, prompts: list[str], tokens: int,
    mark: GumbelMark | GreenMark | None, key: WatermarkKey,
) -> tuple[list[list[int]], list[np.ndarray[Any, Any]], list[WatermarkKey]]:  # fmt: skip
    end = model.generation_config.eos_token_id
    texts, nats, keys = [], [], []
    torch.manual_seed(11)
    for first in range(0, len(prompts), BATCH):
        # What one key does to one prompt is its own; several keys show what marking does.
        own = key.derive("quality", str(first))
        how: Callable[..., Any] | None = marked(mark, own) if mark else None
        asked = tokenizer.apply_chat_template(
            [[{"role": "user", "content": one}] for one in prompts[first : first + BATCH]],
            add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True,
        )  # fmt: skip
        start = asked["input_ids"].shape[1]
        with torch.no_grad():
            out = model.generate(
                **asked, do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                max_new_tokens=tokens, custom_generate=how,
            )  # fmt: skip
            is_read = torch.cat([asked["attention_mask"], torch.ones_like(out[:, start:])], dim=1)
            logits = model(out, attention_mask=is_read).logits[:, start - 1 : -1]
        loss = -logits.log_softmax(dim=2).gather(2, out[:, start:, None])[..., 0]
        for row, lost in zip(out[:, start:].tolist(), loss, strict=True):
            length = row.index(end) + 1 if end in row else len(row)
            texts.append(row[:length])
            nats.append(lost[:length].numpy())
            keys.append(own)
    return texts, nats, keys


def _repeated(text: list[int]) -> float:
    """Return the share of four tokens in a row that stood there before."""
    grams = [tuple(text[i : i + 4]) for i in range(len(text) - 3)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0
