"""What does it take to remove the mark, or to forge it? Attacks on texts, students and keys.

Each attack gives token ids, which are tested as any others. All of it is made from the still of
`runs/radioactivity.py`, and cached there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from still import COMPLETION, PROMPT, Answers, Ids, Still

from revenuer.models import small
from revenuer.models.interface import Model
from revenuer.prove.audit.detect import detect
from revenuer.prove.audit.windows import windows

#: Completions a test, of 91 tokens each, and tests an attack.
TOGETHER, TESTS = 5, 40
ASK = "Reword the text. Keep its meaning, use other words and another order. Answer with the text."


class Outcome(NamedTuple):
    """What is left of the mark.

    Attributes:
        attack: In words.
        tests: How many sets of texts.
        tokens: Median tokens a test.
        log10_p: Median.
        found: Share of tests with p at most 1e-4, also where there are too few units for a verdict.
    """

    attack: str
    tests: int
    tokens: float
    log10_p: float
    found: float


def outcome(still: Still, attack: str, texts: list[Ids], *, seed: int = 1) -> Outcome:
    """Test texts in sets of a few, as one would test an account's answers."""
    sets = [texts[i : i + TOGETHER] for i in range(0, len(texts) - TOGETHER + 1, TOGETHER)]
    found = [detect(one, still.key(seed), still.recipe.mark) for one in sets]
    logs = np.array([one.log10_p for one in found])
    tokens = float(np.median([one.seen for one in found]))
    return Outcome(attack, len(sets), tokens, float(np.median(logs)), float((logs <= -4).mean()))


def on_texts(still: Still) -> Iterator[Outcome]:
    """Yield what is left after each change of marked texts."""
    rng = np.random.default_rng(21)
    count = TOGETHER * TESTS
    log = Answers({name: rows[:count] for name, rows in still.marked(1).items()})
    marked, plain = log["completions"], still.plain(1)["completions"][:count]
    yield outcome(still, "none", list(marked))
    yield outcome(still, "none, text without a mark", list(plain))
    for kept in (45, 20):
        yield outcome(still, f"truncated to the first {kept} tokens", list(marked[:, :kept]))
    yield outcome(still, "20 tokens from the middle", list(marked[:, 40:60]))
    for share in (0.5, 0.25, 0.1):
        is_marked = rng.random(count) < share
        mixed = np.where(is_marked[:, None], marked, plain)
        yield outcome(still, f"mixed: {share:.0%} of answers marked", list(mixed))
    for share in (0.1, 0.3, 0.5):
        changed = list(redrawn(still, log, share, rng))
        yield outcome(still, f"{share:.0%} of tokens drawn again", changed)
    again = [encoded(still, still.tokeniser.decode(text.tolist())) for text in marked]
    yield outcome(still, "decoded and encoded again", again)


def redrawn(still: Still, log: Answers, share: float, rng: np.random.Generator) -> Iterator[Ids]:
    """Yield completions in which a share of tokens is drawn anew by the teacher, unmarked."""
    for row in log.rows:
        told = small.distributions(still.teacher, row)[PROMPT - 1 : -1]
        drawn = (np.log(told + 1e-12) + rng.gumbel(size=told.shape)).argmax(1)
        yield np.where(rng.random(COMPLETION) < share, drawn, row[PROMPT:])


def encoded(still: Still, text: str) -> Ids:
    """Return a text's ids in our tokeniser, as the tokeniser puts them."""
    return np.array(still.tokeniser.encode(text).ids, np.int64)


def reworded(still: Still, rewriter: Model, ask: Callable[[str], str], count: int) -> list[str]:
    """Return texts and below each what a real model makes of it, one after another."""
    texts = [
        still.tokeniser.decode(row.tolist()).strip()
        for row in still.marked(1)["completions"][:count]
    ]
    written = rewriter.generate([ask(text) for text in texts], limit=110, temperature=0.7, seed=5)
    return [
        part
        for pair in zip(texts, (one.text.strip() for one in written), strict=True)
        for part in pair
    ]


def kept_share(before: str, after: str) -> float:
    """Return the share of a text's three-word sequences that its rewording still has."""
    threes = [_threes(text) for text in (before, after)]
    return len(threes[0] & threes[1]) / max(len(threes[0]), 1)


def _threes(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[i : i + 3]) for i in range(len(words) - 2)}


def guessed(still: Still, guesses: int) -> tuple[float, float]:
    """Return log10 p of the real key, and the best of so many random ones, over one set."""
    texts = list(still.marked(1)["completions"][:TOGETHER])
    rng = np.random.default_rng(22)
    real = detect(texts, still.key(1), still.recipe.mark).log10_p
    best = min(
        detect(texts, int(key), still.recipe.mark).log10_p
        for key in rng.integers(1 << 63, size=guesses)
    )
    return real, best


def spoofed(still: Still, observed: int) -> list[Ids]:
    """Return texts of somebody without the key who saw that many of our answers.

    After each two tokens he writes what he saw most often after them, and where he saw nothing,
    any token that he saw after the last one.
    """
    after: dict[tuple[int, ...], dict[int, int]] = {}
    for text in still.marked(1)["completions"][:observed]:
        for window, token in zip(windows(text, 2).tolist(), text.tolist(), strict=True):
            for place in (tuple(window), (window[1],)):
                counts = after.setdefault(place, {})
                counts[token] = counts.get(token, 0) + 1
    rng = np.random.default_rng(23)
    return [_imitated(after, rng) for _ in range(TOGETHER * TESTS)]


def _imitated(after: dict[tuple[int, ...], dict[int, int]], rng: np.random.Generator) -> Ids:
    # Begins where somebody's answer began, so that texts differ.
    text = [-1, -1]
    while len(text) < COMPLETION + 2:
        counts = after.get(tuple(text[-2:])) or after[(text[-1],)]
        tokens, times = list(counts), np.array(list(counts.values()), np.float64)
        if len(text) < 4:
            text.append(tokens[int(rng.choice(len(tokens), p=times / times.sum()))])
        else:
            # Now and then the second most frequent: a table that is followed blindly loops.
            best = [tokens[i] for i in np.argsort(-times)[:2]]
            text.append(best[-1] if rng.random() < 0.2 else best[0])
        if (text[-1],) not in after:
            text[-1] = text[2]
    return np.array(text[2:], np.int64)


def at_temperatures(still: Still, share: float, seed: int) -> dict[float, NDArray[np.int64]]:
    """Return what a student writes at each temperature: (600, COMPLETION) ids."""
    student = still.student(seed, share)
    prompts = still.prompts(np.random.default_rng([seed, 8]), 600)
    found = {}
    for temperature in (0.0, 0.5, 1.0, 1.3):

        def make(temperature: float = temperature) -> dict[str, Ids]:
            choose = small.sampler(np.random.default_rng(9), temperature=temperature)
            return {"written": small.generate(student, prompts, COMPLETION, choose)}

        name = f"temperature-{seed}-{share:g}-{temperature:g}"
        found[temperature] = still.arrays(name, make)["written"]
    return found


def rinsed(still: Still, share: float) -> small.SmallModel:
    """Return a student of marked text of which that share of tokens was drawn again."""

    def make() -> dict[str, Ids]:
        log, rng = still.marked(1), np.random.default_rng(24)
        completions = np.stack(list(redrawn(still, log, share, rng)))
        return {"rows": np.concatenate([log["prompts"], completions], axis=1)}

    rows = still.arrays(f"rinsed-{share:g}", make)["rows"]
    return still.model(f"student-rinsed-{share:g}", lambda: still.taught(rows, 1))
