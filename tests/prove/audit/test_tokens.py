"""Token ids as a text: one spelling, read strictly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.prove.audit import tokens
from revenuer.prove.audit.tokens import Scored

IDS = st.lists(st.lists(st.integers(0, 2**32 - 2)))


@given(IDS, IDS)
def test_what_is_written_is_read_again(texts: list[list[int]], contexts: list[list[int]]) -> None:
    written = tokens.dump(Scored(texts, contexts))
    again = tokens.load(written)

    assert [np.asarray(one).tolist() for one in again.texts] == texts
    assert [np.asarray(one).tolist() for one in again.contexts] == contexts
    assert tokens.dump(again) == written


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
        tokens.load(data)


def test_what_is_no_row_of_ids_is_not_written() -> None:
    with pytest.raises(InputError, match="text 1"):
        tokens.dump(Scored([[1], [-1]]))


def test_the_digest_is_sha_256_of_the_text() -> None:
    assert tokens.digest(b"") == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
