"""Token ids as a text: one spelling, read strictly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.prove.audit import tokens
from revenuer.prove.audit.tokens import Line, dump, lines, load, scored

IDS = st.lists(st.integers(0, 2**32 - 2))


@given(st.lists(st.tuples(st.sampled_from(["context", "text", "read", "said"]), IDS)))
def test_what_is_written_is_read_again(rows: list[tuple[tokens.Kind, list[int]]]) -> None:
    held = [Line(kind, np.array(ids, np.int64)) for kind, ids in rows]
    again = load(dump(held))

    assert [(kind, ids.tolist()) for kind, ids in again] == rows
    assert dump(again) == dump(held)


def test_a_context_bars_what_follows_and_what_was_said_is_asked_by_what_was_read() -> None:
    held = load(b"context 1\ncontext 2 3\ntext 4 5\ntext\ncontext 6\nread 7 8\nsaid 9 8\n")
    told = [
        (one.before.tolist(), one.tokens.tolist(), [context.tolist() for context in one.contexts])
        for one in scored(held)
    ]

    assert told == [([4, 5], [4, 5], [[1], [2, 3]]), ([], [], []), ([7, 8], [9, 8], [[6]])]


@pytest.mark.parametrize("data", [b"said 1\n", b"read 1 2\nsaid 1\n", b"text 1\nsaid 1 2\n"])
def test_what_was_said_fits_what_was_read(data: bytes) -> None:
    with pytest.raises(InputError, match="does not fit"):
        list(scored(load(data)))


@pytest.mark.parametrize(
    "data",
    [
        b"text 1", b"text  1\n", b"text 01\n", b"text 1 \n", b" text 1\n", b"text 1\r\n", b"\n",
        b"text -1\n", b"text 4294967295\n", b"text 99999999999\n", b"TEXT 1\n", b"text\t1\n",
        b"text 1\nother 2\n", b"text 1\x0btext 2\n", "text ١\n".encode(), b"text 1\x00\n",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_line(data: bytes) -> None:
    with pytest.raises(InputError, match=r"line \d+ of the token ids"):
        load(data)


def test_what_is_no_row_of_ids_is_not_written() -> None:
    with pytest.raises(InputError, match="text 1"):
        lines([[1], [-1]])


def test_the_digest_is_sha_256_of_the_text() -> None:
    assert tokens.digest(b"") == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
