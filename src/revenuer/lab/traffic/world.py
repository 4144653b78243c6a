"""What everybody shares: the window, the platform's load and outages, models, and the internet.

The platform factor multiplies everyone's activity alike, and an outage takes it to nearly nothing
for everyone at once. Both are innocent reasons for accounts to move together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.lab.traffic.internet import Clients, Internet, client_programmes, lay
from revenuer.lab.traffic.wording import Grammar, english

DAY_S = 86_400.0
BIN_S = 600.0
BINS_A_DAY = int(DAY_S / BIN_S)
#: 2026-03-02 00:00 UTC, a Monday; a run starts on some day within the 39 weeks after it.
_EPOCH_S = 1_772_409_600
_START_WEEKS = 39
#: Rate left during an outage (retries that reach the front door).
_OUTAGE_RATE = 0.02

#: Models by index. The last one is released within the window.
MODELS = ("corvid-large", "corvid-mid", "corvid-small", "corvid-reason", "corvid-large-next")
LARGE, MID, SMALL, REASON, NEXT = range(len(MODELS))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The shared stage of one run.

    Attributes:
        start_s: Start of the window, seconds since 1970 UTC.
        platform: (bins,) factor on everyone's rate, a bin being ten minutes.
        is_outage: (bins,) true where the platform was down.
        release_s: When the new model came out, seconds from the start.
        chat_prompt: System prompt of the provider's own chat page, before the number of the day.
    """

    seed: int
    start_s: int
    days: int
    platform: NDArray[np.float64]
    is_outage: NDArray[np.bool_]
    release_s: float
    internet: Internet
    clients: Clients
    grammar: Grammar
    chat_prompt: str

    @property
    def seconds(self) -> float:
        """Length of the window in seconds."""
        return self.days * DAY_S

    @property
    def volume(self) -> float:
        """Length of the window in weeks."""
        return self.days / 7

    def times(self, seconds: NDArray[np.float64]) -> Any:
        """Return the Arrow timestamp column of seconds from the start of the window."""
        micros = np.round((self.start_s + seconds) * 1e6).astype(np.int64)
        return pa.array(micros).cast(pa.timestamp("us", tz="UTC"))

    def stream(self, *path: int) -> np.random.Generator:
        """Return the generator of one named place in the run; places never share draws."""
        return np.random.default_rng([self.seed, *path])


def build(seed: int, days: int) -> World:
    """Return the stage of a seed."""
    rng = np.random.default_rng([seed, 0])
    bins = days * BINS_A_DAY
    hours = np.arange(bins) * BIN_S / 3600
    slow = sum(
        rng.normal(0, 0.08) * np.sin(2 * np.pi * (hours / period + rng.random()))
        for period in (24.0, 12.0, 61.0, 97.0)
    )
    daily = rng.lognormal(0, 0.15, size=days).repeat(BINS_A_DAY)
    is_outage = _outages(rng, bins, days)
    return World(
        seed=seed,
        start_s=_EPOCH_S + int(rng.integers(_START_WEEKS * 7)) * int(DAY_S),
        days=days,
        platform=np.exp(slow) * daily * np.where(is_outage, _OUTAGE_RATE, 1.0),
        is_outage=is_outage,
        release_s=float(rng.uniform(0.3, 0.7)) * days * DAY_S,
        internet=lay(rng),
        clients=client_programmes(rng),
        grammar=english(),
        chat_prompt=english().one(rng, "platform"),
    )


def _outages(rng: np.random.Generator, bins: int, days: int) -> NDArray[np.bool_]:
    down = np.zeros(bins, dtype=bool)
    for _ in range(1 + int(rng.poisson(days / 5))):
        start = int(rng.integers(bins))
        down[start : start + int(rng.integers(2, 10))] = True
    return down
