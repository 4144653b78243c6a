"""Lines and JSON values of a byte stream, in bounded memory.

A line of 10 MB or more is never held whole: it comes back as `None`. A document that spreads one
JSON array, or the `resourceSpans` of OTLP, over many lines (or over one long line) is cut into the
elements of that array.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from revenuer.find.ingest import cells

BLOCK_BYTES = 1 << 20
LINE_BYTES = cells.FIELD_BYTES
BOM = b"\xef\xbb\xbf"

_ARRAY = re.compile(rb"\s*\[")
_SPANS = re.compile(rb'\s*\{\s*"resourceSpans"\s*:\s*\[')
_IN_STRING = rb'(?:[^"\\\n]++|\\[^\n])*+("?)'
_REST_OF_STRING = re.compile(_IN_STRING)
_MARKS = re.compile(rb'"' + _IN_STRING + rb"|[{}\[\]\n]")
_QUOTE, _NEWLINE = b'"\n'
_OPENING = b"{["
_FILLING = b" \t\r\n,]}"
_WRAPPED = b'{"resourceSpans":[%s]}'


class Line(NamedTuple):
    """A line or JSON value: its number, from 1, and its bytes; None where it was too long."""

    number: int
    content: bytes | None


def split(stream: Any, *, keep_blank: bool = False) -> Iterator[Line]:
    """Yield the lines of a stream, without their line ends; blank ones only when asked to.

    Memory: one block and one line, 11 MB at most.
    """
    number, rest, is_skipping = 1, b"", False
    for block in _blocks(stream):
        pieces = (rest + block).split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            if is_skipping or len(piece) >= LINE_BYTES:
                yield Line(number, None)
                is_skipping = False
            elif keep_blank or (piece and not piece.isspace()):
                yield Line(number, piece)
            number += 1
        if len(rest) >= LINE_BYTES:
            rest, is_skipping = b"", True
    if is_skipping:
        yield Line(number, None)
    elif rest and (keep_blank or not rest.isspace()):
        yield Line(number, rest)


def is_document(head: bytes) -> bool:
    """Say whether the first bytes of a JSON file begin one document rather than JSON Lines.

    Documents begin with an array, or with an object that its first line leaves open.
    """
    if _ARRAY.match(head):
        return True
    first, _, following = head.lstrip().partition(b"\n")
    if not following:
        return len(head) >= BLOCK_BYTES and bool(_SPANS.match(head))
    return first.rstrip().endswith((b"{", b"[", b",", b":")) and following[:1] != b"{"


def elements(stream: Any) -> Iterator[Line]:
    """Yield the JSON values of a document: the elements of its array, or its objects.

    Elements of `resourceSpans` come wrapped as OTLP would write them alone. The number is that of
    the line on which the value begins. Memory: one block and one value, 11 MB at most.
    """
    cutter = _Cutter()
    for block in _blocks(stream):
        yield from cutter.feed(block)
    yield from cutter.end()


def _blocks(stream: Any) -> Iterator[bytes]:
    block = bytes(stream.read(BLOCK_BYTES)).removeprefix(BOM)
    while block:
        yield block
        block = bytes(stream.read(BLOCK_BYTES))


class _Cutter:
    """Follow strings and brackets through blocks; cut where the outermost bracket closes."""

    def __init__(self) -> None:
        self._value = bytearray()
        self._depth = 0
        self._line = self._start_line = 1
        self._in_string = self._is_escaped = self._is_long = self._wrap = False
        self._is_first = True

    def feed(self, block: bytes) -> Iterator[Line]:
        if self._is_first:
            block = self._open_outer(block)
            self._is_first = False
        kept, start = 0, int(self._is_escaped)
        if self._in_string:
            rest = _REST_OF_STRING.match(block, start)
            start = rest.end() if rest else start
            self._note_string(block, start, is_closed=bool(rest and rest.group(1)))
        for match in _MARKS.finditer(block, start):
            mark = block[match.start()]
            if mark == _QUOTE:
                if not match.group(1):
                    self._note_string(block, match.end(), is_closed=False)
            elif mark == _NEWLINE:
                self._line += 1
            elif self._turns_at(mark):
                # Before an opening bracket stands filling, or no object.
                end = match.start() if mark in _OPENING else match.end()
                self._keep(block[kept:end])
                kept = end
                yield from self._cut()
        self._keep(block[kept:])

    def end(self) -> Iterator[Line]:
        yield from self._cut()

    def _open_outer(self, block: bytes) -> bytes:
        for pattern, wrap in ((_SPANS, True), (_ARRAY, False)):
            if opening := pattern.match(block):
                self._wrap = wrap
                self._line += opening.group().count(b"\n")
                return block[opening.end() :]
        return block

    def _turns_at(self, bracket: int) -> bool:
        """Take in a bracket; say whether an outermost value begins or ends at it."""
        if bracket in _OPENING:
            self._depth += 1
            return self._depth == 1
        if self._depth == 0:
            return False
        self._depth -= 1
        return self._depth == 0

    def _note_string(self, block: bytes, end: int, *, is_closed: bool) -> None:
        """Remember whether a string goes on in the next block; a line end breaks one off."""
        self._is_escaped = not is_closed and block[end:] == b"\\"
        self._in_string = not is_closed and (self._is_escaped or end >= len(block))

    def _keep(self, piece: bytes) -> None:
        if not self._value and not self._is_long:
            self._start_line = self._line - piece.lstrip(_FILLING).count(b"\n")
        if not self._is_long:
            self._value += piece
            if len(self._value) >= LINE_BYTES:
                self._value.clear()
                self._is_long = True

    def _cut(self) -> Iterator[Line]:
        content = bytes(self._value).strip()
        is_value = content[:1] in (b"{", b"[")
        if self._is_long:
            yield Line(self._start_line, None)
        elif is_value or content.strip(_FILLING):
            is_wrapped = self._wrap and is_value
            yield Line(self._start_line, _WRAPPED % content if is_wrapped else content)
        self._value.clear()
        self._is_long = False
