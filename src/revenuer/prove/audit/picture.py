"""The e-process over tokens as a picture: how the evidence grew, and where the bar stands.

SVG text that opens offline in any browser. Between two places the highest and the lowest value are
drawn, so that no peak is lost however long the text is.
"""

from __future__ import annotations

import itertools
import math
from html import escape

import numpy as np
from numpy.typing import NDArray

from revenuer import svg
from revenuer.prove.audit.evidence import FLAG, STRONG

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 360, 64, 20, 44, 48
#: Places across; more cannot be told apart.
PLACES = 600


def draw(path: NDArray[np.float64], *, title: str) -> str:
    """Return the picture of an e-process.

    Args:
        path: (units,) log10 of the e-process after each unit; may be empty.
        title: What was tested.
    """
    values = np.concatenate([[0.0], np.asarray(path, np.float64)])
    low, high = min(0.0, float(values.min())), max(-STRONG + 1, float(values.max()))
    step = _step(high - low)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step

    def across(unit: float) -> float:
        return LEFT + unit / max(len(values) - 1, 1) * (WIDTH - LEFT - RIGHT)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    grid = [
        f'<path d="M{LEFT} {up(at):.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>'
        f'<text x="{LEFT - 8}" y="{up(at) + 4:.1f}" text-anchor="end" fill="#444444">{at:g}</text>'
        for at in np.arange(low, high + step / 2, step)
    ]
    bars = [
        f'<path d="M{LEFT} {up(-at):.1f}H{WIDTH - RIGHT}" stroke="#d55e00" '
        f'stroke-dasharray="6 4"/><text x="{WIDTH - RIGHT}" y="{up(-at) - 5:.1f}" '
        f'text-anchor="end" fill="#a84300">{name}</text>'
        for at, name in ((FLAG, "evidence"), (STRONG, "strong evidence"))
    ]
    points = "L".join(f"{across(unit):.1f} {up(value):.1f}" for unit, value in _shown(values))
    said = (
        f"log10 of the e-process over {len(values) - 1:,} scored units: "
        f"{values[-1]:.1f} at the end, {values.max():.1f} at its highest."
    )
    middle = (LEFT + WIDTH - RIGHT) / 2
    return svg.document(
        title,
        said,
        WIDTH,
        HEIGHT,
        [
            f'<text x="{LEFT}" y="24" font-weight="bold" fill="#222222">{escape(title)}</text>',
            *grid,
            *bars,
            f'<path d="M{points}" fill="none" stroke="#0072b2" stroke-width="1.8"/>',
            f'<text x="{LEFT}" y="{HEIGHT - BOTTOM + 18}" fill="#444444">0</text>',
            f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - BOTTOM + 18}" text-anchor="end" '
            f'fill="#444444">{len(values) - 1:,}</text>',
            f'<text x="{middle:.0f}" y="{HEIGHT - 10}" text-anchor="middle" fill="#444444">'
            "scored units, in order; up: log10 of the e-value</text>",
        ],
    )


def _shown(values: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Return (unit, value) pairs: all, or the lowest and highest of each place in their order."""
    if len(values) <= 2 * PLACES:
        return list(enumerate(values.tolist()))
    edges = np.linspace(0, len(values), PLACES + 1).astype(int)
    shown = {0, len(values) - 1}
    for start, stop in itertools.pairwise(edges.tolist()):
        part = values[start:stop]
        shown |= {int(start + part.argmin()), int(start + part.argmax())}
    return [(unit, float(values[unit])) for unit in sorted(shown)]


def _step(span: float) -> float:
    """Return 1, 2 or 5 times a power of ten, so that some six lines cross the picture."""
    rough = span / 6
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= rough))
