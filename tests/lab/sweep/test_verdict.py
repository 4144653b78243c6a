"""Tests of revenuer.lab.sweep.verdict."""

from __future__ import annotations

import math

import pytest
from scipy.stats import t

from revenuer.errors import EvidenceError
from revenuer.lab.sweep import verdict
from revenuer.lab.sweep.verdict import Price, Row, crossing, mean_of

FREE = Price("none", 1.0, 1.0, 0.0)


def _rows(
    defence: str, accuracies: dict[tuple[int, int], float], attacker: str = "plain"
) -> list[Row]:
    return [
        {"defence": defence, "attacker": attacker, "queries": queries, "training": training,
         "size": "1x8", "seed": seed, "accuracy": accuracy}
        for (queries, training), accuracy in accuracies.items()
        for seed in range(3)
    ]  # fmt: skip


NONE = _rows("none", {(100, 1): 0.2, (100, 3): 0.95, (1_000, 1): 1.0, (1_000, 3): 1.0})
LOW = {(100, 1): 0.15, (100, 3): 0.15, (1_000, 1): 0.15, (1_000, 3): 0.15}


def _word(rows: list[Row]) -> str:
    (_, told) = verdict.of(
        [*NONE, *rows], [FREE, Price("d", 1.0, 0.5, 0.0)], teacher=1.0, chance=0.14, missing={}
    )
    return told.word


@pytest.mark.parametrize(
    ("reached", "attacker", "word"),
    [
        ({}, "plain", "holds in this sweep"),
        ({(1_000, 3): 0.58}, "plain", "weakens"),
        ({(1_000, 3): 0.56}, "plain", "holds in this sweep"),
        ({(1_000, 3): 0.89}, "plain", "weakens"),
        ({(1_000, 3): 0.91}, "plain", "slows down"),
        ({(1_000, 1): 0.91}, "plain", "no protection"),
        ({(100, 3): 0.91}, "plain", "no protection"),
        ({(100, 1): 0.91}, "plain", "no protection"),
        ({(1_000, 1): 0.91}, "adaptive", "slows down"),
    ],
)
def test_a_defence_is_judged_by_the_best_that_was_made_of_it(
    reached: dict[tuple[int, int], float], attacker: str, word: str
) -> None:
    rows = _rows("d", LOW | (reached if attacker == "plain" else {}))

    assert _word(rows + (_rows("d", reached, attacker) if attacker != "plain" else [])) == word


def test_where_nobody_is_taught_without_a_defence_nothing_is_shown() -> None:
    weak = _rows("none", LOW)

    (_, told) = verdict.of(
        [*weak, *_rows("d", LOW)],
        [FREE, Price("d", 1.0, 0.5, 0.0)],
        teacher=1.0,
        chance=0.14,
        missing={},
    )

    assert told.word == "not shown"


def test_what_only_the_known_taught_is_no_verdict_on_a_defence() -> None:
    known = _rows("none", {(5, 1): 1.0}, "known")

    (told,) = verdict.of(
        [*_rows("none", LOW), *known], [FREE], teacher=1.0, chance=0.14, missing={}
    )

    assert told.best.value == pytest.approx(0.15)


def test_a_mean_has_students_interval_cut_to_what_can_be() -> None:
    told = mean_of([0.9, 0.95, 1.0])

    half = t.ppf(0.975, 2) * 0.05 / math.sqrt(3)
    assert told.value == pytest.approx(0.95)
    assert told.low == pytest.approx(0.95 - half)
    assert told.high == 1.0
    assert mean_of([0.5]) == verdict.Mean(0.5, 0.0, 1.0, 1, 0.5)


@pytest.mark.parametrize(
    ("curve", "found"),
    [
        ([(100, 0.95), (1_000, 1.0)], 100.0),
        ([(100, 0.1), (1_000, 0.2)], None),
        ([(100, 0.8), (10_000, 1.0)], 1_000.0),
        ([(100, 0.2), (1_000, 0.9)], 1_000.0),
        ([], None),
    ],
)
def test_a_curve_crosses_where_a_straight_line_over_the_logarithm_does(
    curve: list[tuple[int, float]], found: float | None
) -> None:
    told = crossing(curve, 0.9)

    assert told == (None if found is None else pytest.approx(found))


