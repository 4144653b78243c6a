"""A language model small enough to be trained on one processor in a minute.

Choices: decoder only; pre-norm with RMSNorm; rotary or learnt positions; ReLU-squared feed-forward
layer four times as wide; embedding and head tied; no bias, no dropout; float32. It is a stand-in
for models a thousand times its size wherever a question can be asked of any model: teacher, student
or suspect.

Kept in a folder as `model.safetensors`, `config.json` and, where it reads text, `tokenizer.json`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from revenuer.errors import InputError

KIND = "revenuer small model"
#: Rows of a batch of texts; bounds memory at (rows, length, vocabulary) float32.
ROWS = 32
#: Texts that are written at once.
BATCH = 4 * ROWS
Tokens = NDArray[np.int64]
#: (step, last tokens (rows, history), logits (rows, vocabulary)) -> next tokens (rows,).
Chooser = Callable[[int, Tokens, NDArray[np.float32]], Tokens]
_Cache = list[tuple[Tensor, Tensor]]


@dataclasses.dataclass(frozen=True)
class Size:
    """How large a small model is.

    Attributes:
        vocabulary: Token ids run from 0 to this, exclusive.
        width: Of the hidden state; a multiple of twice `heads`.
        layers: Blocks.
        heads: Of attention.
        context: Longest text in tokens.
        learns_places: Whether each place has a vector of its own that is learnt, instead of rotary
            positions: better where the task is tied to places, of no use beyond `context`.
    """

    vocabulary: int
    width: int = 128
    layers: int = 2
    heads: int = 4
    context: int = 128
    learns_places: bool = False

    def __post_init__(self) -> None:
        if min(dataclasses.astuple(self)[:5]) < 1 or self.width % (2 * self.heads):
            raise InputError(f"no model has this size: {self}")


class SmallModel(nn.Module):
    """The weights; `revenuer.models.own` puts them behind the interface of all models.

    Args:
        size: How large.
        seed: Of the first weights.
    """

    def __init__(self, size: Size, *, seed: int = 0) -> None:
        super().__init__()
        self.size = size
        self.embed = nn.Embedding(size.vocabulary, size.width)
        self.embed_place = nn.Embedding(size.context, size.width) if size.learns_places else None
        self.blocks = nn.ModuleList(_Block(size) for _ in range(size.layers))
        random = torch.Generator().manual_seed(seed)
        for name, weight in self.named_parameters():
            spread = 0.02 if name.startswith("embed") else weight.shape[-1] ** -0.5
            # Blocks start as the identity.
            nn.init.normal_(weight, 0.0, 0.0 if name.endswith("out.weight") else spread, random)
        turns = 10_000.0 ** -(
            torch.arange(0, size.width // size.heads, 2) / size.width * size.heads
        )
        angles = torch.outer(torch.arange(size.context).float(), turns)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, tokens: Tensor, cache: _Cache | None = None) -> Tensor:
        """Return logits (rows, length, vocabulary) of what follows each of (rows, length) tokens.

        Args:
            tokens: What comes after what the cache holds.
            cache: One entry a block; replaced by entries that hold these tokens as well.
        """
        start = cache[0][0].shape[2] if cache else 0
        stop = start + tokens.shape[1]
        # An angle of zero turns nothing.
        turn = (
            (self.cos[:1], self.sin[:1])
            if self.size.learns_places
            else (self.cos[start:stop], self.sin[start:stop])
        )
        held = list(cache) if cache else [None] * len(self.blocks)
        x = self.embed(tokens)
        if self.embed_place is not None:
            x = x + self.embed_place.weight[start:stop]
        x = _norm(x)
        kept = []
        for block, before in zip(self.blocks, held, strict=True):
            x, now = block(x, turn, before)
            kept.append(now)
        if cache is not None:
            cache[:] = kept
        return _norm(x) @ self.embed.weight.T

    @property
    def parameters_count(self) -> int:
        """How many numbers are learnt."""
        return sum(weight.numel() for weight in self.parameters())


class _Block(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.qkv = nn.Linear(size.width, 3 * size.width, bias=False)
        self.attention_out = nn.Linear(size.width, size.width, bias=False)
        self.wide = nn.Linear(size.width, 4 * size.width, bias=False)
        self.feed_out = nn.Linear(4 * size.width, size.width, bias=False)

    def forward(
        self, x: Tensor, turn: tuple[Tensor, Tensor], before: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        rows, length, width = x.shape
        split = self.qkv(_norm(x)).view(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = (
            _rotate(_norm(split[0]), *turn),
            _rotate(_norm(split[1]), *turn),
            split[2],
        )
        if before is not None:
            key, value = torch.cat((before[0], key), 2), torch.cat((before[1], value), 2)
        # With a cache there is one new token, which may look at everything before it.
        is_causal = length > 1
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=is_causal)
        x = x + self.attention_out(seen.transpose(1, 2).reshape(rows, length, width))
        x = x + self.feed_out(functional.relu(self.wide(_norm(x))).square())
        return x, (key, value)


def _norm(x: Tensor) -> Tensor:
    return functional.rms_norm(x, x.shape[-1:])


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    left, right = x.chunk(2, -1)
    return torch.cat((left * cos - right * sin, right * cos + left * sin), -1)


@torch.inference_mode()
def generate(
    model: SmallModel,
    prompts: Tokens,
    steps: int,
    choose: Chooser,
    *,
    history: int = 8,
    end: int | None = None,
) -> Tokens:
    """Return what follows each prompt, token by token: (rows, steps).

    Args:
        model: What speaks.
        prompts: (rows, length) tokens, at least one each.
        steps: Tokens to write; prompt and these fit the model's context.
        choose: Says which token comes next; it sees the last `history` *written* tokens, -1 where
            nothing was written yet.
        history: How many written tokens `choose` sees.
        end: Ends a text. Once all texts that are written together have ended, `choose` is not asked
            again and the rest is this token; None writes every step.
    """
    if prompts.shape[1] + steps > model.size.context:
        raise InputError(
            f"{prompts.shape[1]} + {steps} tokens do not fit a context of {model.size.context}"
        )
    written = np.full((len(prompts), history + steps), -1, np.int64)
    for first in range(0, len(prompts), BATCH):
        rows = slice(first, first + BATCH)
        cache: _Cache = []
        has_ended = np.zeros(len(prompts[rows]), np.bool_)
        logits = _read(model, prompts[rows], cache)
        for step in range(steps):
            token = choose(step, written[rows, step : step + history], logits)
            written[rows, history + step] = token
            if end is not None:
                has_ended |= token == end
                if has_ended.all():
                    written[rows, history + step + 1 :] = end
                    break
            if step + 1 < steps:
                logits = _read(model, token[:, None], cache)
    return written[:, history:]


def _read(model: SmallModel, tokens: Tokens, cache: _Cache) -> NDArray[np.float32]:
    logits: NDArray[np.float32] = model(torch.from_numpy(tokens), cache)[:, -1].numpy()
    return logits


@torch.inference_mode()
def distributions(model: SmallModel, tokens: Sequence[int]) -> NDArray[np.float32]:
    """Return the probabilities of what follows each token of a text: (length, vocabulary)."""
    logits = model(torch.from_numpy(np.asarray(tokens, np.int64))[None])
    out: NDArray[np.float32] = torch.softmax(logits[0], -1).numpy()
    return out


def sampler(rng: np.random.Generator, *, temperature: float = 1.0) -> Chooser:
    """Return a chooser that samples; temperature 0 takes the likeliest token."""

    def choose(step: int, last: Tokens, logits: NDArray[np.float32]) -> Tokens:
        if temperature == 0:
            return logits.argmax(1)
        noise = rng.gumbel(size=logits.shape).astype(np.float32)
        return (logits / np.float32(temperature) + noise).argmax(1)

    return choose


def save(model: SmallModel, folder: Path, **more: Any) -> None:
    """Write a model into a folder; `more` goes into its config."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(model.state_dict(), folder / "model.safetensors")
    told = {"kind": KIND, **dataclasses.asdict(model.size), **more}
    (folder / "config.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> SmallModel:
    """Read a model.

    Raises:
        InputError: The folder holds none.
    """
    try:
        told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if told["kind"] != KIND:
            raise KeyError
        size = Size(**{field.name: told[field.name] for field in dataclasses.fields(Size)})
        weights = load_file(folder / "model.safetensors")
    except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError) as error:
        raise InputError(f"{folder} holds no small model of revenuer") from error
    model = SmallModel(size)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise InputError(f"the weights in {folder} do not fit its config.json") from error
    return model.eval()
