"""The kernel splits a text into the words that `lexicon.words` defines."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.features import lexicon, words

#: What has its own rule somewhere: ends, apostrophes, solo characters, marks, other planes.
TRICKY = (
    "aZßİıſKé_09٣๓²½.!?;'’`-\t\n\r\x00\x1f\x85\xa0\u2028\u2029\u200b\u200d\ufeff！？；。"
    "思考ひカ한ㅎไ่々〇豈́̈\U00020000\U0002f800\U0002fa1e\U00030000\U0001b000\U0001b001"
    "\U0001f642\U0001d538\U00010400\U000e0100\U0010ffff"
)
LAST_POINTS = (sys.maxunicode - 9, sys.maxunicode + 1)
CHARACTERS = st.sampled_from("ab1 !.") | st.sampled_from(TRICKY) | st.characters(codec="utf-8")
# Left to itself, hypothesis draws texts too short to hold two sentences.
TEXTS = st.text(CHARACTERS, min_size=12, max_size=40) | st.text(CHARACTERS, max_size=3)


def expected(text: str | None) -> list[int]:
    """Return what `lexicon.words` finds, as hashes with breaks between sentences."""
    hashes: list[int] = []
    for sentence in lexicon.words(text or ""):
        hashes += [int(words.BREAK)] * bool(hashes)
        hashes += [int(words.hash_word(word)) for word in sentence]
    return hashes


def split_lists(texts: Sequence[str | None]) -> list[list[int]]:
    found = words.split(pa.array(texts, pa.string()))
    bounds = found.offsets
    return [found.hashes[bounds[i] : bounds[i + 1]].tolist() for i in range(len(texts))]


def test_agrees_with_a_split_by_hand() -> None:
    sentences = [["dont", "skip", "#", "steps"], ["思", "考", "aloud"]]
    first, second = ([int(words.hash_word(word)) for word in s] for s in sentences)

    assert split_lists(["Don't skip: 12 steps. 思考 aloud!"]) == [[*first, 0, *second]]


def test_hashes_are_fnv_1a_as_published() -> None:
    assert words.hash_word("a") == 0xAF63DC4C8601EC8C
    assert words.hash_word("foobar") == 0x85944171F73967E8
    assert split_lists(["FOOBAR"]) == [[0x85944171F73967E8]]


@pytest.mark.parametrize(
    "text",
    [
        *("a!!b", "a. b", "a.b", "a.", ". a", "a.! b", "a ! . b"),
        *("'a", "a'", "a''b", "思'a", "a ' b", "7's"),
        *("7a 77 a7", "\u0663\u0664 ², ½", "_ __ 7_", "é e\u0301", "İı ẞß Σσς"),
        *("\U00020000", "a\U0002f800b", "\U0001f642", "a\U0001d538b", "한글ㅎ カナ 々"),
    ],
)
def test_what_has_a_rule_of_its_own_splits_as_the_lexicon_says(text: str) -> None:
    assert split_lists([text, text + " z", "z" + text]) == [
        expected(text),
        expected(text + " z"),
        expected("z" + text),
    ]


@given(st.lists(st.none() | TEXTS, min_size=1, max_size=5))
def test_any_text_splits_as_the_lexicon_says(texts: list[str | None]) -> None:
    assert split_lists(texts) == [expected(text) for text in texts]


@pytest.mark.slow
def test_every_code_point_splits_as_the_lexicon_says() -> None:
    planes = (range(0xD800), range(0xE000, 0x40000), range(0xE0000, 0xE0200), range(*LAST_POINTS))
    points = [point for plane in planes for point in plane]
    texts = [f"q{chr(point)}7. {chr(point)}" for point in points]

    found = split_lists(texts)

    wrong = [hex(p) for p, t, f in zip(points, texts, found, strict=True) if f != expected(t)]
    assert wrong == []


@given(st.lists(st.none() | TEXTS, max_size=6), st.integers(0, 6), st.integers(0, 6))
def test_slices_chunks_and_widths_change_nothing(
    texts: list[str | None], start: int, stop: int
) -> None:
    whole = words.split(pa.array(texts[start:stop], pa.string()))

    sliced = words.split(pa.array(texts, pa.large_string())[start:stop])
    chunks = [pa.array(texts[start:stop][i : i + 1], pa.string()) for i in range(6)]
    chunked = words.split(pa.chunked_array(chunks, pa.string()))

    for other in (sliced, chunked):
        assert other.hashes.tolist() == whole.hashes.tolist()
        assert other.offsets.tolist() == whole.offsets.tolist()


def test_what_lies_beneath_a_null_is_not_read() -> None:
    offsets, data = np.array([0, 3, 6, 9], np.int32), b"onetwosix"
    hidden = pa.StringArray.from_buffers(
        3, pa.py_buffer(offsets), pa.py_buffer(bytearray(data)), pa.py_buffer(bytes([0b101]))
    )

    assert hidden.to_pylist() == ["one", None, "six"]
    assert words.split(hidden).hashes.tolist() == expected("one six")


@pytest.mark.parametrize("texts", [[], [None], [""], [None, "", None], ["  !!\n", None]])
def test_texts_without_words_have_none(texts: list[str | None]) -> None:
    found = words.split(pa.array(texts, pa.string()))

    assert len(found.hashes) == 0
    assert found.offsets.tolist() == [0] * (len(texts) + 1)
    assert found.hashes.dtype == np.uint64
