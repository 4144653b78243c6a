"""Does this text carry the mark of this key?

Null model: the texts, and what was given to whoever wrote them, were made without the key. Then
the numbers behind the mark are independent of the texts, uniform and, each window being scored once
in the whole audit, independent of each other: a Gumbel score is Exp(1), so that n of them sum to
Gamma(n, 1), and a token is green with the chance of a green list. The p-value is the exact tail.

It misleads when the null is false for another reason: somebody who holds the key, or who learnt
parts of the mark by asking for scores, can make such text. And a text without a mark may have had
one: paraphrase and translation take it away. No evidence is not innocence.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from revenuer.errors import InputError
from revenuer.prove.audit import eprocess, tails
from revenuer.prove.audit import tokens as token_ids
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.tokens import Scored
from revenuer.prove.audit.windows import Seen, Tokens, Windows, windows
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey

NULL = "the texts were made without this key"
Mark = GumbelMark | GreenMark
Scores = NDArray[np.float64]


class Units(NamedTuple):
    """What is scored, in order: windows met for the first time and the token after each.

    Attributes:
        windows: (units, width) token ids.
        tokens: (units,) token ids.
        text: (units,) which text each stands in.
        place: (units,) where in that text.
        seen: Tokens looked at.
        dropped: Tokens left out, by reason.
    """

    windows: Windows
    tokens: Tokens
    text: NDArray[np.int64]
    place: NDArray[np.int64]
    seen: int
    dropped: dict[str, int]


class Judged(NamedTuple):
    """What a key makes of units.

    Attributes:
        total: Sum of scores, of weighted scores, or log10 of the last e-value.
        log10_p: Exact, or an upper bound; at most 0.
        path: (units,) log10 of the e-process after each unit.
    """

    total: float
    log10_p: float
    path: Scores

    @property
    def log10_e(self) -> float:
        """The e-process at the last unit."""
        return float(self.path[-1]) if len(self.path) else 0.0

    @property
    def highest_log10_e(self) -> float:
        """Its highest value; under the null it ever gets to x with a chance of at most 10^-x."""
        return float(self.path.max(initial=0.0))


def detect(
    texts: Sequence[ArrayLike],
    key: WatermarkKey | int,
    scheme: Mark,
    seen: Seen | None = None,
    *,
    contexts: Sequence[ArrayLike] | None = None,
) -> Evidence:
    """Test whether texts carry a mark.

    Args:
        texts: Token ids of each text, from its first generated token on; lengths may differ.
        key: The key, or its seed in 0 .. 2^64 - 1.
        scheme: A Gumbel mark or a green-list mark.
        seen: What this audit met before; give the same object to every test of one audit.
        contexts: What the suspect was given for each text (prompt, examples, retrieved text); a
            window that stands there is never scored.

    Returns:
        Evidence; `log10_e` is the e-process at the last unit, `details["highest_log10_e"]` its
        highest value, of which 10^-x bounds the chance of ever getting there under the null.

    Raises:
        InputError: Texts that are no rows of token ids.
    """
    units = first_units(texts, scheme.window, seen, contexts=contexts)
    judged = judge(units, seed_of(key), scheme)
    return evidence(units, judged, key, scheme, texts=len(texts))


def evidence(
    units: Units,
    judged: Judged,
    key: WatermarkKey | int,
    scheme: Mark,
    *,
    texts: int,
) -> Evidence:
    """Return what a key makes of units as evidence; arguments as elsewhere in this module."""
    details: dict[str, float | int | str] = {
        "scheme": scheme.name,
        "window": scheme.window,
        "texts": texts,
        "highest_log10_e": judged.highest_log10_e,
    }
    if isinstance(scheme, GreenMark):
        details["gamma"] = scheme.gamma
    if isinstance(key, WatermarkKey):
        details["key"] = key.digest
    return Evidence(
        "detect", NULL, units.seen, len(units.tokens), judged.total, judged.log10_p,
        log10_e=judged.log10_e, dropped=units.dropped, details=details,
    )  # fmt: skip


def first_units(
    texts: Sequence[ArrayLike],
    width: int,
    seen: Seen | None = None,
    *,
    contexts: Sequence[ArrayLike] | None = None,
) -> Units:
    """Return what may be scored: units that neither this audit nor a suspect's context had before.

    Args:
        texts: As in `detect`; which texts come first decides which occurrence counts.
        width: Tokens in a window.
        seen: As in `detect`; a new one if left out.
        contexts: As in `detect`: as many as texts, each may be empty.
    """
    if contexts is not None and len(contexts) != len(texts):
        raise InputError(f"{len(texts)} texts, but {len(contexts)} contexts")
    lines = token_ids.lines(texts, contexts or ())
    return units_of(token_ids.scored(lines), width, Seen() if seen is None else seen)


def units_of(given: Iterable[Scored], width: int, seen: Seen) -> Units:
    """Return the units of texts, in the order in which they were taken in.

    Args:
        given: Each with the contexts that came before it, which bar it and all that follow.
        width: Tokens in a window.
        seen: What was met before.

    Raises:
        InputError: What was said does not fit what was read.
    """
    none = np.empty(0, np.int64)
    rows = [(np.empty((0, width), np.int64), none, none, none)]
    waiting = list(rows)
    looked_at, dropped = 0, Counter[str]()

    def take() -> None:
        before, tokens, text, place = map(np.concatenate, zip(*waiting, strict=True))
        kept, left_out = seen.take(before, tokens)
        dropped.update(left_out)
        rows.append((before[kept], tokens[kept], text[kept], place[kept]))
        waiting[1:] = []

    # Texts between two contexts are taken together: one by one would cost more than their tokens.
    for number, one in enumerate(given):
        if one.contexts:
            take()
        for context in one.contexts:
            seen.note_context(context, width)
        looked_at += len(one.tokens)
        numbers, places = np.full(len(one.tokens), number), np.arange(len(one.tokens))
        waiting.append((windows(one.before, width), one.tokens, numbers, places))
    take()
    before, tokens, text, place = map(np.concatenate, zip(*rows, strict=True))
    return Units(before, tokens, text, place, looked_at, dict(dropped))


def judge(units: Units, seed: int, scheme: Mark) -> Judged:
    """Score units with one key: exact p-value, and the e-process after each unit."""
    return judged(scheme.scores(seed, units.windows, units.tokens), scheme)


def judged(scores: Scores, scheme: Mark, *, units: int | None = None) -> Judged:
    """Return what (n,) scores say; with `units`, n of which missing ones count as nothing."""
    n = len(scores) if units is None else units
    total = math.fsum(scores)
    if isinstance(scheme, GreenMark):
        path = eprocess.hits_path(scores, scheme.share)
    else:
        path = eprocess.scores_path(scores)
    return Judged(total, float(log10_tail(scheme, total, n)), path)


def log10_tail(scheme: Mark, totals: ArrayLike, n: int) -> Scores:
    """Return log10 p of totals of n units each, for many keys or places at once."""
    if isinstance(scheme, GreenMark):
        hits = np.asarray(totals).astype(np.int64)
        return tails.binomial_log10_sf(hits, n, scheme.share)
    return tails.gamma_log10_sf(totals, n)


def seed_of(key: WatermarkKey | int) -> int:
    """Return the number that the mark's numbers are made of.

    Raises:
        InputError: A number outside 0 .. 2^64 - 1.
    """
    if isinstance(key, WatermarkKey):
        return key.seed
    if not 0 <= key < 1 << 64:
        raise InputError("a seed lies in 0 .. 2^64 - 1")
    return key
