"""The picture shows the path, all of its peaks, and the bars."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET  # our own text

import numpy as np
import pytest

from revenuer.prove.audit import picture

SVG = "{http://www.w3.org/2000/svg}"


def heights(drawn: str) -> list[float]:
    (path,) = re.findall(r'd="M([^"]*)" fill="none"', drawn)
    return [float(point.split()[1]) for point in path.split("L")]


@pytest.mark.parametrize("path", [[], [0.0], [-3.0], [1e-9, 2.0], [900.0] * 3, [-500.0, 4.0]])
def test_every_path_is_drawn_inside_the_picture(path: list[float]) -> None:
    drawn = picture.draw(np.array(path), title="a <b> & c")
    root = ET.fromstring(drawn)  # noqa: S314  # our own text

    assert root.findtext(f"{SVG}title") == "a <b> & c"
    assert len(heights(drawn)) == len(path) + 1
    assert all(picture.TOP - 1 <= y <= picture.HEIGHT - picture.BOTTOM + 1 for y in heights(drawn))
    assert "strong evidence" in drawn
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


def test_higher_values_stand_higher() -> None:
    first, second, third = heights(picture.draw(np.array([5.0, -1.0]), title="t"))

    assert second < first < third


def test_no_peak_of_a_long_path_is_lost() -> None:
    path = np.zeros(100_000)
    path[54_321], path[77_777] = 9.0, -9.0
    drawn = picture.draw(path, title="t")
    short = picture.draw(np.array([9.0, -9.0, 0.0]), title="t")

    assert len(heights(drawn)) <= 2 * picture.PLACES + 2
    assert min(heights(drawn)) == min(heights(short))
    assert max(heights(drawn)) == max(heights(short))
    assert "100,000 scored units: 0.0 at the end, 9.0 at its highest" in drawn
