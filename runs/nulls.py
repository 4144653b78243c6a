"""How often is the innocent accused? Two simulations.

`other_keys`: students that saw no mark, judged with keys that marked nothing. What they predict is
cached; a key costs milliseconds.

`own_logs`: what no other key can show. In a supervised audit the text is the key's own making, so
each of thousands of keys marks a log of its own, and a suspect that knows none of them reads it.
The teacher is a table here, for speed: after each token one of a few distributions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from still import Answers, Still

from revenuer.prove.audit.filters import frequent
from revenuer.prove.audit.radioactivity import STATISTICS, RadioactivityAudit
from revenuer.prove.marks import prf
from revenuer.prove.marks.gumbel import GumbelMark

LEVELS = (1e-2, 1e-3, 1e-4)
#: Units and candidates of the audits that are judged with many keys.
UNITS, CANDIDATES = 300, 64
#: Of the table that stands for a teacher: tokens, texts a log, tokens a text.
TOKENS, TEXTS, LENGTH = 24, 12, 40
Row = dict[str, Any]
Logs = NDArray[np.float64]


def other_keys(
    still: Still,
    seeds: tuple[int, ...],
    keys: int,
    predictions: Callable[..., Any],
    fresh: Callable[[Still, int], Answers],
) -> list[Row]:
    """Return the share of small p-values of each kind of audit, over students and keys."""
    found: dict[str, list[float]] = {}
    for seed in seeds:
        student = still.student(seed, 0.0)
        log = still.marked(seed)
        texts = {
            "supervised": Answers({name: rows[:12] for name, rows in log.items()}),
            "unsupervised": fresh(still, 12),
        }
        for way, read in texts.items():
            each = {
                statistic: RadioactivityAudit(
                    0, still.recipe.mark, statistic=statistic, units=UNITS,
                    candidates=CANDIDATES, is_supervised=way == "supervised",
                )
                for statistic in STATISTICS
            }  # fmt: skip
            for prompt, completion, suspect, ours in predictions(still, student, read):
                for audit in each.values():
                    audit.add_read(completion, suspect, reference=ours, context=prompt)
            seeds_of_keys = np.random.default_rng([seed, 6]).integers(1 << 63, size=keys)
            for statistic, audit in each.items():
                name = f"open {way} {statistic}"
                found.setdefault(name, []).extend(
                    audit.judge(int(key)).log10_p for key in seeds_of_keys
                )
    return _shares(found)


def own_logs(keys: int) -> list[Row]:
    """Return the share of small p-values where each key marked the log that is read."""
    rng = np.random.default_rng(7)
    mark = GumbelMark(candidates=TOKENS)
    teacher = rng.dirichlet(np.full(TOKENS, 0.3), TOKENS)
    suspect = 0.5 * teacher + 0.5 * rng.dirichlet(np.full(TOKENS, 0.3), TOKENS)
    found: dict[str, list[float]] = {}
    for _ in range(keys):
        key = int(rng.integers(1 << 63))
        log = _log(mark, key, teacher, rng)
        for statistic in STATISTICS:
            audit = RadioactivityAudit(key, mark, statistic=statistic, is_supervised=True)
            for text in log:
                at = np.concatenate([[0], text[:-1]])
                audit.add_read(text, suspect[at], reference=teacher[at])
            found.setdefault(f"open supervised {statistic}", []).append(audit.judge(key).log10_p)
        closed = RadioactivityAudit(key, mark, only=frequent(log, mark.window, least=1))
        for text in _written(suspect, rng):
            closed.add_written(text)
        found.setdefault("closed supervised tokens", []).append(closed.judge(key).log10_p)
    return _shares(found)


def _log(
    mark: GumbelMark, key: int, teacher: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the texts that one key marks: (TEXTS, LENGTH)."""
    logits = np.log(teacher).astype(np.float32)
    every = np.tile(np.arange(TOKENS), (TEXTS, 1))
    written = np.full((TEXTS, mark.window + LENGTH), prf.ABSENT)
    for step in range(LENGTH):
        now = written[:, step : step + mark.window]
        is_repeated = np.zeros(TEXTS, np.bool_)
        for earlier in range(step):
            is_repeated |= (written[:, earlier : earlier + mark.window] == now).all(1)
        drawn = mark.draw(
            key, now, every, logits[np.maximum(now[:, -1], 0)], rng, repeated=is_repeated
        )
        written[:, step + mark.window] = drawn
    return written[:, mark.window :]


def _written(suspect: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return texts that a suspect writes: (TEXTS, LENGTH)."""
    ups = suspect.cumsum(1)
    out = np.zeros((TEXTS, LENGTH), np.int64)
    last = np.zeros(TEXTS, np.int64)
    for step in range(LENGTH):
        last = (ups[last] < rng.random((TEXTS, 1))).sum(1).clip(max=TOKENS - 1)
        out[:, step] = last
    return out


def _shares(found: dict[str, list[float]]) -> list[Row]:
    rows = []
    for name, logs in found.items():
        for level in LEVELS:
            share = float(np.mean(np.asarray(logs) <= np.log10(level)))
            error = float(np.sqrt(level * (1 - level) / len(logs)))
            rows.append({
                "audit": name, "level": level, "keys": len(logs), "share": share,
                "excess_sigma": (share - level) / error,
            })  # fmt: skip
    return rows
