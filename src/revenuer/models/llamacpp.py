"""A GGUF file that llama.cpp runs in this process: text, and alternatives.

Named as `llamacpp:PATH.gguf`, and read by the package xllamacpp, which ships llama.cpp compiled:
opened in a second, and without torch. It tells neither ids nor distributions.

A prompt is put into the template that the file holds (ChatML where it holds none). The system
message is sent even if it is empty: without one a template may add words of its own, as SmolLM2's
does, and the answers are others. Sampling is plain: temperature alone, none of llama.cpp's filters.

The same seed gives the same text, whatever was asked before: prompts are read one at a time and
anew, since what is read in another batch may be rounded otherwise. Several threads may call
`generate`; they wait for each other.

The package opens a port on loopback, used or not. Here it asks for a token that nobody is told.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import xllamacpp

from revenuer.errors import InputError
from revenuer.models import chat
from revenuer.models.asking import one_line
from revenuer.models.interface import Capability, Completion, Distributions

SCHEME = "llamacpp:"
_OPEN = f"name the file without {SCHEME}"
ALTERNATIVES = 5
#: No filter of llama.cpp's own, and nothing kept of the prompt before.
_PLAIN = {"top_k": 0, "top_p": 1.0, "min_p": 0.0, "cache_prompt": False}
#: llama.cpp takes the largest of 32 bits for: any seed.
_SEEDS = 2**32 - 1


class LlamaCppModel:
    """A model in a GGUF file. Safe to use from several threads.

    Args:
        path: The file.
        system: The system message.
        top: Alternatives that are told of each token; 0 tells none.
        context: Longest prompt and answer together, in tokens; less where the model was trained on
            less. Memory grows with it.
        threads: That llama.cpp computes with; half of the processors if None. They wait for each
            other busily: where others compute too, one may be ten times as fast as two.

    Raises:
        InputError: No such file, or llama.cpp cannot read it.
    """

    def __init__(
        self,
        path: Path,
        *,
        system: str = "",
        top: int = ALTERNATIVES,
        context: int = 4096,
        threads: int | None = None,
    ) -> None:
        if not path.is_file():
            raise InputError(f"no model at {path}", hint=f"{SCHEME}PATH.gguf")
        self.name, self._system, self._top = path.stem, system, top
        try:
            self._server = xllamacpp.Server(_settings(path, context, threads))
            # Dropped before its loop has begun, it waits for itself for ever: let it answer first.
            self._server.handle_metrics()
        except RuntimeError as error:
            raise InputError(
                f"llama.cpp cannot read {path}", hint="is it a whole GGUF file of a language model?"
            ) from error

    @property
    def capabilities(self) -> Capability:
        """Text, and alternatives unless none are told."""
        return Capability.TEXT | Capability.TOP if self._top else Capability.TEXT

    def generate(
        self, prompts: Sequence[str], *, limit: int, temperature: float = 1.0, seed: int = 0
    ) -> list[Completion]:
        """Return what it writes, each prompt with the same seed."""
        if limit < 1:
            raise InputError(f"{self.name} writes at least one token, not {limit}")
        return [self._asked(prompt, limit, temperature, seed) for prompt in prompts]

    def encode(self, text: str) -> NoReturn:
        """Raise: ids are not told here."""
        raise InputError(f"{self.name} does not tell its token ids in llama.cpp", hint=_OPEN)

    def score(self, context: Sequence[int], completion: Sequence[int]) -> Distributions:
        """Raise: distributions are not told here."""
        raise InputError(f"{self.name} does not tell distributions in llama.cpp", hint=_OPEN)

    def _asked(self, prompt: str, limit: int, temperature: float, seed: int) -> Completion:
        asked = chat.request(
            prompt, system=self._system, limit=limit, temperature=temperature,
            seed=seed % _SEEDS, top=self._top,
        )  # fmt: skip
        try:
            answer = self._server.handle_chat_completions({**asked, **_PLAIN})
        except (ValueError, RuntimeError) as error:
            raise self._refused(str(error)) from error
        if "choices" not in answer:
            raise self._refused(str(answer.get("error", answer).get("message")))
        return chat.completion(answer, top=self._top > 0, who=self.name)

    def _refused(self, said: str) -> InputError:
        return InputError(f"llama.cpp does not let {self.name} answer: {one_line(said)}")


def open_at(place: str) -> LlamaCppModel:
    """Open `llamacpp:PATH.gguf`."""
    return LlamaCppModel(Path(place.removeprefix(SCHEME)))


def _settings(path: Path, context: int, threads: int | None) -> Any:
    found = xllamacpp.CommonParams()
    found.model.path = str(path)
    found.n_ctx, found.n_parallel = context, 1
    count = threads or max(1, (os.cpu_count() or 1) // 2)
    found.cpuparams.n_threads = found.cpuparams_batch.n_threads = count
    found.warmup, found.ui, found.cache_ram_mib = False, False, 0
    found.endpoint_metrics = True
    found.api_keys = [secrets.token_hex(32)]
    # Below all that it says: prompts are in it, and nobody has asked for a log.
    found.verbosity = -1
    return found
