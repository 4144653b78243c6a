"""Small charts as SVG text: lines on two logarithmic axes, one panel a quantity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from revenuer import svg

Line = tuple[Sequence[float], Sequence[float]]
#: Okabe and Ito's palette.
COLOURS = ("#0072B2", "#D55E00", "#009E73")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 420, 300, 62, 16, 40, 44


def log_log(title: str, across: str, lines: Mapping[str, Line]) -> str:
    """Return one panel for each line, side by side, with its value beside every point."""
    width = WIDTH * len(lines)
    panels = [
        f'<g transform="translate({WIDTH * i},0)">{_panel(name, across, *line, COLOURS[i])}</g>'
        for i, (name, line) in enumerate(lines.items())
    ]
    said = "; ".join(
        f"{name}: " + ", ".join(f"{y:.3g} at {x:,.0f}" for x, y in zip(*line, strict=True))
        for name, line in lines.items()
    )
    return svg.document(title, said, width, HEIGHT, panels)


def _panel(name: str, across: str, xs: Sequence[float], ys: Sequence[float], colour: str) -> str:
    low_x, high_x = _decades(xs)
    low_y, high_y = _decades(ys)

    def place(x: float, y: float) -> tuple[float, float]:
        right = (math.log10(x) - low_x) / (high_x - low_x)
        up = (math.log10(y) - low_y) / (high_y - low_y)
        return (
            LEFT + right * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM),
        )

    parts = [f'<text x="{LEFT}" y="22" font-weight="bold" fill="#222222">{escape(name)}</text>']
    for decade in range(low_x, high_x + 1):
        x, y = place(10.0**decade, 10.0**low_y)
        parts.append(f'<path d="M{x:.1f} {y:.1f}V{TOP}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" {_MIDDLE}>{_short(10.0**decade)}</text>')
    for decade in range(low_y, high_y + 1):
        x, y = place(10.0**low_x, 10.0**decade)
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" {_END}>{_short(10.0**decade)}</text>')
    points = [place(x, y) for x, y in zip(xs, ys, strict=True)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
    for (x, y), value in zip(points, ys, strict=True):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{colour}"/>')
        parts.append(f'<text x="{x - 5:.1f}" y="{y - 8:.1f}" {_END}>{_written(value)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.1f}" y="{HEIGHT - 8}" {_MIDDLE}>{escape(across)}</text>')
    return "".join(parts)


_MIDDLE = 'text-anchor="middle" fill="#444444"'
_END = 'text-anchor="end" fill="#444444"'


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _written(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
