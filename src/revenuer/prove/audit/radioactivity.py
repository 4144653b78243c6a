"""Was this model trained on our marked outputs? Radioactivity [1].

A student takes over a little of what it was taught after each window of tokens, the key's choices
with it. Asked in windows like those, it leans to them.

Null model: the suspect was made without the key: neither key nor marked text reached its training.
Then the key's numbers are uniform and independent of whatever it says, under four conditions that
this module keeps: a window is scored once in the whole audit; not if it stood in what the suspect
was given; in our own marked text only its first occurrence in the order of generation, because
only the tokens up to there tell nothing of its numbers; and only windows of a filter that was fixed
beforehand, if there is one.

What is given, in two kinds:

* *closed* weights: `add_written`, text that the suspect wrote. Exact tail over its tokens.
* *open* weights: `add_read`, the distributions that it predicts in some text. `tokens` scores what
  it would say first, with the exact tail. `whole` asks the distribution, `contrast` beside that of
  our own model, by the bets of `bets`; there p is 1 / e.

*Supervised* means that the text which an open model reads comes from our own marked log. It was
then selected by the key, so that bounds for fixed weights do not hold: `whole` uses bets there, and
the exact Chernoff bound elsewhere. Decoy keys give an exact p-value unsupervised, and a picture
supervised.

How many windows there are may depend on the key where the text does. `units`, fixed beforehand,
takes that freedom away: missing windows count as nothing.

It misleads if somebody else published our marked text and the suspect learnt from that; and no
evidence is not innocence: rewording the outputs before training removes the mark.

[1] T. Sander et al. Watermarking makes language models radioactive. NeurIPS 2024.
    https://arxiv.org/abs/2402.14904
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import ArrayLike, NDArray

from revenuer.errors import InputError
from revenuer.prove.audit import detect, readings
from revenuer.prove.audit.decoys import rank
from revenuer.prove.audit.detect import Judged
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.filters import Filter
from revenuer.prove.audit.readings import Distributions, Reading, Statistic
from revenuer.prove.audit.windows import Seen, Windows, read, windows
from revenuer.prove.marks.keys import WatermarkKey

NULL = "the suspect was trained without marked text of this key"
STATISTICS: tuple[Statistic, ...] = ("tokens", "whole", "contrast")


class RadioactivityAudit:
    """Collects what a suspect says, and tests it.

    Args:
        key: The key, or its seed.
        scheme: The mark that our outputs carry.
        statistic: `tokens`, `whole` or `contrast`; fixed before anything is seen.
        is_supervised: Whether what the suspect reads comes from our own marked log.
        only: The filter, fixed beforehand. None: all windows.
        units: Score the first so many windows; missing ones count as nothing. None: all.
        candidates: Likeliest tokens kept a window, of our own model where it is given.
        seen: Windows met elsewhere in this audit.

    Raises:
        InputError: An unknown statistic, or a bound that is no count.
    """

    def __init__(
        self,
        key: WatermarkKey | int,
        scheme: detect.Mark,
        *,
        statistic: Statistic = "tokens",
        is_supervised: bool = False,
        only: Filter | None = None,
        units: int | None = None,
        candidates: int = 256,
        seen: Seen | None = None,
    ) -> None:
        if statistic not in STATISTICS:
            raise InputError(
                f"no statistic is called {statistic!r}", hint=f"use {', '.join(STATISTICS)}"
            )
        if candidates < 1 or (units is not None and units < 1):
            raise InputError("candidates and units are at least 1")
        detect.seed_of(key)
        self.key, self.scheme, self.statistic = key, scheme, statistic
        self.is_supervised, self.units, self.candidates = is_supervised, units, candidates
        self._only = only
        self._seen = Seen("window") if seen is None else seen
        if self._seen.unit != "window":
            raise InputError("radioactivity scores each window once", hint="use Seen('window')")
        self._parts: list[Reading] = []
        self._looked_at = 0
        self._dropped = Counter[str]()

    @property
    def scored(self) -> int:
        """Units so far."""
        return sum(len(part.windows) for part in self._parts)

    def add_written(self, tokens: ArrayLike, *, context: ArrayLike = ()) -> None:
        """Take in a text that the suspect wrote, likeliest tokens or sampled ones.

        Args:
            tokens: (n,) ids of our tokeniser, from the first generated token on.
            context: Ids of what the suspect was given: prompt, examples, retrieved text.

        Raises:
            InputError: The statistic asks for distributions.
        """
        if self.statistic != "tokens":
            raise InputError(f"{self.statistic} needs distributions", hint="use tokens")
        ids = read(tokens)
        before = windows(ids, self.scheme.window)
        kept = self._take(before, ids, context)
        self._keep(readings.said(before[kept], ids[kept]))

    def add_read(
        self,
        tokens: ArrayLike,
        suspect: Distributions,
        *,
        reference: Distributions | None = None,
        context: ArrayLike = (),
    ) -> None:
        """Take in what the suspect predicts while it reads a text.

        Args:
            tokens: (n,) ids of the text, from the first token of the completion on. Supervised:
                our log, in the order in which it was generated.
            suspect: (n, vocabulary) probabilities of the token at each place, given what is before.
            reference: The same of our own model; `contrast` needs it, nothing else uses it.
            context: As in `add_written`.

        Raises:
            InputError: Shapes differ, something is no probability, or the reference is missing.
        """
        ids = read(tokens)
        _check(suspect, len(ids), "the suspect's distributions")
        ours = self._reference(suspect, reference) if self.statistic == "contrast" else None
        before = windows(ids, self.scheme.window)
        kept = self._take(before, ids, context)
        if self.statistic == "tokens":
            first = suspect[kept].argmax(1).astype(np.int64)
            self._keep(readings.said(before[kept], first))
        else:
            own = None if ours is None else ours[kept]
            self._keep(readings.predicted(before[kept], suspect[kept], own, self.candidates))

    def judge(self, seed: int) -> Judged:
        """Return what any key makes of what was collected; for decoys and checks of the null."""
        if len(self._parts) > 1:
            self._parts = [readings.joined(self._parts)]
        if not self._parts:
            return Judged(0.0, 0.0, np.empty(0))
        if self.statistic == "tokens":
            return readings.judge_tokens(self._parts[0], seed, self.scheme, self.units)
        return readings.judge_bets(
            self._parts[0], seed, self.scheme, is_supervised=self.is_supervised
        )

    def result(self, *, decoys: int = 0) -> Evidence:
        """Return the evidence.

        Args:
            decoys: How many keys derived from the key to judge beside it; needs a `WatermarkKey`.

        Raises:
            InputError: Decoys of a bare seed.
        """
        judged = self.judge(detect.seed_of(self.key))
        details: dict[str, float | int | str] = {
            "scheme": self.scheme.name,
            "window": self.scheme.window,
            "statistic": self.statistic,
            "supervised": str(self.is_supervised).lower(),
            "filtered": str(self._only is not None).lower(),
            "highest_log10_e": judged.highest_log10_e,
        }
        if self.statistic != "tokens":
            details["candidates"] = self.candidates
        if self.units is not None:
            details["registered_units"] = self.units
        if isinstance(self.key, WatermarkKey):
            details["key"] = self.key.digest
        if decoys:
            details |= self._against_decoys(decoys)
        return Evidence(
            "radioactivity", NULL, self._looked_at, self.scored, judged.total, judged.log10_p,
            log10_e=judged.log10_e,
            dropped={reason: count for reason, count in self._dropped.items() if count},
            details=details,
        )  # fmt: skip

    def _take(
        self, before: Windows, ids: NDArray[np.int64], context: ArrayLike
    ) -> NDArray[np.bool_]:
        """Return which windows are scored, and remember all of them."""
        self._seen.note_context(context, self.scheme.window)
        kept, dropped = self._seen.take(before, ids)
        self._looked_at += len(ids)
        self._dropped.update(dropped)
        if self._only is not None:
            is_allowed = self._only.holds(before)
            self._drop("not in the filter", kept & ~is_allowed)
            kept &= is_allowed
        if self.units is not None:
            is_late = kept & (np.cumsum(kept) > self.units - self.scored)
            self._drop("beyond the registered units", is_late)
            kept &= ~is_late
        return kept

    def _drop(self, reason: str, which: NDArray[np.bool_]) -> None:
        self._dropped[reason] += int(which.sum())

    def _keep(self, part: Reading) -> None:
        if len(part.windows):
            self._parts.append(part)

    def _reference(self, suspect: Distributions, reference: Distributions | None) -> Distributions:
        if reference is None:
            raise InputError("contrast needs our own model's distributions", hint="use whole")
        _check(reference, len(suspect), "our own model's distributions")
        if reference.shape != suspect.shape:
            raise InputError(
                f"vocabularies differ: {suspect.shape[1]} and {reference.shape[1]} tokens"
            )
        return reference

    def _against_decoys(self, decoys: int) -> dict[str, float | int | str]:
        if not isinstance(self.key, WatermarkKey):
            raise InputError("decoys are derived from a key, not from its seed")
        found = rank(lambda seed: self.judge(seed).total, self.key, count=decoys)
        return {
            "decoys": decoys,
            "decoy_p": 10.0**found.log10_p,
            "decoy_p_is": "a diagnostic" if self.is_supervised else "exact",
        }


def _check(given: Distributions, length: int, name: str) -> None:
    if given.ndim != 2 or len(given) != length:
        raise InputError(f"{name} have shape {given.shape}, but the text has {length} tokens")
    if not np.isfinite(given).all() or (given < 0).any() or (given.sum(1) > 1.01).any():
        raise InputError(f"{name} are no probabilities", hint="apply softmax to logits")
