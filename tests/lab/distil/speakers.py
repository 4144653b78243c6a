"""Stand-ins for models, for tests of what asks them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from revenuer.errors import InputError
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.tasks import open_task
from revenuer.models import Capability, Completion, Distributions
from revenuer.models.interface import Usage

USAGE = Usage(asked_tokens=10, written_tokens=5)
TASK = open_task({"name": "chain", "steps": 2})


class Scripted:
    """Answers by a rule, and keeps what it was asked and with which seed."""

    name = "scripted"
    capabilities = Capability.TEXT

    def __init__(
        self,
        rule: Callable[[str, int], str] = lambda prompt, seed: f"12#{seed % 7}",
        *,
        usage: Usage | None = USAGE,
        fails_after: int | None = None,
    ) -> None:
        self._rule, self._usage, self._fails_after = rule, usage, fails_after
        self._lock = threading.Lock()
        self.asked: list[tuple[str, int]] = []
        self.temperatures: set[float] = set()

    def generate(
        self, prompts: Sequence[str], *, limit: int, temperature: float = 1.0, seed: int = 0
    ) -> list[Completion]:
        """Answer, until it fails."""
        self.temperatures.add(temperature)
        with self._lock:
            if self._fails_after is not None and len(self.asked) >= self._fails_after:
                raise InputError("the server is gone")
            self.asked += [(prompt, seed) for prompt in prompts]
        return [Completion(self._rule(prompt, seed), usage=self._usage) for prompt in prompts]

    def encode(self, text: str) -> list[int]:
        """Fail: who is asked for text is not asked for this."""
        raise AssertionError(self)

    def score(self, context: Sequence[int], completion: Sequence[int]) -> Distributions:
        """Fail: who is asked for text is not asked for this."""
        raise AssertionError(self)


def served(model: Scripted) -> Speaker:
    """Return a teacher that is paid for."""
    return Speaker(model, TASK, "served", 5, is_served=True)


def here(model: Scripted) -> Speaker:
    """Return a teacher that runs on this machine."""
    return Speaker(model, TASK, "here", 5)
