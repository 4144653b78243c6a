"""Marks in `transformers.generate`: give `custom_generate=marked(mark, key)` and all else as ever.

A processor that is handed to `generate` runs before temperature, top-k and top-p, and would mark a
distribution that is not drawn from. `marked` therefore takes the list that `generate` has made, of
whatever the caller set, and puts the mark behind its last entry.

Rows of a batch are marked apart, over generated tokens only; prompts never enter a window. Nothing
is kept from one call to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList
from transformers.generation import GenerationMode

from revenuer.errors import InputError
from revenuer.prove.marks import prf, prf_torch
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey


def marked(
    mark: GumbelMark | GreenMark,
    key: WatermarkKey,
    *,
    generator: torch.Generator | None = None,
    streamer: Any = None,
) -> Callable[..., Any]:
    """Return what `generate` takes as `custom_generate`.

    Args:
        mark: The scheme.
        key: The secret.
        generator: Ordinary randomness for which steps stay unmarked, on the device of the logits;
            torch's own if None. It must not be seeded from the key.
        streamer: Takes tokens as they come. Given here, since `generate` hands none to a
            `custom_generate`.

    Returns:
        A function that decodes as `generate` does, marked. It raises `InputError` where the way of
        decoding leaves nothing to mark: greedy for a Gumbel mark; beams and drafts for any.
    """

    def decode(
        model: Any,
        input_ids: torch.Tensor,
        logits_processor: LogitsProcessorList,
        stopping_criteria: Any,
        generation_config: GenerationConfig,
        **others: Any,
    ) -> Any:
        _check(mark, generation_config)
        if streamer is not None:
            streamer.put(input_ids.cpu())
        last = MarkProcessor(mark, key, prompt_tokens=input_ids.shape[1], generator=generator)
        return model._sample(
            input_ids,
            logits_processor=LogitsProcessorList([*logits_processor, last]),
            stopping_criteria=stopping_criteria,
            generation_config=generation_config,
            streamer=streamer,
            **others,
        )

    return decode


class MarkProcessor(LogitsProcessor):
    """The mark as a processor, for sampling loops of your own; it must be the last one.

    Scores that come out are drawn from as they are: for a marked step of a Gumbel mark one token is
    left. Not for `generate(logits_processor=...)`, which puts temperature and filters behind it.

    Args:
        mark: The scheme.
        key: The secret.
        prompt_tokens: Length of the prompts, padding included.
        generator: As in `marked`.
    """

    def __init__(
        self,
        mark: GumbelMark | GreenMark,
        key: WatermarkKey,
        *,
        prompt_tokens: int,
        generator: torch.Generator | None = None,
    ) -> None:
        self._mark, self._seed = mark, key.seed
        self._prompt_tokens, self._generator = prompt_tokens, generator

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return (rows, vocabulary) scores to draw from.

        Args:
            input_ids: (rows, length) prompts and what was generated.
            scores: (rows, vocabulary) after temperature and filters.
        """
        now, is_repeated = prf_torch.windows(
            input_ids[:, self._prompt_tokens :].to(scores.device), self._mark.window
        )
        logits, tokens, beyond = _candidates(scores.float(), self._mark.candidates)
        numbers = (here if scores.device.type == "cpu" else there)(self._seed, now, tokens)
        if isinstance(self._mark, GreenMark):
            gain = self._mark.delta * ((numbers < self._mark.gamma) & ~is_repeated[:, None])
            return scores.scatter_add(1, tokens, gain.to(scores.dtype))
        one = _winner(scores, logits - torch.log(-torch.log(numbers)), tokens)
        return self._left(scores, tokens, one, beyond, is_repeated)

    def _left(
        self,
        scores: torch.Tensor,
        tokens: torch.Tensor,
        one: torch.Tensor,
        beyond: torch.Tensor,
        is_repeated: torch.Tensor,
    ) -> torch.Tensor:
        """Leave one token in a marked row, all in a private one, the tail as often as it is due."""
        coins = torch.rand(2, len(scores), device=scores.device, generator=self._generator)
        is_free = is_repeated | (coins[0] < self._mark.private)  # type: ignore[union-attr]
        is_tail = (coins[1] < beyond) & ~is_free
        out = torch.where(is_free[:, None], scores, one)
        if is_tail.any():
            tail = scores.scatter(1, tokens, -torch.inf)
            out = torch.where(is_tail[:, None], tail, out)
        return out


def here(seed: int, windows: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Return the number of each token, (rows, candidates): compiled, for tensors of the host."""
    words = prf.words(seed, prf.states(seed, windows.numpy()), tokens.numpy())
    return torch.from_numpy(prf.uniforms(words))


def there(seed: int, windows: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Return the same numbers on whatever device the tensors are."""
    words = prf_torch.words(seed, prf_torch.states(seed, windows), tokens)
    return prf_torch.uniforms(words)


def _candidates(
    scores: torch.Tensor, count: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the likeliest tokens' logits and ids, and the probability of all others: (rows,)."""
    vocabulary = scores.shape[1]
    logits, tokens = scores.topk(min(count + 1, vocabulary), dim=1)
    if vocabulary <= count or not torch.isfinite(logits[:, -1]).any():
        # What a filter has removed anyway.
        return logits[:, :count], tokens[:, :count], scores.new_zeros(len(scores))
    logits, tokens = logits[:, :count], tokens[:, :count]
    inside = torch.logsumexp(logits, dim=1) - torch.logsumexp(scores, dim=1)
    return logits, tokens, -torch.expm1(inside)


def _winner(scores: torch.Tensor, values: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Return scores that leave the token of the largest value, the lowest one of equals."""
    best = values.amax(dim=1, keepdim=True)
    won = torch.where(values == best, tokens, tokens.amax()).amin(dim=1, keepdim=True)
    # Zero, but no number where there is none to draw: whoever draws then says so, as without mark.
    drawn = (best - best).to(scores.dtype)
    return torch.full_like(scores, -torch.inf).scatter_(1, won, drawn)


def _check(mark: GumbelMark | GreenMark, config: GenerationConfig) -> None:
    mode = config.get_generation_mode()
    if mode == GenerationMode.GREEDY_SEARCH and mark.name == GumbelMark.name:
        raise InputError(
            "greedy decoding takes the likeliest token and leaves a Gumbel mark nothing to choose",
            hint="do_sample=True, or GreenMark",
        )
    if mode not in (GenerationMode.SAMPLE, GenerationMode.GREEDY_SEARCH):
        raise InputError(
            f"a mark cannot act in {mode.value.replace('_', ' ')}: what it chooses is not kept",
            hint="one beam, no assistant",
        )
