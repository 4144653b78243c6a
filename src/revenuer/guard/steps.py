"""The steps of a text of reasoning, and how many of them survive.

A step is a line. A text of one line is cut at the ends of its sentences instead, in any script that
marks them. What stands between steps (line ends, blank lines, spaces) is kept apart as gaps, so
that a text is put together again as it was, or with fewer steps and still as text to be read.

Limits: an abbreviation with a full stop before a space ("e.g. this") ends a sentence; a script that
marks no ends of sentences (Thai) gives one step.

[1] H. Hyyrö. Bit-parallel LCS-length computation revisited. AWOCA 2004.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

# An ASCII mark ends a sentence before a space only ("3.5" goes on); those of other scripts always.
# The look-behind and the possessive repeats keep a long row of marks from being read twice.
_END = re.compile(r"""(?<![.!?…])[.!?…]++["'”’»)\]]*+(?=\s|$)|[。！？｡．।॥؟۔።։]++["'”’»」』）]*+""")
_NUMBERING = re.compile(r"\s*\d+\.")


@dataclass(frozen=True)
class Steps:
    """A text, cut.

    Attributes:
        texts: (steps,) each as it stood, without white space after it.
        gaps: (steps + 1,) white space before each and after the last.
        by_sentence: Whether sentences were cut, not lines.
    """

    texts: tuple[str, ...]
    gaps: tuple[str, ...]
    by_sentence: bool

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def is_finished(self) -> bool:
        """Whether the last step may stand before another and stay a step."""
        last = self.texts[-1]
        return not self.by_sentence or any(end.end() == len(last) for end in _END.finditer(last))

    def written(self, texts: Sequence[str]) -> str:
        """Return a text with other steps in the place of these, as many."""
        pairs = zip(self.gaps, texts, strict=False)
        return "".join(chain(*pairs, self.gaps[-1:]))

    def only(self, places: Iterable[int]) -> str:
        """Return a text with the steps at some places, in rising order; empty without any."""
        found: list[str] = []
        after = 0
        for place in places:
            # Of the gaps that are left side by side the widest parts as well as they did.
            between = max(self.gaps[after : place + 1], key=len) if found else self.gaps[0]
            found += (between, self.texts[place])
            after = place + 1
        return "".join((*found, self.gaps[-1])) if found else ""


def cut(text: str, *, by_sentence: bool | None = None) -> Steps:
    """Return the steps of a text.

    Args:
        text: One step a line, or a single line of sentences.
        by_sentence: Whether to cut each line at the ends of its sentences; None: if there is but
            one line.
    """
    lines = text.splitlines(keepends=True)
    if by_sentence is None:
        by_sentence = sum(1 for line in lines if line.strip()) == 1
    texts: list[str] = []
    gaps = [""]
    for line in lines:
        for piece in _sentences(line) if by_sentence else (line,):
            step = piece.rstrip()
            if step:
                texts.append(step)
                gaps.append("")
            gaps[-1] += piece[len(step) :]
    return Steps(tuple(texts), tuple(gaps), by_sentence)


def _sentences(line: str) -> list[str]:
    """Return pieces that make up the line: a sentence each, or the white space before one."""
    ends = [0]
    for end in _END.finditer(line):
        # "1. Add the two. 2. Halve it." has two sentences, not four.
        if not _NUMBERING.fullmatch(line, ends[-1], end.end()):
            ends.append(end.end())
    pieces = []
    for start, stop in zip(ends, (*ends[1:], len(line)), strict=True):
        piece = line[start:stop]
        body = piece.lstrip()
        pieces += [piece[: len(piece) - len(body)], body]
    return pieces


def longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence.

    Takes len(second) operations on whole numbers of len(first) bits [1].
    """
    places: dict[str, int] = {}
    for place, step in enumerate(first):
        places[step] = places.get(step, 0) | 1 << place
    full = (1 << len(first)) - 1
    row = full
    for step in second:
        hit = row & places.get(step, 0)
        row = ((row + hit) | (row - hit)) & full
    return (full & ~row).bit_count()
