"""Tests of revenuer.find.ingest.tabular."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.ingest import cells, lines, tabular


def rows(content: bytes) -> list[tuple[int, Any]]:
    return [
        (line, str(found) if isinstance(found, cells.CellError) else found)
        for line, found, _ in tabular.rows(io.BytesIO(content))
    ]


def test_rows_keep_their_lines_and_say_what_is_wrong() -> None:
    content = b'\xef\xbb\xbfa,b\r\n1,"two\r\nlines"\r\n3\r\n4,5,6\r\n7,\xff\r\n8,\r\n'

    assert rows(content) == [
        (2, {"a": "1", "b": "two\nlines"}),
        (4, "the row has 1 fields where the header has 2"),
        (5, "the row has 3 fields where the header has 2"),
        (6, "the line is not valid UTF-8"),
        (7, {"a": "8", "b": None}),
    ]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_header_shows_what_parts_the_fields(mark: str) -> None:
    assert rows(f"a{mark}b\n1{mark}2\n".encode()) == [(2, {"a": "1", "b": "2"})]


def test_a_field_that_is_too_long_costs_its_row_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "FIELD_BYTES", 50)

    assert rows(b"a,b\n1," + b"x" * 99 + b"\n2,y\n") == [
        (2, "a field is quoted wrongly, holds a bare line end, or holds 10 MB or more"),
        (3, {"a": "2", "b": "y"}),
    ]


def test_a_line_that_is_too_long_costs_its_row_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINE_BYTES", 50)

    assert rows(b"a,b\n1," + b"x" * 99 + b"\n2,y\n") == [
        (2, "the line holds 10 MB or more"),
        (3, {"a": "2", "b": "y"}),
    ]


def test_an_open_quote_swallows_rows_no_further_than_a_field_may_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cells, "FIELD_BYTES", 30)

    found = rows(b'a,b\n1,"open\n' + b"2,y\n" * 20)

    assert found[0] == (
        2,
        "a field is quoted wrongly, holds a bare line end, or holds 10 MB or more",
    )
    assert found[-1] == (22, {"a": "2", "b": "y"})


def test_a_header_that_is_none_is_named() -> None:
    assert rows(b"a,\rb\n1,2\n") == [(1, "the header of the table cannot be read")]
    assert rows(b"a,b\n") == []


def test_blank_lines_between_rows_are_nothing_and_those_in_a_field_stay() -> None:
    assert rows(b'\n\na,b\n\n1,"x\n\ny"\n\n') == [(5, {"a": "1", "b": "x\n\ny"})]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"))


@given(st.lists(st.tuples(texts, texts), max_size=6))
def test_what_the_standard_library_writes_comes_back(table: list[tuple[str, str]]) -> None:
    sink = io.StringIO()
    csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("a", "b"), *table])

    found = [record for _, record in rows(sink.getvalue().encode())]

    assert [tuple(r.values()) for r in found if isinstance(r, dict)] == [
        tuple(cell or None for cell in row) for row in table
    ]
