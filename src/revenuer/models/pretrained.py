"""A transformers folder, or a GGUF file of the Llama family, as a model with open weights.

Only weights that are there are read: nothing is downloaded, and no code that comes with a model is
run. Weights are taken as float32, so that a distribution does not depend on the machine's kernels
more than it must.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from revenuer.errors import InputError
from revenuer.models import gguf_file, tokeniser
from revenuer.models.interface import Capability, Completion, Distributions, Usage


class PretrainedModel:
    """A causal language model of transformers and its tokeniser."""

    def __init__(self, name: str, model: Any, cutter: Any) -> None:
        self.name, self.model, self.tokeniser = name, model.eval(), cutter

    @property
    def capabilities(self) -> Capability:
        """Everything but alternatives by name."""
        return Capability.TEXT | Capability.TOKENS | Capability.DISTRIBUTIONS

    @torch.inference_mode()
    def generate(
        self, prompts: Sequence[str], *, limit: int, temperature: float = 1.0, seed: int = 0
    ) -> list[Completion]:
        """Return what it writes: plain sampling, no top-k or top-p, whatever its folder says."""
        found = []
        # Not torch.manual_seed: that would reach into whoever else draws in this process.
        with torch.random.fork_rng(devices=[]):
            torch.random.default_generator.manual_seed(seed)
            for prompt in prompts:
                ids = torch.tensor([self._with_start(self.encode(prompt))])
                size = self.model.config.vocab_size
                if int(ids.max()) >= size:
                    raise InputError(
                        f"the tokeniser of {self.name} is another model's: it gives the id "
                        f"{int(ids.max())}, of {size} that the model knows"
                    )
                sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
                out = self.model.generate(
                    ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=limit,
                    pad_token_id=self._end(),
                    **(sampling if temperature else {"do_sample": False}),
                )
                tokens = tuple(out[0, ids.shape[1] :].tolist())
                text = self.tokeniser.decode(tokens, skip_special_tokens=True)
                usage = Usage(asked_tokens=ids.shape[1], written_tokens=len(tokens))
                found.append(Completion(text, tokens, usage=usage))
        return found

    def chat(self, system: str, said: str) -> str:
        """Return a request as the text that its template makes of it, up to where it answers."""
        messages = [{"role": "system", "content": system}, {"role": "user", "content": said}]
        text: str = self.tokeniser.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        return text

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, without anything added."""
        ids: list[int] = self.tokeniser(text, add_special_tokens=False)["input_ids"]
        return ids

    @torch.inference_mode()
    def score(self, context: Sequence[int], completion: Sequence[int]) -> Distributions:
        """Return what it predicts at each token of a completion: (tokens, vocabulary)."""
        ids = [*context, *completion]
        size = self.model.config.vocab_size
        if not context or not 0 <= min(ids) <= max(ids) < size:
            raise InputError(f"{self.name} reads ids below {size}, one before the completion")
        logits = self.model(torch.tensor([ids])).logits[0, len(context) - 1 : -1].float()
        out: Distributions = torch.softmax(logits, -1).numpy().astype(np.float32)
        return out

    def _with_start(self, ids: list[int]) -> list[int]:
        return ids or [self._end()]

    def _end(self) -> int:
        end = self.tokeniser.eos_token_id
        if end is None:
            raise InputError(f"the tokeniser of {self.name} has no end of text")
        return int(end)


def open_at(place: str) -> PretrainedModel:
    """Read a folder or a GGUF file.

    Raises:
        InputError: Transformers cannot read it.
    """
    path = Path(place)
    if path.is_file():
        return PretrainedModel(path.stem, *gguf_file.read(path))
    if (path / tokeniser.FILE).exists():
        # A damaged one is told here by its name, which transformers leaves out.
        tokeniser.load(path)
    try:
        model, told = AutoModelForCausalLM.from_pretrained(
            path,
            local_files_only=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
        )
        cutter = AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    # The folder is a stranger's: each part that reads one has errors of its own, of no one class.
    except Exception as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(f"transformers cannot read {path}: {reason}") from error
    # Transformers draws weights that are not there at random, and only warns of it.
    if told["missing_keys"]:
        raise InputError(f"{path} lacks the weights {', '.join(sorted(told['missing_keys'])[:3])}")
    return PretrainedModel(path.name, model, cutter)
