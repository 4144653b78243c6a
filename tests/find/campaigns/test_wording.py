"""Tests of revenuer.find.campaigns.wording."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.find.campaigns import wording
from revenuer.find.campaigns.wording import Words, alike, phrases, usual


def said(*texts: str) -> Words:
    """Return texts with a letter a word."""
    words = [np.frombuffer(text.encode(), np.uint8).astype(np.uint32) for text in texts]
    offsets = np.concatenate([[0], np.cumsum([len(word) for word in words])]).astype(np.int64)
    return Words(np.concatenate([np.empty(0, np.uint32), *words]), offsets)


def test_what_recurs_is_a_phrase_and_what_fills_it_is_not() -> None:
    own = phrases(said("abcdefXY", "abcdefZW", "abcdefUV", "abcdefST"), usual(said()))

    assert own.tolist() == phrases(said(*["abcdef"] * 4), usual(said())).tolist()
    assert len(own) == 3, "abcd, bcde and cdef"


def test_a_phrase_lies_within_one_text_and_counts_once_in_it() -> None:
    assert len(phrases(said("ab", "cd", "ab", "cd", "ab", "cd"), usual(said()))) == 0
    assert len(phrases(said("abcdabcdabcdabcd"), usual(said()))) == 0


@pytest.mark.parametrize(("texts", "recurs"), [(4, True), (40, True), (41, False)])
def test_a_phrase_recurs_in_a_tenth_of_the_texts(texts: int, recurs: bool) -> None:
    assert (wording.RECURS, wording.FEWEST_TEXTS) == (0.1, 4)
    others = [chr(33 + i) for i in range(texts - 4)]

    found = phrases(said(*["wxyz"] * 4, *others), usual(said()))

    assert (len(found) == 1) is recurs


@pytest.mark.parametrize(
    ("holding", "texts", "is_usual"),
    [(1, 2, False), (2, 400, True), (4, 1000, False), (5, 1000, True)],
)
def test_what_others_say_too_is_not_its_own(holding: int, texts: int, is_usual: bool) -> None:
    assert wording.USUAL == 0.005
    others = usual(said(*["wxyz"] * holding, *["q"] * (texts - holding)))

    found = phrases(said(*["wxyz"] * 9), others)

    assert (len(found) == 0) is is_usual


def test_the_most_frequent_phrases_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wording, "MOST", 1)

    found = phrases(said(*["wxyz"] * 4, *["abcd"] * 5), usual(said()))

    assert found.tolist() == phrases(said(*["abcd"] * 5), usual(said())).tolist()


def test_likeness_is_what_both_have_of_what_either_has() -> None:
    one, other = np.arange(20, dtype=np.uint64), np.arange(5, 25, dtype=np.uint64)

    assert alike(one, other) == 15 / 25
    assert alike(one, one) == 1
    assert alike(one, one[:0]) == alike(one[:0], one[:0]) == 0
