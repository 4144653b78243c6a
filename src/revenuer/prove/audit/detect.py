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
from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from revenuer.errors import InputError
from revenuer.prove.audit import eprocess, tails
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.windows import Seen, Tokens, Windows, read, windows
from revenuer.prove.marks import prf
from revenuer.prove.marks.keys import WatermarkKey

NULL = "the texts were made without this key"
Scores = NDArray[np.float64]


class Mark(Protocol):
    """What a detector needs to know of a scheme: its name and how many tokens a window has."""

    @property
    def name(self) -> str:
        """`gumbel` or `green`."""
        ...

    @property
    def window(self) -> int:
        """Tokens in a window."""
        ...


@runtime_checkable
class _HasShare(Protocol):
    @property
    def gamma(self) -> float: ...


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
        scores: (units,) Exp(1) scores, or 1 for a hit and 0 for none.
        total: Their sum.
        log10_p: Exact tail.
        path: (units,) log10 of the e-process after each unit.
    """

    scores: Scores
    total: float
    log10_p: float
    path: Scores


def detect(
    texts: Sequence[ArrayLike],
    key: WatermarkKey | int,
    scheme: Mark,
    seen: Seen | None = None,
    *,
    contexts: Sequence[ArrayLike] | None = None,
    test: str = "detect",
) -> Evidence:
    """Test whether texts carry a mark.

    Args:
        texts: Token ids of each text, from its first generated token on; lengths may differ.
        key: The key, or its seed in 0 .. 2^64 - 1.
        scheme: A Gumbel mark or a green-list mark.
        seen: What this audit met before; give the same object to every test of one audit.
        contexts: What the suspect was given for each text (prompt, examples, retrieved text); a
            window that stands there is never scored.
        test: Name of the test in what is returned.

    Returns:
        Evidence; `log10_e` is the e-process at the last unit, `details["highest_log10_e"]` its
        highest value, of which 10^-x bounds the chance of ever getting there under the null.

    Raises:
        InputError: Texts that are no rows of token ids, or an unknown scheme.
    """
    units = first_units(texts, scheme.window, seen, contexts=contexts)
    judged = judge(units, seed_of(key), scheme)
    highest = float(judged.path.max()) if len(judged.path) else 0.0
    details: dict[str, float | int | str] = {
        "scheme": scheme.name,
        "window": scheme.window,
        "texts": len(texts),
        "highest_log10_e": max(highest, 0.0),
    }
    if isinstance(scheme, _HasShare):
        details["gamma"] = scheme.gamma
    if isinstance(key, WatermarkKey):
        details["key"] = key.digest
    return Evidence(
        test, NULL, units.seen, len(units.tokens), judged.total, judged.log10_p,
        log10_e=float(judged.path[-1]) if len(judged.path) else 0.0,
        dropped=units.dropped, details=details,
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
    seen = Seen() if seen is None else seen
    held = [read(text, name=f"text {i}") for i, text in enumerate(texts)]
    if contexts is not None:
        if len(contexts) != len(held):
            raise InputError(f"{len(held)} texts, but {len(contexts)} contexts")
        for context in contexts:
            seen.note_context(context, width)
    total = sum(len(text) for text in held)
    if not total:
        none = np.empty(0, np.int64)
        return Units(np.empty((0, width), np.int64), none, none, none, 0, {})
    before = np.concatenate([windows(text, width) for text in held])
    tokens = np.concatenate(held)
    text = np.repeat(np.arange(len(held)), [len(one) for one in held])
    place = np.concatenate([np.arange(len(one)) for one in held])
    in_context = seen.in_context(before)
    kept = seen.first(before, tokens)
    dropped = {
        f"{seen.unit} met before": int((~kept & ~in_context).sum()),
        "window in a context": int(in_context.sum()),
    }
    return Units(
        before[kept], tokens[kept], text[kept], place[kept], total,
        {reason: count for reason, count in dropped.items() if count},
    )  # fmt: skip


def judge(units: Units, seed: int, scheme: Mark) -> Judged:
    """Score units with one key: exact p-value, and the e-process after each unit."""
    scores = unit_scores(units.windows, units.tokens, seed, scheme)
    if isinstance(scheme, _HasShare):
        chance = share_of(scheme)
        hits = int(scores.sum())
        log10_p = float(tails.binomial_log10_sf(hits, len(scores), chance))
        return Judged(scores, float(hits), log10_p, eprocess.hits_path(scores, chance))
    total = math.fsum(scores)
    log10_p = float(tails.gamma_log10_sf(total, len(scores)))
    return Judged(scores, total, log10_p, eprocess.scores_path(scores))


def unit_scores(windows: Windows, tokens: Tokens, seed: int, scheme: Mark) -> Scores:
    """Return what each token scores in its window: (units,) Exp(1), or 0 and 1 for green lists.

    Raises:
        InputError: The scheme is neither a Gumbel nor a green-list mark.
    """
    numbers = prf.numbers(seed, windows, tokens)
    if isinstance(scheme, _HasShare):
        return (numbers < np.float32(scheme.gamma)).astype(np.float64)
    if scheme.name != "gumbel":
        raise InputError(f"no test for a mark called {scheme.name!r}", hint="use gumbel or green")
    return -np.log1p(-numbers.astype(np.float64))


def share_of(scheme: _HasShare) -> float:
    """Return the chance that a token is green: the grid of numbers rounds `gamma` up, if at all."""
    return min(math.ceil(float(np.float32(scheme.gamma)) * 2**24) / 2**24, 1 - 2**-24)


def log10_tail(scheme: Mark, totals: ArrayLike, n: int) -> Scores:
    """Return log10 p of totals of n units each, for many keys or places at once."""
    if isinstance(scheme, _HasShare):
        hits = np.asarray(totals).astype(np.int64)
        return tails.binomial_log10_sf(hits, n, share_of(scheme))
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
