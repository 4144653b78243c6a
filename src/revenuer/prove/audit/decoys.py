"""Would other keys have scored as well on the same texts?

Decoys are keys derived from the real one, so whoever committed to it committed to them, and
nothing was ever marked with them. If the texts were made without any of the keys, the real key's
score is as likely to have any place among theirs, so its rank is a p-value that needs no tail at
all: a check of the exact one, down to 1 / (decoys + 1).

Where the texts were chosen with the key (contexts taken from what we served) decoys never had the
same chance, and the rank is a diagnostic only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from revenuer.errors import InputError
from revenuer.prove.marks.keys import WatermarkKey

COUNT = 999


class Rank(NamedTuple):
    """Where the key stands among its decoys.

    Attributes:
        decoys: Keys tried beside the real one.
        at_least: Decoys that scored at least as well.
        log10_p: log10 of (1 + at_least) / (decoys + 1).
        smallest_log10_p: log10 of the smallest that could have come out.
    """

    decoys: int
    at_least: int
    log10_p: float
    smallest_log10_p: float


def rank(score: Callable[[int], float], key: WatermarkKey, *, count: int = COUNT) -> Rank:
    """Score the same units with decoys. Costs `count` times what the key itself costs.

    Args:
        score: What a seed makes of the units, higher for more evidence.
        key: The real key.
        count: Decoys, 1 or more.

    Raises:
        InputError: No decoy.
    """
    if count < 1:
        raise InputError("a rank needs at least one decoy")
    reached, *others = (score(one.seed) for one in (key, *key.decoys(count)))
    at_least = sum(other >= reached for other in others)
    return Rank(count, at_least, math.log10((1 + at_least) / (count + 1)), -math.log10(count + 1))
