"""The intent lexicon: what a word is, what a rule sees, and what each rule is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from revenuer.errors import InputError
from revenuer.find.features.lexicon import (
    LONGEST_PHRASE,
    MOST_CONCEPTS,
    MOST_RULES,
    load,
    match,
    words,
)

LEXICON = load()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't skip", [["dont", "skip"]]),
        ("the users’ thoughts", [["the", "users", "thoughts"]]),
        ("'quoted' words", [["quoted", "words"]]),
        ("12 steps, v2 of 3.5", [["#", "steps", "v2", "of", "#", "#"]]),
        (
            "One. Two! Three? Four; five\nsix",
            [["one"], ["two"], ["three"], ["four"], ["five"], ["six"]],
        ),
        ("file.py and e.g. this", [["file", "py", "and", "e", "g"], ["this"]]),
        ("思考过程。逐字", [["思", "考", "过", "程"], ["逐", "字"]]),
        ("推論を出力", [["推", "論", "を", "出", "力"]]),
        ("응답 A", [["응", "답", "a"]]),
        ("snake_case <think>", [["snake_case", "think"]]),
        ("ÜBERLEGUNG Мысли", [["überlegung", "мысли"]]),
        ("... !? \n", []),
        ("", []),
    ],
)
def test_text_becomes_sentences_of_words(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


def test_the_shipped_lexicon_fits_its_limits() -> None:
    assert len(LEXICON.concepts) <= MOST_CONCEPTS
    assert len(LEXICON.rules) <= MOST_RULES
    assert max(len(phrase.words) for phrase in LEXICON.phrases) <= LONGEST_PHRASE
    assert len({rule.rule_id for rule in LEXICON.rules}) == len(LEXICON.rules)


def test_a_text_without_words_fires_nothing() -> None:
    assert match("", LEXICON) == frozenset()


def _write(folder: Path, concepts: str, rules: str) -> Path:
    (folder / "concepts.toml").write_text(concepts)
    (folder / "rules.toml").write_text(rules)
    return folder


def test_an_unknown_concept_is_named(tmp_path: Path) -> None:
    folder = _write(tmp_path, '[a]\nphrases = ["x"]', '[I01]\nall = ["b"]\nreason = "r"')
    with pytest.raises(InputError, match=r"^rules\.toml: I01 names the unknown concept 'b'$"):
        load(folder)
