"""What does a harvest ask, and in which frame?

A campaign composes its own frame from parts (`words/frames.toml`): persona, mission, elicitation,
output format. `narrow` leaves each campaign a few wordings of each part, so frames differ between
campaigns. Four texts, from loud to silent: `verbatim` (one fixed system prompt), `slots` (one fixed
frame around what varies), `paraphrased` (parts and their order drawn anew for each request) and
`none` (the questions alone).

Six styles say what is harvested: `reasoning`, `instruct` (instructions and their answers),
`tools` (the same with tools offered), `rubric` (grades and preferences), `clean` (traces to be
cleaned) and `replay` (a stored trace to be written out in a new conversation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa

from revenuer.lab.traffic import chat, wording
from revenuer.lab.traffic.people import token_column
from revenuer.lab.traffic.wording import Grammar, Texts
from revenuer.lab.traffic.world import World

TextMode = Literal["verbatim", "slots", "paraphrased", "none"]
Style = Literal["reasoning", "instruct", "tools", "rubric", "clean", "replay"]

#: style -> parts of a frame; a part in brackets is left out by some campaigns.
_PARTS: dict[str, tuple[str, ...]] = {
    "reasoning": ("persona", "mission", "elicit", "[format]"),
    "instruct": ("[persona]", "instruct", "[elicit]", "format"),
    "tools": ("persona", "instruct", "[mission]"),
    "rubric": ("[persona]", "rubric", "[format]"),
    "clean": ("[persona]", "clean", "[format]"),
    "replay": ("[persona]", "replay"),
}
#: Capabilities a harvest may aim at: rule -> weight of its questions.
_TARGETS: tuple[dict[str, float], ...] = (
    {"maths": 1.0},
    {"code": 1.0},
    {"maths": 0.5, "code": 0.5},
    {"ask": 0.6, "maths": 0.2, "code": 0.2},
    {"ask": 1.0},
    {"ask": 0.7, "zh": 0.3},
)
#: Words kept by a campaign that words its frame anew each time, and by one that does not.
_LINES_KEPT = {"persona": 3, "mission": 3, "elicit": 4, "format": 3, "instruct": 3, "rubric": 3}
_WORDS_KEPT = {"adj": 6, "expert": 6, "virtue": 6, "write_out": 5, "thoughts": 5, "inside": 4}


class Asked(NamedTuple):
    """Texts of n harvested exchanges."""

    system: Texts
    prompt: Texts


@dataclass(frozen=True, slots=True)
class Frame:
    """The wording of one campaign.

    Attributes:
        fixed: The frame in words, for `verbatim` and `slots`.
        parts: Rules of its parts, for `paraphrased`.
        is_first: Whether the frame stands before the question.
        wrapper: A text that tries to talk the model out of its limits, or empty.
    """

    grammar: Grammar
    mode: TextMode
    style: Style
    parts: tuple[str, ...]
    fixed: str
    is_first: bool
    wrapper: str
    target: dict[str, float]


def compose(
    rng: np.random.Generator, world: World, *, mode: TextMode, style: Style, has_wrapper: bool
) -> Frame:
    """Return a frame for one campaign."""
    grammar = world.grammar.narrow(rng, _LINES_KEPT | _WORDS_KEPT)
    parts = tuple(
        part.strip("[]") for part in _PARTS[style] if part[0] != "[" or rng.random() < 0.5
    )
    return Frame(
        grammar=grammar,
        mode=mode,
        style=style,
        parts=parts,
        fixed=" ".join(grammar.one(rng, part) for part in parts),
        is_first=bool(rng.random() < 0.7),
        wrapper=grammar.one(rng, "wrapper") + "\n" if has_wrapper else "",
        target=_TARGETS[int(rng.integers(len(_TARGETS)))],
    )


def ask(rng: np.random.Generator, world: World, frame: Frame, n: int, *, grid: Texts) -> Asked:
    """Return the texts of n exchanges; `grid` (n,) holds the cells of a sweep, or is None."""
    body = _body(rng, world, frame, n, grid)
    if frame.mode == "none":
        return Asked(None, body)
    if frame.mode == "verbatim":
        return Asked(pa.repeat(pa.scalar(frame.wrapper + frame.fixed), n), body)
    text = (
        pa.repeat(pa.scalar(frame.fixed), n)
        if frame.mode == "slots"
        else _paraphrases(rng, frame, n)
    )
    ends = (text, "\n\n", body) if frame.is_first else (body, "\n\n", text)
    return Asked(None, wording.joined(frame.wrapper, *ends))


def sweep(rng: np.random.Generator, frame: Frame, n: int) -> Texts:
    """Return n different cells of a grid of subject, skill and level: no cell twice.

    The grid is little larger than n, so strangers who drew from it would meet in many cells.
    """
    lists = [frame.grammar.words(rule) for rule in ("subject", "skill", "level")]
    sizes = [int(rng.integers(len(words) // 2, len(words) + 1)) for words in lists[1:]]
    sizes.insert(0, min(len(lists[0]), max(4, -(-n * 6 // (5 * sizes[0] * sizes[1])))))
    rounds = -(-n * 11 // (10 * int(np.prod(sizes))))
    cells = rng.permutation(int(np.prod(sizes)) * rounds)[:n]
    chosen = [rng.permutation(len(w))[:size] for w, size in zip(lists, sizes, strict=True)]
    variant, rest = np.divmod(cells, int(np.prod(sizes)))
    places = np.unravel_index(rest, sizes)
    columns = [
        pa.array(words).take(pa.array(pick[place]))
        for words, pick, place in zip(lists, chosen, places, strict=True)
    ]
    end = "" if rounds == 1 else wording.joined(" No. ", pa.array(variant + 1).cast(pa.string()))
    layouts = (
        ("Topic: ", 0, ". Skill: ", 1, ". Level: ", 2, "."),
        ("subject=", 0, "; skill=", 1, "; level=", 2),
        ("[", 2, "] ", 1, " in ", 0),
        ("Domain ", 0, ", difficulty ", 2, ", focus on ", 1, "."),
        ("Create it for ", 0, " (", 1, ", ", 2, ")."),
    )
    layout = layouts[int(rng.integers(len(layouts)))]
    return wording.joined(*(columns[p] if isinstance(p, int) else p for p in layout), end)


def blobs(rng: np.random.Generator, n: int) -> Texts:
    """Return n opaque references to stored reasoning, 96 hex digits each."""
    return wording.joined("sig_", *(token_column(rng, n) for _ in range(6)))


def _body(rng: np.random.Generator, world: World, frame: Frame, n: int, grid: Texts) -> Texts:
    if frame.style in ("rubric", "clean"):
        return _candidates(rng, frame, n)
    if frame.mode == "none":
        return chat.talk(rng, world, n)
    if grid is not None and frame.style in ("instruct", "tools"):
        return grid
    question = wording.blend(rng, frame.target, frame.grammar, n)
    return question if grid is None else wording.joined(grid, "\n", question)


def _candidates(rng: np.random.Generator, frame: Frame, n: int) -> Texts:
    question = wording.blend(rng, frame.target, frame.grammar, n)
    sizes = 1 + rng.binomial(3, 0.5, size=(2, n))
    if frame.style == "clean":
        trace = wording.paragraphs(rng, frame.grammar, "steps", sizes[0] + 1)
        return wording.joined("TRACE: ", trace)
    left, right = (wording.paragraphs(rng, frame.grammar, "sentence", s) for s in sizes)
    return wording.joined("Question: ", question, "\n\nA: ", left, "\n\nB: ", right)


def _paraphrases(rng: np.random.Generator, frame: Frame, n: int) -> Texts:
    orders = [rng.permutation(len(frame.parts)) for _ in range(3)]
    picks = rng.integers(len(orders), size=n)
    places = [np.flatnonzero(picks == i) for i in range(len(orders))]
    pieces = []
    for order, rows in zip(orders, places, strict=True):
        texts = [frame.grammar.make(rng, frame.parts[i], len(rows)) for i in order]
        spaced = [t for text in texts for t in (text, " ")][:-1]
        pieces.append(wording.joined(*spaced))
    return wording.scatter(pieces, places, n)
