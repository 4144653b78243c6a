"""Tests of revenuer.lab.sweep.report."""

from __future__ import annotations

from pathlib import Path

from revenuer.lab.sweep import report, verdict
from revenuer.lab.sweep.grid import Cell
from revenuer.lab.sweep.verdict import Price, Row

ROWS: list[Row] = [
    {"defence": defence, "attacker": attacker, "queries": queries, "training": training,
     "size": "1x8", "seed": seed, "accuracy": accuracy + seed / 100}
    for defence, attacker, queries, training, accuracy in [
        ("none", "plain", 100, 1, 0.5), ("none", "plain", 900, 1, 0.9),
        ("withhold", "plain", 100, 1, 0.1), ("withhold", "adaptive", 100, 3, 0.3),
        ("none", "known", 5, 1, 0.2),
    ]
    for seed in (0, 1, 2)
]  # fmt: skip
LEVELS = {"teacher": 1.0, "chance": 0.14}
PRICES = [Price("none", 1.0, 1.0, 0.0), Price("withhold", 1.0, 0.0, 0.0)]


def test_a_picture_a_budget_with_the_attackers_apart() -> None:
    one, three = report.pictures(ROWS, levels=LEVELS)

    assert "Accuracy against queries, 1x training, student 1x8" in one
    assert "none: 51.0% at 100, 91.0% at 900; withhold: 11.0% at 100" in one
    assert "withhold, adaptive: 31.0% at 100" in three
    assert "known" not in one + three


def test_the_page_holds_verdicts_pictures_and_cells(tmp_path: Path) -> None:
    found = verdict.of(ROWS, PRICES, teacher=1.0, chance=0.14, missing={})

    missing = [Cell("withhold", "plain", 900, 1, "1x8", 2)]
    report.publish(tmp_path / "report.html", ROWS, found, missing, levels=LEVELS)

    page = (tmp_path / "report.html").read_text()
    assert "withhold: holds in this sweep." in page
    assert page.count("<svg") == 2
    assert "<td>known</td>" in page
    assert "50.0% – 52.0%" in page
    assert "is not shown to hold elsewhere" in page
    assert "Not run: 1 cells. withhold, plain, 900 queries, 1x training, 1x8, seed 2." in page
