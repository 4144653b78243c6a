"""What a defence is worth, in plain words with its price.

A student counts as taught when it reaches 90 % of the teacher. A defence is judged by the best that
any attacker of the sweep made of it, over seeds on average, with whatever training it had:

* *no protection*: with no more queries and no more training than without it;
* *slows down*: with more training, more queries or more cunning;
* *weakens*: never, but some seed was better than half-way from chance to the teacher;
* *holds in this sweep*: no seed was. A larger budget may still get round it;
* *not shown*: nor was any student taught without it, so the budgets were too small to tell.

*So far* stands behind the word where cells are missing or seeds are fewer than three.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import t

from revenuer.errors import EvidenceError

Row = dict[str, Any]
#: Share of the teacher's accuracy that counts as taught.
TAUGHT = 0.9
#: With fewer one lucky or unlucky training decides.
SEEDS = 3


@dataclass(frozen=True)
class Price:
    """What a defence costs an honest reader.

    Attributes:
        defence: Which.
        answers_right: Share of right answers that stay right.
        steps_kept: Share of the reasoning's steps that are still there, unchanged and in order.
        steps_off: Share of the shown steps that are wrong or out of place.
    """

    defence: str
    answers_right: float
    steps_kept: float
    steps_off: float


@dataclass(frozen=True)
class Mean:
    """A mean over seeds and its 95 % interval by Student's t, cut to [0, 1].

    Attributes:
        value, low, high: In [0, 1]; with one seed the interval is all of it.
        seeds: How many.
        highest: Of the best seed.
    """

    value: float
    low: float
    high: float
    seeds: int
    highest: float


@dataclass(frozen=True)
class Verdict:
    """What a defence is worth.

    Attributes:
        defence: Which.
        word: `none`, `no protection`, `slows down`, `weakens`, `holds in this sweep` or `not
            shown`; ends in `so far` where that may change.
        best: The best accuracy of any attacker and budget, over seeds.
        best_cell: Attacker, queries, training and size that reached it.
        queries_to_teach: Queries at which the plain attacker reaches 90 % of the teacher, by
            training budget and size; None if it never does. Between two budgets it is read off a
            straight line over the logarithm.
        price: What it costs an honest reader.
        sentence: All that in words.
    """

    defence: str
    word: str
    best: Mean
    best_cell: dict[str, Any]
    queries_to_teach: dict[str, float | None]
    price: Price
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return asdict(self)


def mean_of(values: Sequence[float]) -> Mean:
    """Return the mean over seeds with its interval."""
    middle, highest = float(np.mean(values)), max(values)
    if len(values) < 2:
        return Mean(middle, 0.0, 1.0, len(values), highest)
    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values)))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Mean(middle, low, high, len(values), highest)


def check_teacher(teacher: float, chance: float) -> None:
    """Refuse a teacher whose students would count as taught before they are half-way to it.

    Raises:
        EvidenceError: It is hardly better than guessing.
    """
    if TAUGHT * teacher <= (teacher + chance) / 2:
        raise EvidenceError(
            f"the teacher gets {teacher:.1%} right and guessing {chance:.1%}: nothing can be shown "
            "of a defence",
            hint="train it longer, or take a task that it can do and whose answers are known",
        )


def of(
    rows: Sequence[Row],
    prices: Sequence[Price],
    *,
    teacher: float,
    chance: float,
    missing: Mapping[str, int],
) -> list[Verdict]:
    """Return a verdict for each defence.

    Args:
        rows: One a cell: defence, attacker, queries, training, size, seed, accuracy.
        prices: One a defence, `none` among them.
        teacher: Its accuracy.
        chance: Accuracy of guessing.
        missing: Defence to its cells that were not run, the attacker `known` left out.
    """
    tried = [row for row in rows if row["attacker"] != "known"]
    means = {key: mean_of(values) for key, values in over_seeds(tried).items()}
    taught = TAUGHT * teacher
    free = [key for key, mean in means.items() if key[0] == "none" and mean.value >= taught]
    found = []
    for price in prices:
        own = {key: mean for key, mean in means.items() if key[0] == price.defence}
        best = max(own, key=lambda key: (own[key].value, [-x for x in key[2:4]]))
        word = _word(price.defence, own, free, taught, (teacher + chance) / 2)
        not_run = sum(missing.get(each, 0) for each in {price.defence, "none"})
        fewest = min(mean.seeds for mean in own.values())
        if word != "none" and (not_run or fewest < SEEDS):
            word += " so far"
        needed = _queries_to_teach(own, taught)
        cell = dict(zip(("attacker", "queries", "training", "size"), best[1:], strict=True))
        sentence = _sentence(price, word, own[best], cell, needed, chance)
        sentence += _reserves(not_run, fewest)
        found.append(Verdict(price.defence, word, own[best], cell, needed, price, sentence))
    return found


_Key = tuple[str, str, int, int, str]


def over_seeds(rows: Sequence[Row]) -> dict[_Key, list[float]]:
    """Return (defence, attacker, queries, training, size) -> the accuracy of each seed."""
    values: dict[_Key, list[float]] = {}
    for row in rows:
        key = (row["defence"], row["attacker"], row["queries"], row["training"], row["size"])
        values.setdefault(key, []).append(row["accuracy"])
    return values


def _word(
    defence: str, own: dict[_Key, Mean], free: Sequence[_Key], taught: float, half: float
) -> str:
    if defence == "none":
        return "none"
    reached = [key for key, mean in own.items() if mean.value >= taught]
    if not free:
        return "no protection" if reached else "not shown"
    if any(
        one[1] == "plain" and one[2] <= other[2] and one[3] <= other[3] and one[4] == other[4]
        for one, other in itertools.product(reached, free)
        if _is_cheapest(other, free)
    ):
        return "no protection"
    if reached:
        return "slows down"
    return "weakens" if max(mean.highest for mean in own.values()) > half else "holds in this sweep"


def _is_cheapest(key: _Key, free: Sequence[_Key]) -> bool:
    """Return whether no undefended cell of this size is taught with less of both."""
    return not any(
        other != key and other[4] == key[4] and other[2] <= key[2] and other[3] <= key[3]
        for other in free
    )


def _queries_to_teach(own: dict[_Key, Mean], taught: float) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for training, size in sorted({(key[3], key[4]) for key in own}):
        curve = sorted(
            (key[2], mean.value)
            for key, mean in own.items()
            if key[1] == "plain" and key[3:] == (training, size)
        )
        found[f"{training}x training, {size}"] = crossing(curve, taught)
    return found


def crossing(curve: Sequence[tuple[int, float]], level: float) -> float | None:
    """Return where a curve first reaches a level, between points over the logarithm of x.

    Args:
        curve: (x, y) by rising x, x above 0.
        level: What y is to reach.

    Returns:
        The first x if y is there already; None if it never is.
    """
    before = None
    for x, y in curve:
        if y >= level:
            if before is None:
                return float(x)
            done = (level - before[1]) / (y - before[1])
            return float(math.exp(math.log(before[0]) + done * math.log(x / before[0])))
        before = (x, y)
    return None


def _reserves(not_run: int, fewest: int) -> str:
    """Return what speaks against trusting a verdict."""
    said = f" Cells not run, those without a defence among them: {not_run:,}." if not_run else ""
    return said + (" Fewer than three seeds: chance may have decided." if fewest < SEEDS else "")


def _sentence(
    price: Price,
    word: str,
    best: Mean,
    cell: dict[str, Any],
    needed: dict[str, float | None],
    chance: float,
) -> str:
    start = "Without a defence" if word == "none" else f"{price.defence}: {word}. At best"
    said = (
        f"{start} the {cell['attacker']} student gets {best.value:.0%} "
        f"[{best.low:.0%}, {best.high:.0%}] right over {best.seeds} seeds, the best of them "
        f"{best.highest:.0%}, with {cell['queries']:,} queries and {cell['training']}x training; "
        f"guessing gets {chance:.0%}."
    )
    for budget, queries in needed.items():
        reached = "never reached" if queries is None else f"reached at about {queries:,.0f} queries"
        said += f" 90 % of the teacher with {budget}: {reached}."
    if word != "none":
        said += (
            f" An honest reader keeps {price.answers_right:.0%} of the right answers and "
            f"{price.steps_kept:.0%} of the steps"
        )
        off = f"; {price.steps_off:.0%} of the steps shown are wrong or out of place"
        said += f"{off if price.steps_off else ''}."
    return said
