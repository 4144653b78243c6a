"""Where in a longer text is the mark?

A family of spans is fixed by the number of units alone: lengths that grow by a half from 24 units
to the whole text, each length placed every eighth of itself. Each span has the exact p-value of its
own units; what is reported is that times the number of spans (Bonferroni). So whatever parts of the
text are marked, the chance that any span without a marked token in it is reported at level a is at
most a. The best span is taken first, then the best of those that do not touch it, and so on.

No span is named in a text with fewer units than a verdict needs. A span is reported as a whole: its
edges are as fine as the family, about an eighth of its length, and a span may reach over the edge
of what is marked.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from revenuer.prove.audit.detect import (
    NULL,
    Mark,
    first_units,
    log10_tail,
    seed_of,
)
from revenuer.prove.audit.evidence import FEWEST, FLAG, Evidence
from revenuer.prove.audit.windows import Seen
from revenuer.prove.marks.keys import WatermarkKey

SHORTEST = 24
GROWTH = 1.5
PLACES = 8


class Span(NamedTuple):
    """A stretch of a text.

    Attributes:
        start: First token.
        stop: After its last token.
        units: Units scored in it.
        statistic: Sum of their scores, or hits.
        log10_p: log10 of its p-value times the number of spans looked at, at most 0.
    """

    start: int
    stop: int
    units: int
    statistic: float
    log10_p: float


class Localised(NamedTuple):
    """The whole text's evidence, and the spans found, in the order of the text."""

    evidence: Evidence
    spans: tuple[Span, ...]


class Family(NamedTuple):
    """Spans of units: (spans,) first unit and after the last, grouped by length."""

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]


def localise(
    text: ArrayLike,
    key: WatermarkKey | int,
    scheme: Mark,
    seen: Seen | None = None,
    *,
    context: ArrayLike | None = None,
) -> Localised:
    """Find the marked spans of one text.

    Args:
        text: (tokens,) ids.
        key: The key, or its seed.
        scheme: A Gumbel or a green-list mark.
        seen: What this audit met before.
        context: What the suspect was given; its windows are never scored.

    Returns:
        Evidence whose p-value is the smallest corrected one of all spans, and the spans; each of
        their p-values holds, all at once. No span where there are too few units for a verdict.
    """
    contexts = None if context is None else [context]
    units = first_units([text], scheme.window, seen, contexts=contexts)
    scores = scheme.scores(seed_of(key), units.windows, units.tokens)
    family = spans_of(len(scores))
    logs, totals = corrected(scores, family, scheme)
    found = []
    for one in _apart(family, logs) if len(scores) >= FEWEST else ():
        first, last = family.starts[one], family.stops[one] - 1
        found.append(
            Span(
                int(units.place[first]), int(units.place[last]) + 1, int(last - first + 1),
                float(totals[one]), float(logs[one]),
            )
        )  # fmt: skip
    best = int(np.argmin(logs)) if len(logs) else None
    evidence = Evidence(
        "localise", NULL, units.seen, len(scores),
        0.0 if best is None else float(totals[best]),
        0.0 if best is None else float(logs[best]),
        dropped=units.dropped,
        details={
            "scheme": scheme.name, "window": scheme.window,
            "spans_tried": len(logs), "spans_found": len(found),
        },
    )  # fmt: skip
    return Localised(evidence, tuple(sorted(found)))


def spans_of(units: int) -> Family:
    """Return the spans that are looked at in a text of that many units."""
    starts: list[NDArray[np.int64]] = []
    stops: list[NDArray[np.int64]] = []
    length = min(SHORTEST, units)
    while length:
        at = np.arange(0, units - length + 1, max(length // PLACES, 1))
        at = at if at[-1] == units - length else np.append(at, units - length)
        starts.append(at)
        stops.append(at + length)
        length = 0 if length == units else min(math.ceil(length * GROWTH), units)
    none = np.empty(0, np.int64)
    return Family(np.concatenate([none, *starts]), np.concatenate([none, *stops]))


def corrected(
    scores: NDArray[np.float64], family: Family, scheme: Mark
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return log10 of each span's p-value times the number of spans, and its total score."""
    sums = np.concatenate([[0.0], np.cumsum(scores)])
    totals = np.maximum(sums[family.stops] - sums[family.starts], 0.0)
    logs = np.zeros(len(totals))
    lengths = family.stops - family.starts
    for length in np.unique(lengths):
        here = lengths == length
        logs[here] = log10_tail(scheme, totals[here], int(length))
    return np.minimum(logs + math.log10(max(len(logs), 1)), 0.0), totals


def _apart(family: Family, logs: NDArray[np.float64]) -> list[int]:
    """Return the best span that flags, the best of those apart from it, and so on."""
    free = logs <= FLAG
    chosen = []
    while free.any():
        best = int(np.argmin(np.where(free, logs, np.inf)))
        chosen.append(best)
        free &= (family.stops <= family.starts[best]) | (family.starts >= family.stops[best])
    return chosen
