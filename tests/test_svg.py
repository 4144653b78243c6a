"""The frame of a picture: well-formed, and told in words."""

from __future__ import annotations

from xml.etree import ElementTree

from revenuer import svg


def test_a_picture_is_well_formed_and_says_what_it_shows() -> None:
    made = svg.document("a < b & c", "x rises", 30, 20, ['<path d="M0 0H9"/>'])

    root = ElementTree.fromstring(made)  # noqa: S314  # made here
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names == ["title", "desc", "rect", "path"]
    assert (root[0].text, root[1].text) == ("a < b & c", "x rises")
    assert root.attrib["viewBox"] == "0 0 30 20"
