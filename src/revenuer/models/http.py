"""A model behind an OpenAI-compatible server: text, and alternatives if the server tells them.

Asked through `/chat/completions`, one request a prompt, in order. The server's own sampling filters
and system prompt are its business; nothing here can see them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NoReturn

from revenuer.errors import InputError
from revenuer.models.asking import ask, check
from revenuer.models.interface import Capability, Completion, Distributions

#: Where the bearer token of the server is, if it asks for one.
TOKEN = "REVENUER_SUSPECT_TOKEN"  # noqa: S105 - the name of a variable
SECONDS = 120.0
#: Alternatives asked for; what most servers allow.
ALTERNATIVES = 5


class ServedModel:
    """A model that is asked over HTTP.

    Args:
        url: Up to and with `/v1`.
        name: Of the model; the server's first if None.
        token: Sent as bearer token.
        top: Whether to ask for alternatives.

    Raises:
        InputError: No such server, or it names no model.
    """

    def __init__(
        self, url: str, *, name: str | None = None, token: str | None = None, top: bool = False
    ) -> None:
        check(url)
        self._url, self._token, self._top = url.rstrip("/"), token, top
        self.name = self._first() if name is None else name

    @property
    def capabilities(self) -> Capability:
        """Text, and alternatives if they are asked for."""
        return Capability.TEXT | Capability.TOP if self._top else Capability.TEXT

    def generate(
        self, prompts: Sequence[str], *, limit: int, temperature: float = 1.0, seed: int = 0
    ) -> list[Completion]:
        """Return what it writes."""
        return [self._asked(prompt, limit, temperature, seed) for prompt in prompts]

    def encode(self, text: str) -> NoReturn:
        """Raise: a server does not tell its token ids."""
        raise InputError(
            f"{self.name} does not tell its token ids", hint="encode with your own tokeniser"
        )

    def score(self, context: Sequence[int], completion: Sequence[int]) -> Distributions:
        """Raise: a server does not tell distributions."""
        raise InputError(
            f"{self.name} does not tell distributions", hint="audit what it writes instead"
        )

    def _asked(self, prompt: str, limit: int, temperature: float, seed: int) -> Completion:
        asked: dict[str, Any] = {
            "model": self.name,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": limit,
            "temperature": temperature,
            "seed": seed,
        }
        if self._top:
            asked |= {"logprobs": True, "top_logprobs": ALTERNATIVES}
        answer = self._request("/chat/completions", asked)
        try:
            choice = answer["choices"][0]
            # A model that refuses or calls a tool says nothing.
            text = "" if choice["message"]["content"] is None else choice["message"]["content"]
            str.encode(text)  # Raises at what is no text, or holds half a character.
            top = None
            if self._top:
                top = tuple(
                    {one["token"]: float(one["logprob"]) for one in place["top_logprobs"]}
                    for place in choice["logprobs"]["content"]
                )
            return Completion(text, top=top)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise InputError(f"{self._url} answers in another form than OpenAI's") from error

    def _first(self) -> str:
        answer = self._request("/models")
        try:
            return str(answer["data"][0]["id"])
        except (KeyError, IndexError, TypeError) as error:
            raise InputError(f"{self._url} names no model", hint="end the URL with /v1") from error

    def _request(self, path: str, asked: dict[str, Any] | None = None) -> Any:
        return ask(self._url + path, asked, token=self._token, seconds=SECONDS)


def open_at(place: str) -> ServedModel:
    """Open the first model of a server; the token comes from the environment."""
    return ServedModel(place, token=os.environ.get(TOKEN))
