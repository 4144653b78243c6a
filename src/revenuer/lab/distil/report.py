"""What a distillation found, as a page for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from revenuer.html import Column, Html, page, table, tag
from revenuer.lab import curves
from revenuer.lab.curves import Point
from revenuer.lab.distil.account import Account
from revenuer.lab.distil.store import write
from revenuer.lab.distil.tables import Trained

if TYPE_CHECKING:
    from revenuer.lab.distil.run import Distilled


def publish(path: Path, told: Distilled) -> None:
    """Write the page."""
    pictures = [_picture(told, *each) for each in _ACROSS]
    write(
        path,
        page(
            "A distillation",
            *(tag("p", sentence) for sentence in told.sentences()),
            *(Html(picture) for picture in pictures if picture),
            _students(told),
            _account(told.account),
            tag("p", _LIMITS, class_="note"),
        ),
    )


_LIMITS = (
    "Intervals are of the problems drawn, not of the seeds of the training: give several seeds. "
    "Operations are products of matrices, a multiply-add is two; prices are those of the "
    "experiment's file. Not in the account: searching for settings, measuring, people."
)
_Across = Callable[[Trained], float | None]
_ACROSS: Sequence[tuple[str, str, _Across]] = (
    ("Accuracy against queries", "responses learnt from", lambda each: each.queries),
    (
        "Accuracy against student size",
        "operations a token served",
        lambda each: each.flops_per_token,
    ),
    (
        "Accuracy against training",
        "operations of the student's training",
        lambda each: each.training_flops.number if each.training_flops else None,
    ),
)


def _picture(told: Distilled, title: str, across: str, x_of: _Across) -> str | None:
    """Return one picture, a line for each student of the experiment; None without numbers."""
    lines: dict[str, list[Point]] = {}
    for each in told.students:
        x, measured = x_of(each), each.fidelity
        if x:
            point = Point(x, measured.accuracy, measured.low, measured.high)
            lines.setdefault(each.settings.name, []).append(point)
    if not lines:
        return None
    levels = {"teacher": told.stage.teacher_fidelity.accuracy, "chance": told.stage.task.chance}
    ordered = {name: sorted(line) for name, line in lines.items()}
    return curves.draw(title, across, ordered, levels=levels)


def _students(told: Distilled) -> Html:
    columns = [
        Column("Student"),
        Column("Method"),
        Column("Responses", is_number=True),
        Column("Right", is_number=True),
        Column("95 % interval", is_number=True),
        Column("As the teacher", is_number=True),
        Column("Served", is_number=True),
        Column("Whole", is_number=True),
    ]
    rows = [
        (
            each.name,
            each.settings.method,
            f"{each.queries:,}",
            f"{each.fidelity.accuracy:.1%}",
            f"{each.fidelity.low:.1%} – {each.fidelity.high:.1%}",
            f"{each.fidelity.agreement:.1%}",
            _times(told.account.served_ratio[each.name]),
            _times(told.account.whole_ratio[each.name]),
        )
        for each in told.students
    ]
    return table(
        "Students. Served: how many times more operations a token takes the teacher. Whole: how "
        "many times more the teacher's training took than asking it and training the student.",
        columns,
        rows,
    )


def _account(account: Account) -> Html:
    columns = [
        Column("Phase"),
        Column("Model"),
        Column("Queries", is_number=True),
        Column("Tokens", is_number=True),
        Column("Operations", is_number=True),
        Column("CPU seconds", is_number=True),
        Column("USD", is_number=True),
    ]
    rows = [
        (
            each.phase,
            each.model,
            f"{each.queries:,}",
            f"{each.tokens:,}",
            "not known"
            if each.flops is None
            else f"{each.flops:.3g}{'' if each.is_counted else ' (estimated)'}",
            "–" if each.cpu_seconds is None else f"{each.cpu_seconds:,.1f}",
            "–" if each.usd is None else f"{each.usd:.2g}",
        )
        for each in account.entries
    ]
    return table("Compute account", columns, rows)


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:,.1f}"
