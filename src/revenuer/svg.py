"""The frame of a picture as SVG text: it opens offline in any browser, and says itself in words."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


def document(title: str, said: str, width: int, height: int, parts: Iterable[str]) -> str:
    """Return a picture.

    Args:
        title: Its name, for screen readers.
        said: What it shows, in words.
        width: In pixels.
        height: In pixels.
        parts: SVG elements, drawn on white in their order.
    """
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            'aria-labelledby="t d" font-family="Verdana, DejaVu Sans, sans-serif" font-size="12">',
            f'<title id="t">{escape(title)}</title>',
            f'<desc id="d">{escape(said)}</desc>',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *parts,
            "</svg>",
            "",
        ]
    )
