"""Accuracy against what it took, as a picture: lines over a logarithmic axis, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from revenuer import svg

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 340, 52, 190, 44, 48
#: Okabe and Ito's palette, which colour-blind people can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#000000")
#: And a dash for each, since colour alone must not carry meaning.
DASHES = ("", "7 4", "2 3", "9 3 2 3", "4 4", "12 3", "1 3")


class Point(NamedTuple):
    """One value: where, how large in [0, 1], and its interval."""

    x: float
    y: float
    low: float
    high: float


def draw(
    title: str,
    across: str,
    lines: Mapping[str, Sequence[Point]],
    *,
    levels: Mapping[str, float],
) -> str:
    """Return the picture.

    Args:
        title: What is shown.
        across: What the logarithmic axis counts.
        lines: Name to points, x above 0.
        levels: Name to value: drawn as flat lines, such as the teacher and chance.
    """
    xs = [point.x for line in lines.values() for point in line]
    low, high = math.log10(min(xs)), math.log10(max(xs))
    low, high = (low - 0.1, high + 0.1) if high - low > 1e-9 else (low - 0.5, high + 0.5)

    def right(x: float) -> float:
        return LEFT + (math.log10(x) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def up(y: float) -> float:
        return HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM)

    end = WIDTH - RIGHT
    parts = [f'<text x="{LEFT}" y="24" font-weight="bold" fill="#222222">{escape(title)}</text>']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<path d="M{LEFT} {up(share):.1f}H{end}" stroke="#dddddd"/>')
        parts.append(
            f'<text x="{LEFT - 8}" y="{up(share) + 4:.1f}" text-anchor="end" fill="#444444">'
            f"{share:.0%}</text>"
        )
    for x in sorted(set(xs)):
        parts.append(
            f'<text x="{right(x):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" '
            f'fill="#444444">{short(x)}</text>'
        )
    for name, level in levels.items():
        parts.append(
            f'<path d="M{LEFT} {up(level):.1f}H{end}" stroke="#777777" stroke-dasharray="3 3"/>'
            f'<text x="{LEFT + 4}" y="{up(level) - 4:.1f}" fill="#555555">{escape(name)}</text>'
        )
    for number, (name, line) in enumerate(lines.items()):
        parts += _line(name, [(right(p.x), up(p.y), up(p.low), up(p.high)) for p in line], number)
    parts.append(
        f'<text x="{(LEFT + end) / 2:.0f}" y="{HEIGHT - 10}" text-anchor="middle" fill="#444444">'
        f"{escape(across)}</text>"
    )
    said = "; ".join(
        f"{name}: " + ", ".join(f"{point.y:.1%} at {short(point.x)}" for point in line)
        for name, line in lines.items()
    )
    return svg.document(title, said, WIDTH, HEIGHT, parts)


def _line(name: str, points: Sequence[tuple[float, float, float, float]], number: int) -> list[str]:
    colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y, _, _ in points)
    stroke = f'stroke="{colour}" stroke-width="1.8" stroke-dasharray="{dash}"'
    parts = [f'<path d="M{path}" fill="none" {stroke}/>']
    for x, y, low, high in points:
        parts.append(f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{colour}"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{colour}"/>')
    height = TOP + 8 + 18 * number
    at = WIDTH - RIGHT + 12
    parts.append(f'<path d="M{at} {height}h22" {stroke}/>')
    parts.append(f'<text x="{at + 28}" y="{height + 4}" fill="#222222">{escape(name)}</text>')
    return parts


def short(number: float) -> str:
    """Return a number as an axis says it.

    Example:
        >>> short(4000), short(8.8e10)
        ('4,000', '8.8e10')
    """
    if number < 1e6:
        return f"{number:,.0f}"
    return f"{number:.1e}".replace("e+", "e").replace(".0e", "e")
