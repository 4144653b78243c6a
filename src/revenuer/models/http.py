"""A model behind an OpenAI-compatible server: text, and alternatives if the server tells them.

Asked through `/chat/completions`, one request a prompt, in order, each with the same seed. Several
threads may call `generate` at once: they share the pace and nothing else. The server's own sampling
filters and, unless one is given, its system prompt are its business; nothing here can see them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import NoReturn

from revenuer.errors import InputError
from revenuer.models import chat
from revenuer.models.asking import check
from revenuer.models.interface import Capability, Completion, Distributions
from revenuer.models.patience import Asker, Clock, Patience

#: Where the bearer token of the server is, if it asks for one.
TOKEN = "REVENUER_SUSPECT_TOKEN"  # noqa: S105 - the name of a variable
#: Alternatives asked for; what most servers allow.
ALTERNATIVES = 5


class ServedModel:
    """A model that is asked over HTTP. Safe to use from several threads.

    Args:
        url: Up to and with `/v1`.
        name: Of the model; the server's first if None.
        token: Sent as bearer token.
        top: Whether to ask for alternatives.
        system: The system message; none is sent if None, an empty one if empty.
        patience: How often it is asked again, and at what pace; eight tries if None.
        clock: The module `time`, or what stands in for it.

    Raises:
        InputError: No such server, or it names no model.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str | None = None,
        token: str | None = None,
        top: bool = False,
        system: str | None = None,
        patience: Patience | None = None,
        clock: Clock = time,
    ) -> None:
        check(url)
        self._url, self._top, self._system = url.rstrip("/"), top, system
        self._asker = Asker(patience or Patience(), token=token, clock=clock)
        self.name = self._first() if name is None else name

    @property
    def capabilities(self) -> Capability:
        """Text, and alternatives if they are asked for."""
        return Capability.TEXT | Capability.TOP if self._top else Capability.TEXT

    def generate(
        self, prompts: Sequence[str], *, limit: int, temperature: float = 1.0, seed: int = 0
    ) -> list[Completion]:
        """Return what it writes; nothing and a refusal are answers too."""
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
        asked = chat.request(
            prompt, system=self._system, limit=limit, temperature=temperature, seed=seed,
            top=ALTERNATIVES if self._top else 0,
        )  # fmt: skip
        answer = self._asker.ask(f"{self._url}/chat/completions", {"model": self.name, **asked})
        return chat.completion(answer, top=self._top, who=self._url)

    def _first(self) -> str:
        answer = self._asker.ask(f"{self._url}/models")
        try:
            return str(answer["data"][0]["id"])
        except (KeyError, IndexError, TypeError) as error:
            raise InputError(f"{self._url} names no model", hint="end the URL with /v1") from error


def open_at(place: str) -> ServedModel:
    """Open the first model of a server; the token comes from the environment."""
    return ServedModel(place, token=os.environ.get(TOKEN))
