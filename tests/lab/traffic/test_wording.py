"""Tests of revenuer.lab.traffic.wording."""

from __future__ import annotations

import re

import numpy as np
import pytest

from revenuer.lab.traffic import wording
from revenuer.lab.traffic.wording import Grammar

FIELDS = Grammar.of(
    {"say": ("{thing}: {fact}", "{fact} ({thing})"), "deep": ("<{say}>", "{say}!")},
    {"thing": (("pan", "pot"), ("star",)), "fact": (("burns",), ("shines", "spins"))},
)


def test_a_text_stays_in_its_field() -> None:
    rng = np.random.default_rng(1)
    fields = np.array([0, 1] * 200)

    texts = FIELDS.make(rng, "deep", 400, fields=fields).to_pylist()

    for field, text in zip(fields, texts, strict=True):
        assert ("burns" in text) == (field == 0)
        assert ("star" in text) == (field == 1)


def test_unknown_slots_stay_and_all_lines_are_used() -> None:
    grammar = Grammar.of({"line": ("a {b}", "c {d}", "e"), "d": ("1", "2")})

    texts = set(grammar.make(np.random.default_rng(2), "line", 100).to_pylist())

    assert texts == {"a {b}", "c 1", "c 2", "e"}


def test_a_narrowed_grammar_keeps_so_many_and_no_others() -> None:
    rng = np.random.default_rng(3)
    narrow = wording.english().narrow(rng, {"given": 2, "elicit": 1})

    assert narrow.size("given") == 2
    assert narrow.size("elicit") == 1
    assert wording.english().size("given") > 40
    assert set(narrow.words("given")) < set(wording.english().words("given"))


def test_same_stream_same_text() -> None:
    first, second = (
        wording.english().make(np.random.default_rng(4), "chat", 50).to_pylist() for _ in range(2)
    )

    assert first == second


def test_no_slot_of_the_data_files_is_left_unfilled() -> None:
    rng = np.random.default_rng(5)
    rules = ("chat", "followup", "code", "maths", "apps", "system", "case", "sentence", "steps")
    frames = ("persona", "mission", "elicit", "format", "wrapper", "rubric", "instruct", "replay")
    tongues = ("es", "de", "zh", "ja", "audit", "auditcase", "mcq", "judged", "suite", "assignment")

    for rule in rules + frames + tongues:
        for text in wording.english().make(rng, rule, 300).to_pylist():
            assert not re.search(r"\{[a-z_0-9]+\}", text.replace("${id}", "")), (rule, text)


def test_chat_is_diverse() -> None:
    texts = wording.english().make(np.random.default_rng(6), "chat", 4000).to_pylist()

    assert len(set(texts)) > 0.97 * len(texts)


@pytest.mark.parametrize("sizes", [[1, 3, 0, 2], [0], []])
def test_paragraphs_have_as_many_sentences_as_asked(sizes: list[int]) -> None:
    grammar = Grammar.of({"s": ("x.", "y.")})

    texts = wording.paragraphs(
        np.random.default_rng(7), grammar, "s", np.array(sizes, dtype=np.int64)
    ).to_pylist()

    assert [text.count(".") for text in texts] == sizes


def test_a_blend_follows_its_weights() -> None:
    grammar = Grammar.of({"a": ("A",), "b": ("B",)})

    texts = wording.blend(np.random.default_rng(8), {"a": 3, "b": 1}, grammar, 4000).to_pylist()

    assert texts.count("A") == pytest.approx(3000, abs=150)


def test_scattered_pieces_stand_at_their_places() -> None:
    left = wording.english().make(np.random.default_rng(9), "n9", 2)
    places = [np.array([2, 0]), np.array([1])]
    one = wording.english().make(np.random.default_rng(9), "given", 1)

    column = wording.scatter([left, one], places, 3).to_pylist()

    assert column == [left[1].as_py(), one[0].as_py(), left[0].as_py()]