def test_a_verdict_says_its_price_and_the_way_there() -> None:
    rows = _rows("noise:0.3", {(100, 1): 0.1, (1_000, 1): 0.12, (1_000, 3): 0.97, (100, 3): 0.1})
    price = Price("noise:0.3", 1.0, 0.7, 0.3)

    free, told = verdict.of([*NONE, *rows], [FREE, price], teacher=1.0, chance=0.14, missing={})

    assert told.word == "slows down"
    assert told.best_cell == {"attacker": "plain", "queries": 1_000, "training": 3, "size": "1x8"}
    assert told.queries_to_teach["1x training, 1x8"] is None
    reached = told.queries_to_teach["3x training, 1x8"]
    assert reached is not None
    assert 100 < reached < 1_000
    assert told.sentence == (
        "noise:0.3: slows down. At best the plain student gets 97% [97%, 97%] right over 3 seeds, "
        "the best of them 97%, with 1,000 queries and 3x training; guessing gets 14%. 90 % of "
        "the teacher with 1x "
        f"training, 1x8: never reached. 90 % of the teacher with 3x training, 1x8: reached at "
        f"about {reached:,.0f} queries. An honest reader keeps 100% of the right answers and 70% "
        "of the steps; 30% of the steps shown are wrong or out of place."
    )
    assert free.word == "none"
    assert free.sentence.startswith("Without a defence the plain student gets 100%")
    assert "honest reader" not in free.sentence


def test_the_cheapest_of_equal_cells_is_named() -> None:
    (told,) = verdict.of(NONE, [FREE], teacher=1.0, chance=0.14, missing={})

    assert (told.best_cell["queries"], told.best_cell["training"]) == (1_000, 1)


def test_what_one_seed_broke_does_not_hold() -> None:
    rows = _rows("d", LOW)
    lucky = {"queries": 1_000, "training": 3, "seed": 2}
    for row in rows:
        if lucky.items() <= row.items():
            row["accuracy"] = 1.0

    # The mean of its cell is 0.43, below half-way.
    assert _word(rows) == "weakens"


@pytest.mark.parametrize(
    ("missing", "seeds", "word", "said"),
    [
        ({}, 3, "holds in this sweep", ""),
        ({"other": 4}, 3, "holds in this sweep", ""),
        ({"d": 2, "none": 3}, 3, "holds in this sweep so far",
         " Cells not run, those without a defence among them: 5."),
        ({}, 2, "holds in this sweep so far", " Fewer than three seeds: chance may have decided."),
    ],
)  # fmt: skip
def test_a_verdict_says_what_it_lacks(
    missing: dict[str, int], seeds: int, word: str, said: str
) -> None:
    rows = [row for row in _rows("d", LOW) if row["seed"] < seeds]

    (_, told) = verdict.of(
        [*NONE, *rows], [FREE, Price("d", 1.0, 0.5, 0.0)], teacher=1.0, chance=0.14, missing=missing
    )

    assert told.word == word
    assert told.sentence.endswith("50% of the steps." + said)


def test_a_defence_that_teaches_where_nothing_else_does_protects_nothing() -> None:
    (_, told) = verdict.of(
        [*_rows("none", LOW), *_rows("d", {(100, 1): 0.95})],
        [FREE, Price("d", 1.0, 0.5, 0.0)], teacher=1.0, chance=0.14, missing={},
    )  # fmt: skip

    assert told.word == "no protection"


@pytest.mark.parametrize(("teacher", "chance"), [(0.0, 0.0), (0.15, 0.14), (0.6, 0.5)])
def test_a_teacher_that_guesses_shows_nothing(teacher: float, chance: float) -> None:
    with pytest.raises(EvidenceError, match="nothing can be shown of a defence"):
        verdict.check_teacher(teacher, chance)
    verdict.check_teacher(0.9, chance)
