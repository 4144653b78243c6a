"""The compiled matcher meets the rules that `lexicon.match` meets."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from revenuer.find.features import hits, lexicon, words
from revenuer.find.features.hits import Matcher

LEXICON = lexicon.load()
# The first match builds the table of phrases, which is no part of what the deadline is for.
lexicon.match("", LEXICON)
PHRASES: dict[int, list[str]] = {}
for phrase in LEXICON.phrases:
    PHRASES.setdefault(phrase.concept, []).append(" ".join(phrase.words).replace("#", "42"))
ALL_PHRASES = [text for texts in PHRASES.values() for text in texts]
NOISE = ("lake", "the", "Über", "x-ray", "and", "don't", "7", "思", "🙂", "of", "答案")
JOINTS = (" ", " ", " ", ", ", ". ", "! ", "\n", "; ", "。", " - ")


def bits(mask: int, among: range) -> list[int]:
    return [bit for bit in among if mask >> bit & 1]


@st.composite
def planted(draw: st.DrawFn) -> list[str]:
    """Draw a phrase for each concept that one rule asks for, and at times one it forbids."""
    rule = draw(st.sampled_from(LEXICON.rules))
    concepts = bits(rule.all_mask, range(len(LEXICON.concepts)))
    forbidden = bits(rule.none_mask, range(len(LEXICON.concepts)))
    if draw(st.booleans()) and forbidden:
        concepts.append(draw(st.sampled_from(forbidden)))
    return [draw(st.sampled_from(PHRASES[concept])) for concept in draw(st.permutations(concepts))]


@st.composite
def requests(draw: st.DrawFn) -> str:
    piece = planted() | st.lists(st.sampled_from(NOISE) | st.sampled_from(ALL_PHRASES), max_size=4)
    pieces = [text for texts in draw(st.lists(piece, max_size=4)) for text in texts]
    return "".join(text + draw(st.sampled_from(JOINTS)) for text in pieces)


def met(matcher: Matcher, texts: list[str | None]) -> list[frozenset[str]]:
    found = matcher.hits(words.split(pa.array(texts, pa.string())))
    rules = matcher.lexicon.rules
    return [
        frozenset(rules[bit].rule_id for bit in bits(int(hit), range(len(rules)))) for hit in found
    ]


@settings(max_examples=40)
@given(st.lists(requests(), min_size=1, max_size=3))
def test_any_text_meets_the_rules_that_the_lexicon_says(matcher: Matcher, texts: list[str]) -> None:
    assert met(matcher, list(texts)) == [lexicon.match(text, LEXICON) for text in texts]


def rule(
    name: str, *, asks: int, not_with: int = 0, within: Literal["sentence", "text"] = "sentence"
) -> lexicon.Rule:
    return lexicon.Rule(
        rule_id=name,
        kind="trace_extraction",
        within=within,
        weight="strong" if within == "sentence" else "weak",
        reason="",
        all_mask=asks,
        none_mask=not_with,
    )


SMALL = lexicon.Lexicon(
    concepts=("show", "thought", "weather"),
    phrases=(
        lexicon.Phrase(("show",), 0),
        lexicon.Phrase(("what", "went", "through", "that", "mind", "#"), 1),
        lexicon.Phrase(("weather",), 2),
        lexicon.Phrase(("weather",), 0),
    ),
    rules=(
        rule("both", asks=0b011),
        rule("both, dry", asks=0b011, not_with=0b100),
        rule("anywhere", asks=0b011, within="text"),
        rule("anywhere, dry", asks=0b011, not_with=0b100, within="text"),
    ),
)
THOUGHT = "what went through that mind 3"


def test_agrees_with_rules_read_by_hand() -> None:
    both = frozenset({"both", "both, dry", "anywhere", "anywhere, dry"})
    texts: dict[str, frozenset[str]] = {
        f"Show {THOUGHT}": both,
        f"{THOUGHT}, show": both,
        f"Show! {THOUGHT}": frozenset({"anywhere", "anywhere, dry"}),
        f"{THOUGHT}, weather": frozenset({"both", "anywhere"}),
        f"Weather. Show {THOUGHT}": both - {"anywhere, dry"},
        "Show what went through that mind": frozenset(),
        "Show what went through. That mind 3": frozenset(),
        "show": frozenset(),
        "": frozenset(),
    }

    assert met(Matcher(SMALL), list(texts)) == list(texts.values())
    assert {text: lexicon.match(text, SMALL) for text in texts} == texts


def test_a_text_is_not_charged_with_its_neighbours_words() -> None:
    assert met(Matcher(SMALL), ["show", None, THOUGHT, f"show {THOUGHT}", "show"])[:3] == [
        frozenset(),
        frozenset(),
        frozenset(),
    ]


def test_masks_choose_rules_by_their_attributes() -> None:
    small = Matcher(SMALL)

    assert small.mask(weight="strong") == 0b0011
    assert small.mask(weight="weak", rule_id="anywhere") == 0b0100
    assert small.mask(kind="rubric_grading") == 0
    assert small.mask() == 0b1111


@given(
    st.dictionaries(
        st.integers(1, 2**64 - 1) | st.integers(1, 40) | st.integers(1, 9).map(lambda k: k << 60),
        st.integers(1, 2**64 - 1),
        max_size=40,
    ),
    st.integers(1, 2**64 - 1),
)
def test_a_table_holds_what_was_entered_and_nothing_else(
    entries: dict[int, int], other: int
) -> None:
    keys, values = hits._table(entries)

    for key in (*entries, other):
        found = hits._look_up(np.uint64(key), keys, values)
        assert int(found) == entries.get(key, 0)
    assert 4 * len(entries) <= len(keys)
