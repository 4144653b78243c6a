"""What a sweep found, as a page for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from revenuer.html import Column, Html, page, table, tag
from revenuer.lab import curves
from revenuer.lab.curves import Point
from revenuer.lab.distil.store import write
from revenuer.lab.sweep.grid import Cell
from revenuer.lab.sweep.verdict import Row, Verdict, mean_of, over_seeds


def publish(
    path: Path,
    rows: Sequence[Row],
    found: Sequence[Verdict],
    missing: Sequence[Cell],
    *,
    levels: Mapping[str, float],
) -> None:
    """Write the page.

    Args:
        path: File.
        rows: One a cell.
        found: One a defence.
        missing: Cells that were not run.
        levels: Accuracy of `teacher` and of `chance`.
    """
    not_run = f"Not run: {len(missing):,} cells. " + "; ".join(map(str, missing)) + "."
    write(
        path,
        page(
            "What defences are worth",
            *(tag("p", each.sentence) for each in found),
            *(Html(each) for each in pictures(rows, levels=levels)),
            cells_table(rows),
            tag("p", not_run, class_="note") if missing else None,
            tag("p", _LIMITS, class_="note"),
        ),
    )


_LIMITS = (
    "Intervals are of the mean over seeds (Student's t). A defence that holds here holds against "
    "these attackers with these budgets on this task, and is not shown to hold elsewhere. Withheld "
    "reasoning may be restored by larger models than these."
)


def pictures(rows: Sequence[Row], *, levels: Mapping[str, float]) -> list[str]:
    """Return a picture of accuracy against queries for each training budget and size."""
    found = []
    means = over_seeds(rows)
    for training, size in sorted({(row["training"], row["size"]) for row in rows}):
        lines: dict[str, list[Point]] = {}
        for (defence, attacker, queries, budget, own_size), values in sorted(means.items()):
            if (budget, own_size) == (training, size) and attacker != "known":
                mean = mean_of(values)
                name = defence if attacker == "plain" else f"{defence}, {attacker}"
                point = Point(queries, mean.value, mean.low, mean.high)
                lines.setdefault(name, []).append(point)
        if lines:
            title = f"Accuracy against queries, {training}x training, student {size}"
            found.append(curves.draw(title, "queries", lines, levels=levels))
    return found


def cells_table(rows: Sequence[Row]) -> Html:
    """Return the means over seeds."""
    columns = [
        Column("Defence"),
        Column("Attacker"),
        Column("Queries", is_number=True),
        Column("Training", is_number=True),
        Column("Student"),
        Column("Seeds", is_number=True),
        Column("Right", is_number=True),
        Column("95 % interval", is_number=True),
        Column("Lowest and highest seed", is_number=True),
    ]
    said = []
    for (defence, attacker, queries, training, size), values in sorted(over_seeds(rows).items()):
        mean = mean_of(values)
        said.append(
            (
                defence,
                attacker,
                f"{queries:,}",
                f"{training}x",
                size,
                f"{mean.seeds}",
                f"{mean.value:.1%}",
                f"{mean.low:.1%} – {mean.high:.1%}",
                f"{min(values):.1%} – {max(values):.1%}",
            )
        )
    return table("Accuracy over seeds", columns, said)
