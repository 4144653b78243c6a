"""Tests of revenuer.lab.curves."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from revenuer.lab import curves
from revenuer.lab.curves import Point

LINES = {
    "a<b": [Point(100, 0.2, 0.1, 0.3), Point(1_000, 1.0, 0.9, 1.0)],
    "other": [Point(100, 0.1, 0.1, 0.1)],
}


def _drawn() -> str:
    return curves.draw("Title", "queries", LINES, levels={"teacher": 0.99, "chance": 0.14})


def test_a_picture_says_its_numbers_in_words() -> None:
    root = ET.fromstring(_drawn())  # noqa: S314 - made here

    said = next(each.text for each in root if each.tag.endswith("desc"))

    assert said == "a<b: 20.0% at 100, 100.0% at 1,000; other: 10.0% at 100"


def test_higher_is_further_up_and_more_is_further_right() -> None:
    places = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', _drawn())

    (left, low), (right, high), (same, lowest) = [(float(x), float(y)) for x, y in places]
    assert left == same < right
    assert high < low < lowest


def test_lines_differ_in_more_than_colour() -> None:
    dashes = re.findall(r'fill="none" stroke="(#\w+)" [^/]*stroke-dasharray="([^"]*)"', _drawn())

    assert len({colour for colour, _ in dashes}) == len({dash for _, dash in dashes}) == 2


def test_one_place_alone_can_be_drawn() -> None:
    drawn = curves.draw("T", "x", {"a": [Point(5, 0.5, 0.4, 0.6)]}, levels={})

    assert "nan" not in drawn
    assert drawn.count("<circle") == 1
