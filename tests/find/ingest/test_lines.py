"""Tests of revenuer.find.ingest.lines."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.ingest import lines

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(), json_values, max_size=3)


class Slow(io.BytesIO):
    """A stream that gives few bytes at a time."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__(content)
        self._step = step

    def read(self, size: int | None = -1) -> bytes:
        """Return at most `step` bytes."""
        return super().read(self._step)


def test_lines_are_numbered_and_blank_ones_left_out() -> None:
    stream = io.BytesIO(b"\xef\xbb\xbfa\r\n\n  \nb\n\nc")

    assert list(lines.split(stream)) == [(1, b"a\r"), (4, b"b"), (6, b"c")]


@given(st.lists(st.binary(max_size=6).filter(lambda b: b"\n" not in b)), st.integers(1, 9))
def test_blocks_of_any_size_give_the_same_lines(parts: list[bytes], step: int) -> None:
    content = b"x" + b"\n".join(parts)  # no byte-order mark at the start

    whole = list(lines.split(io.BytesIO(content)))

    assert list(lines.split(Slow(content, step))) == whole
    assert whole == [
        (n, line) for n, line in enumerate(content.split(b"\n"), 1) if line and not line.isspace()
    ]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_that_is_too_long_is_named_and_not_held(
    monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    monkeypatch.setattr(lines, "LINE_BYTES", 10)

    found = list(lines.split(Slow(b"ok\n" + b"z" * 50 + b"\nfine\n" + b"y" * 30 + end, 4)))

    assert found == [(1, b"ok"), (2, None), (3, b"fine"), (4, None)]


@given(st.lists(objects, max_size=4), st.sampled_from([None, 1]), st.integers(1, 20), st.booleans())
def test_a_document_is_cut_into_its_elements(
    values: list[Any], indent: int | None, step: int, ascii_only: bool
) -> None:
    content = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode()

    found = [json.loads(v.content or b"") for v in lines.elements(Slow(content, step))]

    assert found == values


@given(st.lists(objects, min_size=1, max_size=4), st.integers(1, 20))
def test_objects_one_after_the_other_are_a_document_too(values: list[Any], step: int) -> None:
    content = "\n".join(json.dumps(value, indent=2) for value in values).encode()

    assert [json.loads(v.content or b"") for v in lines.elements(Slow(content, step))] == values


def test_spans_are_cut_out_one_resource_at_a_time() -> None:
    content = b'{\n "resourceSpans": [\n {"a": "]}"},\n {"b": 2}\n ]\n}\n'

    assert list(lines.elements(io.BytesIO(content))) == [
        (3, b'{"resourceSpans":[{"a": "]}"}]}'),
        (4, b'{"resourceSpans":[{"b": 2}]}'),
    ]


def test_elements_that_are_no_objects_and_broken_ends_are_given_out_for_rejection() -> None:
    assert [v.content for v in lines.elements(io.BytesIO(b'[1, {"a": 1}, "q"]'))] == [
        b"1,",
        b'{"a": 1}',
        b', "q"]',
    ]
    assert [v.content for v in lines.elements(io.BytesIO(b'[{"a": 1}, {"b": '))] == [
        b'{"a": 1}',
        b'{"b":',
    ]


def test_an_element_that_is_too_long_is_named_and_the_next_one_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "LINE_BYTES", 20)
    content = b'[{"a": "' + b"x" * 50 + b'"},\n{"b": 2}]'

    assert list(lines.elements(Slow(content, 6))) == [(1, None), (2, b'{"b": 2}')]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'[{"a": 1}]', True),
        (b'\n [\n{"a": 1}]', True),
        (b'{\n  "a": 1\n}', True),
        (b'{"a": [\n1]}', True),
        (b'{"a": 1}\n{"a": 2}\n', False),
        (b'{"a": 1}', False),
        (b'{"broken\n{"a": 2}\n', False),
        (b'{"resourceSpans": [', False),
        (b'{"resourceSpans": [' + b"x" * lines.BLOCK_BYTES, True),
    ],
)
def test_documents_are_told_from_json_lines(head: bytes, expected: bool) -> None:
    assert lines.is_document(head) is expected
