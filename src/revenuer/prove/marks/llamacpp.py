"""Marks on top of a llama.cpp server, one request a token.

The server (`llama-server`) tells the likeliest tokens with their log-probabilities; temperature,
top-k, top-p and the mark are applied here, and the chosen token goes into the next prompt. Slow: a
round trip a token, though the server keeps what it has read of the prompt. What lies beyond the
`candidates` that are told is never drawn, as if top-k were `candidates`.

`POST /completion` with `n_probs`, `/tokenize` and `/detokenize`, as in the server's README
(ggml-org/llama.cpp, tools/server, MIT, read at 00dc8057), at the server's root, without `/v1`. The
tests run it against the server that xllamacpp 2026.10 ships. Probabilities there are those of the
bare model: the server's own samplers do not enter, and all of them together sum to one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import InputError
from revenuer.models.asking import ask, check
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey
from revenuer.prove.marks.sampling import Completion

Logits = NDArray[np.float64]


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn.

    Attributes:
        temperature: Above 0.
        top_k: Keep so many tokens; 0 keeps all that are told.
        top_p: Keep the fewest tokens that hold this probability, in (0, 1].
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.temperature < np.inf:
            raise InputError(
                f"the temperature lies above 0, not at {self.temperature}",
                hint="greedy decoding leaves a mark nothing to choose",
            )
        if self.top_k < 0:
            raise InputError(f"top-k is a number of tokens, not {self.top_k}")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top-p lies in (0, 1], not at {self.top_p}")

    def filtered(self, logprobs: Logits) -> Logits:
        """Return logits of the distribution that is drawn from.

        Args:
            logprobs: (candidates,) from the likeliest token on.
        """
        logits = logprobs / self.temperature
        if self.top_k:
            logits[self.top_k :] = -np.inf
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        # A token stays if those before it do not hold the share yet; the first one always does.
        logits[np.cumsum(shares) - shares >= self.top_p] = -np.inf
        return logits


@dataclass(frozen=True)
class LlamaServer:
    """A server that is there.

    Attributes:
        url: Such as http://127.0.0.1:8080.
        token: Sent as a bearer token if the server asks for one.
        timeout_s: Longest wait for one answer.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        check(self.url)

    def tokens(self, text: str) -> list[int]:
        """Return the token ids of a prompt, special tokens included."""
        asked = {"content": text, "add_special": True, "parse_special": True}
        found = self._ask("/tokenize", asked).get("tokens")
        if not isinstance(found, list) or not all(isinstance(one, int) for one in found):
            raise self._misunderstood("token ids")
        return found

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of token ids."""
        found = self._ask("/detokenize", {"tokens": [int(one) for one in tokens]}).get("content")
        if not isinstance(found, str):
            raise self._misunderstood("a text")
        return found

    def likeliest(self, tokens: Sequence[int], count: int) -> tuple[NDArray[np.int64], Logits]:
        """Return ids and log-probabilities of what may come next, from the likeliest on.

        Args:
            tokens: The prompt and what was generated.
            count: Tokens to tell at most.
        """
        asked = {
            "prompt": [int(one) for one in tokens], "n_predict": 1, "n_probs": count,
            "cache_prompt": True, "temperature": 1.0, "post_sampling_probs": False,
        }  # fmt: skip
        answer = self._ask("/completion", asked)
        try:
            (step,) = answer["completion_probabilities"]
            told = {int(one["id"]): float(one["logprob"]) for one in step["top_logprobs"]}
        except (KeyError, TypeError, ValueError) as error:
            raise self._misunderstood("top log-probabilities with token ids") from error
        if not told or not all(logprob <= 1e-6 for logprob in told.values()):
            raise self._misunderstood("top log-probabilities with token ids")
        ranked = sorted(told.items(), key=lambda one: (-one[1], one[0]))
        ids, logprobs = zip(*ranked, strict=True)
        return np.array(ids, np.int64), np.array(logprobs, np.float64)

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        place = self.url.rstrip("/") + path
        read = ask(place, body, token=self.token, seconds=self.timeout_s)
        if not isinstance(read, dict):
            raise self._misunderstood("a JSON object")
        return read

    def _misunderstood(self, wanted: str) -> InputError:
        return InputError(
            f"{self.url} does not answer with {wanted}", hint="is it a llama.cpp server?"
        )


def generate(
    server: LlamaServer,
    prompt: str | Sequence[int],
    mark: GumbelMark | GreenMark,
    key: WatermarkKey,
    rng: np.random.Generator,
    *,
    most: int,
    stop: Collection[int] = (),
    sampling: Sampling | None = None,
) -> Iterator[int]:
    """Yield marked tokens as they come.

    Args:
        server: Where the model is.
        prompt: A text, or token ids.
        mark: The scheme; its `candidates` is how many tokens the server is asked for.
        key: The secret.
        rng: Ordinary randomness: it must not be made from the key.
        most: Tokens to generate at most.
        stop: Token ids that end the completion; the one met is yielded too.
        sampling: How tokens are drawn; from the bare distribution if None.

    Raises:
        InputError: The server cannot be reached, or does not answer as llama.cpp does.
    """
    how = sampling or Sampling()
    context = server.tokens(prompt) if isinstance(prompt, str) else list(prompt)
    completion = Completion(mark.window)
    for _ in range(most):
        ids, logprobs = server.likeliest(context, mark.candidates)
        (drawn,) = mark.draw(
            key.seed, np.array([completion.window]), ids[None], how.filtered(logprobs)[None],
            rng, repeated=np.array([completion.is_repeated]),
        )  # fmt: skip
        token = int(drawn)
        completion.append(token)
        context.append(token)
        yield token
        if token in stop:
            return
