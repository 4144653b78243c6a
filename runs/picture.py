"""A chart of p-values against the marked share of a student's training, as SVG text."""

from __future__ import annotations

import math
from typing import Any

from revenuer import svg

#: Okabe and Ito's palette, and a mark of its own for each, since colour alone tells not everybody.
LINES = (
    ("open, supervised, beside the teacher", ("open", "supervised", "contrast"), "#0072B2", ""),
    ("open, supervised, what it says first", ("open", "supervised", "tokens"), "#D55E00", "7 3"),
    (
        "open, fresh text, beside the teacher",
        ("open", "unsupervised", "contrast"),
        "#009E73",
        "2 3",
    ),
    (
        "closed, supervised, what it writes",
        ("closed", "supervised", "tokens"),
        "#CC79A7",
        "9 3 2 3",
    ),
)
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 780, 380, 70, 300, 44, 52
FLAG = 4.0
TITLE = "Evidence against students by the marked share of their training"


def draw(rows: list[dict[str, Any]]) -> str:
    """Return the chart: -log10 p on a logarithmic axis from 1, every seed a dot, medians a line."""
    shares = sorted({row["share"] for row in rows})
    across = {share: LEFT + i * (WIDTH - LEFT - RIGHT) / max(len(shares) - 1, 1)
              for i, share in enumerate(shares)}  # fmt: skip
    highest = math.ceil(math.log10(max(10.0, *(-row["log10_p"] for row in rows))))

    def up(log10_p: float) -> float:
        decades = math.log10(max(1.0, -log10_p)) / highest
        return HEIGHT - BOTTOM - decades * (HEIGHT - TOP - BOTTOM)

    parts, told = [], []
    for decade in range(highest + 1):
        y = up(-(10.0**decade))
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
        label = "p ≥ 0.1" if decade == 0 else f"10^-{10**decade}"
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    y = up(-FLAG)
    parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#222222"/>')
    parts.append(f'<text x="{LEFT + 4}" y="{y - 5:.1f}">evidence from here up</text>')
    for share, x in across.items():
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 30}" text-anchor="middle">{share:.0%}</text>')
    for place, (name, kind, colour, dash) in enumerate(LINES):
        points = []
        for share, x in across.items():
            found = [row["log10_p"] for row in rows
                     if (row["weights"], row["way"], row["statistic"]) == kind
                     and row["share"] == share]  # fmt: skip
            middle = sorted(found)[len(found) // 2]
            points.append(f"{x:.1f} {up(middle):.1f}")
            told.append(f"{name}, {share:.0%}: {middle:.1f}")
            parts += [
                f'<circle cx="{x:.1f}" cy="{up(one):.1f}" r="3" fill="{colour}"/>' for one in found
            ]
        parts.append(
            f'<path d="M{"L".join(points)}" fill="none" stroke="{colour}" stroke-width="1.8" '
            f'stroke-dasharray="{dash}"/>'
        )
        y = TOP + 20 + 24 * place
        x = WIDTH - RIGHT + 12
        parts.append(
            f'<path d="M{x} {y - 4}h24" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dash}"/><text x="{x + 30}" y="{y}" font-size="11">{name}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">marked share of training</text>'
    )
    said = "log10 p, medians over students: " + "; ".join(told)
    name = f'<text x="{LEFT}" y="22" font-weight="bold" fill="#222222">{TITLE}</text>'
    return svg.document(TITLE, said, WIDTH, HEIGHT, [name, *parts])
