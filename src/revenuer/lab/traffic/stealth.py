"""How hard does a campaign try not to be seen?

Each dial has a loud setting first and a silent one last. A kind fixes the dials that make it what
it is; the rest are drawn, the louder the lower the stealth. From the dials follow the families of
ties that the campaign leaves by construction:

* footprint: cards are shared, or addresses come from a pool that its accounts share;
* templates: one frame, verbatim or with slots;
* partition: a grid of tasks is swept and no cell is asked twice;
* synchrony: one dispatcher (common bursts, round-robin), a common ban and take-over, or a common
  move to the new model or from searching to harvesting;
* lifecycle: accounts made in one batch, in full use at once, with even volumes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from revenuer.lab.traffic.frames import Style, TextMode

FAMILIES = ("footprint", "templates", "partition", "synchrony", "lifecycle")

#: dial -> settings from loud to silent
CHOICES: dict[str, tuple[Any, ...]] = {
    "cards": ("shared", "few", "own"),
    "pool": ("datacentre", "residential", "unique"),
    "text": ("verbatim", "slots", "paraphrased"),
    "is_swept": (True, False),
    "timing": ("round_robin", "bursts", "flat"),
    "made": ("batch", "spread"),
    "volumes": ("even", "uneven"),
    "mail": ("throwaway", "mixed"),
    "client": ("one", "few", "own"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """The settings of one campaign.

    Attributes:
        seats: Accounts at work at one time.
        each: Exchanges of an account.
        replaced_share: Seats whose account is replaced within the window, in [0, 1].
        has_common_ban: All are banned at once and a new pool takes over.
        pivot_share: Share of the traffic that moves to the new model within a day.
        has_search: Techniques are tried out before the volume.
        style: What is harvested (`frames.Style`).
        cover_share: Exchanges that are ordinary chat, in [0, 1).
    """

    kind: str
    stealth: float
    seats: int
    each: int
    cards: str = "own"
    pool: str = "unique"
    text: TextMode = "none"
    is_swept: bool = False
    timing: str = "flat"
    made: str = "spread"
    volumes: str = "uneven"
    mail: str = "mixed"
    client: str = "own"
    replaced_share: float = 0.0
    has_common_ban: bool = False
    pivot_share: float = 0.0
    has_search: bool = False
    has_wrapper: bool = False
    style: Style = "reasoning"
    cover_share: float = 0.0

    @property
    def families(self) -> tuple[str, ...]:
        """The families of ties left by construction."""
        found = {
            "footprint": self.cards != "own" or self.pool != "unique",
            "templates": self.text in ("verbatim", "slots"),
            "partition": self.is_swept,
            "synchrony": self.timing != "flat"
            or self.has_common_ban
            or self.has_search
            or self.pivot_share > 0,
            "lifecycle": self.made == "batch",
        }
        return tuple(name for name in FAMILIES if found[name])


def draw(
    rng: np.random.Generator,
    kind: str,
    fixed: dict[str, Any],
    *,
    stealth: float,
    seats: int,
    each: int,
) -> Dials:
    """Return the dials of one campaign.

    `fixed` maps a dial to a setting, or to a tuple of settings to draw from. `stealth` is 0 for
    the loudest and 1 for the most silent of its kind.
    """
    known = {f.name for f in fields(Dials)}
    values: dict[str, Any] = {}
    for dial, settings in CHOICES.items():
        # The number of silent steps is binomial in the stealth.
        step = int(rng.binomial(len(settings) - 1, stealth))
        values[dial] = settings[step]
    values["replaced_share"] = float(rng.choice([0.0, 0.3, 0.8], p=[0.5, 0.3, 0.2]))
    values["cover_share"] = float(rng.uniform(0, 0.12) * stealth)
    for dial, setting in fixed.items():
        values[dial] = (
            setting[int(rng.integers(len(setting)))] if isinstance(setting, tuple) else setting
        )
    dials = Dials(kind=kind, stealth=stealth, seats=seats, each=each)
    return replace(dials, **{k: v for k, v in values.items() if k in known})
